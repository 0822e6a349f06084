"""A flood of new accounts: whoever is being served does not notice it, and whoever waits gets a turn."""

from __future__ import annotations

import gc
import os
from dataclasses import replace
from pathlib import Path
from random import Random
from sys import getallocatedblocks

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from sqlalchemy import func, select

from handlers import admission, turn, waiting
from handlers.admission import (
    BURST,
    HELD_UP_BURST,
    HURRIES,
    LINES_PER_SECOND,
    MOST_WAITING,
    PER_SECOND,
    QUIET_SECONDS,
    SHORT,
    SOON_SECONDS,
    TELL_AFTER,
    Admission,
    Bucket,
)
from handlers.incoming import Incoming, Kind
from handlers.outgoing import Send
from handlers.waiting import words
from intake.lifecycle import Status
from storage import cases
from storage.schema import drafts, traces
from tests.handlers.desk import NOW, Person, World, ask, make_world

FLOOD = 10_000 if os.environ.get("FULL") else 1_500
"""Accounts; FULL=1 for as many as are promised."""
REAL = 50
A_SECOND = FLOOD // 25
"""Updates of the flood each second: far more than are taken here."""
RATE, AT_ONCE = 2.0, 10


def account(number: int) -> bytes:
    return number.to_bytes(16)


def knock(number: int) -> Incoming:
    return Incoming(number, Kind.TEXT, chat_id=number, chat_type="private", user_id=number, text="help")


def lined_up(line: Admission, numbers: range, now: float) -> None:
    for number in numbers:
        line.line_up(account(number), knock(number), now)


def called(line: Admission, now: float) -> list[int]:
    found = []
    while (one := line.call(now)) is not None:
        found.append(one[1].user_id)
    return found


def test_an_ordinary_day_waits_for_nothing() -> None:
    line = Admission()
    assert all(line.lets_in(n / PER_SECOND * 2, busy=False) for n in range(2_000))


def test_more_newcomers_than_any_day_brings_must_wait_however_fast_they_are_served() -> None:
    line = Admission()
    assert sum(line.lets_in(1.0, busy=False) for _ in range(1_000)) == BURST


def test_newcomers_who_hold_up_all_others_must_wait_sooner() -> None:
    line = Admission()
    assert sum(line.lets_in(n / 200, busy=False, held_up=True) for n in range(200)) <= HELD_UP_BURST + 1


def test_on_a_full_day_nobody_waits_because_others_are_served_too() -> None:
    line = Admission()
    for n in range(2_000):
        assert line.lets_in(n / PER_SECOND * 2, busy=False, held_up=True)
        for _ in range(3):
            line.served()


@given(st.lists(st.floats(0, 1), min_size=1, max_size=100), st.floats(0.1, 5), st.integers(1, 5))
@example([0.0, 1.0] * 20, 1.0, 1)
def test_a_bucket_leaks_no_faster_than_time_goes_by_in_whatever_order_it_is_asked(
    times: list[float], rate: float, burst: int
) -> None:
    """Turns side by side ask with the times of their beginnings, and not in that order."""
    bucket = Bucket(rate, burst)
    assert sum(bucket.takes(now) for now in times) <= burst + rate * max(times) + 1e-6


def test_nobody_begins_while_there_is_more_to_do_than_is_done_or_while_somebody_waits() -> None:
    line = Admission()
    assert not line.lets_in(1.0, busy=True)
    lined_up(line, range(1), 1.0)
    assert not line.lets_in(2.0, busy=False)
    assert called(line, 3.0) == [0]
    assert line.lets_in(3.0, busy=False)


def test_they_are_called_in_the_order_of_their_coming() -> None:
    line = Admission()
    lined_up(line, range(50), 1.0)
    assert called(line, 2.0) == list(range(50))
    assert called(line, 3.0) == []


def test_who_waits_quietly_is_called_before_those_who_press_on() -> None:
    line = Admission()
    lined_up(line, range(2 * SHORT), 0.0)
    for second in range(1, 5):
        for number in range(SHORT + 100):
            line.knocks_again(account(number), float(second))
    late = 10**6
    line.line_up(account(late), knock(late), 4.5)
    assert called(line, 5.0) == [*range(SHORT + 100, 2 * SHORT), late]
    assert len(line) == SHORT + 100


def test_pressing_twice_costs_nobody_their_place_nor_does_coming_back_again_and_again() -> None:
    line = Admission()
    lined_up(line, range(3), 0.0)
    for _ in range(HURRIES):
        line.knocks_again(account(0), 1.0)
    for times in range(20):
        line.knocks_again(account(1), (times + 1) * SOON_SECONDS)
    assert called(line, 200.0) == [0, 1, 2]


def test_who_was_in_a_hurry_is_called_once_they_are_quiet_or_nobody_else_is_there() -> None:
    line = Admission()
    lined_up(line, range(2 * SHORT), 0.0)
    for _ in range(HURRIES + 1):
        for number in range(2 * SHORT):
            line.knocks_again(account(number), 1.0)
    assert called(line, 1.5) == []
    assert called(line, 1.0 + QUIET_SECONDS) == list(range(2 * SHORT))
    lined_up(line, range(1), 100.0)
    for _ in range(9):
        line.knocks_again(account(0), 100.0)
    assert called(line, 100.5) == [0]


@given(st.lists(st.tuples(st.integers(0, 60), st.floats(0, 3)), max_size=300))
def test_everybody_who_knocked_is_called_once_and_nobody_is_forgotten(
    arrivals: list[tuple[int, float]],
) -> None:
    line, now = Admission(), 0.0
    for number, later in arrivals:
        now += later
        line.line_up(account(number), knock(number), now)
    assert sorted(called(line, now + QUIET_SECONDS)) == sorted({number for number, _ in arrivals})
    assert len(line) == 0


def test_what_is_remembered_is_bounded_and_holds_nothing_that_was_written(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(admission, "MOST_WAITING", 1_000)
    line = Admission()
    lined_up(line, range(5_000), 1.0)
    assert len(line) == 1_000
    found = line.call(2.0)
    assert found is not None
    assert found[1].text == ""
    assert MOST_WAITING <= 50_000


def test_lines_to_those_who_wait_leave_telegram_room_for_the_others() -> None:
    line = Admission()
    told = 0
    for n in range(60_000):
        line.line_up(account(n), knock(n), n / 1_000)
        told += len(list(line.to_tell(n / 1_000)))
    assert 0 < told <= LINES_PER_SECOND * 70


def test_who_is_called_in_soon_never_hears_that_there_was_a_line() -> None:
    line = Admission()
    lined_up(line, range(3), 1.0)
    assert list(line.to_tell(1.0 + TELL_AFTER / 2)) == []
    assert called(line, 1.0 + TELL_AFTER / 2) == [0, 1, 2]
    assert list(line.to_tell(60.0)) == []


def test_who_still_waits_after_a_moment_hears_it_once_for_what_they_wrote_meanwhile() -> None:
    line = Admission()
    for second in (1.0, 1.5, 2.0):
        lined_up(line, range(2), second)
    assert [one.user_id for one in line.to_tell(1.0 + TELL_AFTER)] == [0, 1]
    assert list(line.to_tell(30.0)) == []
    lined_up(line, range(1), 40.0)
    assert [one.user_id for one in line.to_tell(40.0 + TELL_AFTER)] == [0]


def test_what_is_told_of_the_wait_is_the_pace_at_which_they_are_called_in() -> None:
    line = Admission()
    lined_up(line, range(1_200), 0.0)
    assert line.minutes(1.0) is None  # too early to say
    for halves in range(1, 121):  # two a second, as while there is more to do than is done
        line.call(halves / 2)
    assert line.minutes(60.0) == pytest.approx((1_200 - 120) / 2 / 60, rel=0.05)
    for twentieths in range(1, 2_001):  # then twenty
        line.line_up(account(10**6 + twentieths), knock(twentieths), 60.0)
        line.call(60.0 + twentieths / 20)
    assert line.minutes(160.0) == pytest.approx((1_200 - 120) / 20 / 60, rel=0.35)


async def test_the_words_are_coarse_and_a_full_line_is_called_full(
    flooded: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world, say = flooded, flooded.say
    told = [words(world.desk, "en", minutes) for minutes in (None, 0.1, 3, 3.1, 11, 45, 46)]
    assert told[:3] == [say("busy-some")] * 3
    assert told[3:] == [*(say("busy-minutes", n=n) for n in (5, 15, 45)), say("busy-long")]
    monkeypatch.setattr(admission, "MOST_WAITING", 1)
    for number in range(AT_ONCE + 1):
        await begin_again_and_again(world, number)
    ann = Person(world, 5)
    await ann.send("/start")
    assert world.shown(ann.id)[-1].text == say("busy-full")
    assert account_of(world, ann) not in world.desk.admission


def account_of(world: World, person: Person) -> bytes:
    return world.desk.vault.account(person.id)


@pytest.fixture
async def flooded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:  # type: ignore[misc]
    async with make_world(tmp_path) as world:
        monkeypatch.setattr(turn, "monotonic", lambda: float(world.now - NOW))
        world.desk = replace(world.desk, admission=Admission(RATE, AT_ONCE))
        yield world


async def begin_again_and_again(world: World, number: int) -> None:
    """One account of the flood: only the wire sees it."""
    await Person(world, 7_000_000 + number).send("/start")


async def call_in(world: World, most: int) -> None:
    """As `bot.door` does when there is room."""
    for _ in range(most):
        called = world.desk.admission.call(float(world.now - NOW))
        if called is None:
            return
        await turn.let_in(world.desk, called[1], called[0])
        await world.apply()


async def test_a_flood_of_accounts_knocks_and_fifty_people_all_reach_the_end(flooded: World) -> None:
    """Half of them were on their way before, half come in the middle of it and wait to be called."""
    world, random = flooded, Random(50)
    early = [Person(world, 100 + n) for n in range(REAL // 2)]
    for person in early:
        world.wait(1)
        await person.send("/start")
        assert started(world, person)
    gc.collect()
    blocks = getallocatedblocks()
    knocking = iter(random.sample(range(FLOOD), FLOOD))
    late = [Person(world, 900 + n) for n in range(REAL - len(early))]
    waiting: list[Person] = []
    for _second in range(FLOOD // A_SECOND):
        for _ in range(A_SECOND):
            await begin_again_and_again(world, next(knocking))
        world.wait(1)
        if early:  # one of them goes all the way through each second
            await finish(world, early.pop())
        if late:
            person = late.pop()
            await person.send("/start")
            assert not started(world, person)
            waiting.append(person)
        for chat in [chat for chat in world.chats if chat >= 7_000_000]:
            del world.chats[chat]
        world.posted.clear()
    # What the flood left behind.
    stored = await world.read(lambda tx: tx.conn.execute(select(func.count()).select_from(drafts)).scalar())
    assert stored <= AT_ONCE + RATE * (FLOOD / A_SECOND) + REAL
    assert len(world.desk.admission) <= FLOOD + REAL
    gc.collect()
    assert (getallocatedblocks() - blocks) < 60 * FLOOD
    # Those who wait are called in, and need not come again.
    await call_in(world, FLOOD + REAL)
    assert not early
    for person in waiting:
        assert started(world, person)
        await finish(world, person)
    assert len(await world.read(lambda tx: cases.with_status(tx, Status.OPEN))) == REAL


def started(world: World, person: Person) -> bool:
    return any(message.keyboard for message in world.shown(person.id))


async def finish(world: World, person: Person) -> None:
    await ask(person, until="chat", text="")
    assert "Your request:" in person.screen.text


async def test_a_newcomer_in_a_flood_gets_one_polite_line_and_nothing_is_kept(flooded: World) -> None:
    world = flooded
    for number in range(AT_ONCE):
        await begin_again_and_again(world, number)
    before = await world.tables()
    world.posted.clear()
    ann = Person(world, 5)
    await ann.send("/start")
    assert not world.posted  # who is called in soon sees their first screen, and that only
    waiting.tell(world.desk, float(world.now - NOW) + TELL_AFTER)
    await world.apply()
    sends = [call for call in world.posted if isinstance(call, Send)]
    assert [call.text for call in sends] == [world.say("busy-some")]
    assert await world.tables() == before


async def test_a_code_typed_while_waiting_does_not_stay_on_the_phone(flooded: World) -> None:
    world = flooded
    for number in range(AT_ONCE):
        await begin_again_and_again(world, number)
    ann = Person(world, 5)
    await ann.send("1234 5678 9012 3456")
    await world.deliver()
    assert all("1234" not in message.text for message in world.shown(ann.id))
    left = await world.read(lambda tx: tx.conn.execute(select(func.count()).select_from(traces)).scalar())
    assert left <= 2 * AT_ONCE


async def test_words_behind_such_a_code_stay_until_they_can_be_sent_again_and_no_longer(
    flooded: World,
) -> None:
    world = flooded
    for number in range(AT_ONCE):
        await begin_again_and_again(world, number)
    ann = Person(world, 5)
    await ann.send("1234 5678 9012 3456 we are three")
    world.wait(30 * 60 - 1)
    await world.deliver()
    assert any("three" in message.text for message in world.shown(ann.id))
    world.wait(1)
    await world.deliver()
    assert all("three" not in message.text for message in world.shown(ann.id))


async def test_stop_is_never_kept_waiting(flooded: World) -> None:
    """It stands under what is left of a request with a code, of which nothing is known any more."""
    world = flooded
    ann = Person(world, 5)
    await ask(ann, until="code")
    await world.deliver()
    for number in range(2 * AT_ONCE):
        await begin_again_and_again(world, number)
    await ann.press(world.say("stop-button"))
    await world.deliver()
    assert [message.text for message in world.shown(ann.id)] == [world.say("stopped")]
    assert (await ann.press(world.say("start-button"))).text == world.say("busy-some")
    await call_in(world, 3 * AT_ONCE)
    assert started(world, ann)


async def test_who_has_an_open_case_is_never_a_newcomer(flooded: World) -> None:
    world = flooded
    ann = Person(world, 5)
    await ask(ann, until="chat")
    world.wait(3_600)
    await world.expire()  # the draft is gone, the case is not
    for number in range(2 * AT_ONCE):
        await begin_again_and_again(world, number)
    await ann.send("/start")
    assert "Your request:" in world.shown(ann.id)[-1].text
