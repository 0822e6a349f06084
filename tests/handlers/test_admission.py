"""A flood of new accounts: whoever is being served does not notice it, and whoever waits gets a turn."""

from __future__ import annotations

import gc
import os
from dataclasses import replace
from pathlib import Path
from random import Random
from sys import getallocatedblocks

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import func, select

from handlers import admission, turn
from handlers.admission import BURST, LINES_PER_SECOND, MOST_WAITING, PER_SECOND, Admission
from handlers.outgoing import Send
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


def test_it_is_told_whenever_somebody_has_to_wait_and_only_then() -> None:
    crowded: list[float] = []
    line = Admission(RATE, AT_ONCE, crowded=lambda: crowded.append(0))
    waits = [line.wait(account(n), 0.0) for n in range(3 * AT_ONCE)]
    assert len(crowded) == sum(seconds > 0 for seconds in waits) > 0


def test_an_ordinary_day_waits_for_nothing() -> None:
    line = Admission()
    assert all(line.wait(account(n), n / PER_SECOND * 2) == 0 for n in range(2_000))
    assert len(line) == 0


def test_after_the_burst_each_gets_a_place_and_the_places_are_apart() -> None:
    line = Admission()
    assert [line.wait(account(n), 1.0) for n in range(BURST)] == [0.0] * BURST
    waits = [line.wait(account(BURST + n), 1.0) for n in range(100)]
    assert waits == pytest.approx([(n + 1) / PER_SECOND for n in range(100)])


def test_who_comes_back_in_time_is_let_in_however_many_others_knock() -> None:
    line = Admission()
    for n in range(BURST + 1_000):
        line.wait(account(n), 1.0)
    late = account(10**6)
    wait = line.wait(late, 1.0)
    assert line.wait(late, 1.0 + wait / 2) == pytest.approx(wait / 2)
    for n in range(5_000):
        line.wait(account(10**7 + n), 1.0 + wait)
    assert line.wait(late, 1.0 + wait) == 0.0


@given(st.lists(st.tuples(st.integers(0, 400), st.floats(0, 0.05)), max_size=600))
def test_never_more_are_let_in_than_the_rate_and_the_bursts_allow(arrivals: list[tuple[int, float]]) -> None:
    line, now, admitted = Admission(rate=5, burst=10), 0.0, 0
    for number, later in arrivals:
        now += later
        admitted += line.wait(account(number), now) == 0.0
    assert admitted <= 2 * (10 + 5 * now) + 1


def test_what_is_remembered_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(admission, "MOST_WAITING", 1_000)
    line = Admission()
    for n in range(5_000):
        line.wait(account(n), 1.0)
    assert len(line) == 1_000
    assert line.wait(account(9_999), 1.0) > 0
    assert line.wait(account(10_000), 10_000.0) == 0.0
    assert MOST_WAITING <= 50_000


def test_lines_to_those_who_wait_leave_telegram_room_for_the_others() -> None:
    line = Admission()
    told = sum(line.may_tell(1.0 + n / 1_000) for n in range(60_000))
    assert told <= LINES_PER_SECOND * 70


@pytest.fixture
async def flooded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:  # type: ignore[misc]
    async with make_world(tmp_path) as world:
        monkeypatch.setattr(turn, "monotonic", lambda: float(world.now - NOW))
        world.desk = replace(world.desk, admission=Admission(RATE, AT_ONCE))
        yield world


async def begin_again_and_again(world: World, number: int) -> None:
    """One account of the flood: only the wire sees it."""
    await Person(world, 7_000_000 + number).send("/start")


async def test_a_flood_of_accounts_knocks_and_fifty_people_all_reach_the_end(flooded: World) -> None:
    """Half of them were on their way before, half come in the middle of it and do as they are told."""
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
    waiting: list[int] = []
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
            waiting.append(person.id)
        for chat in [chat for chat in world.chats if chat >= 7_000_000]:
            del world.chats[chat]
        world.posted.clear()
    # What the flood left behind.
    stored = await world.read(lambda tx: tx.conn.execute(select(func.count()).select_from(drafts)).scalar())
    assert stored <= AT_ONCE + RATE * (FLOOD / A_SECOND) + REAL
    assert len(world.desk.admission) <= FLOOD + REAL
    gc.collect()
    assert (getallocatedblocks() - blocks) < 40 * FLOOD
    # Those who were told to wait come back, and are let in.
    world.wait(int(FLOOD / RATE) + 1)
    assert not early
    for number in waiting:
        world.wait(1)
        await finish(world, Person(world, number))
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
    sends = [call for call in world.posted if isinstance(call, Send)]
    assert [call.text for call in sends] == [world.say("busy", n=1)]
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
    assert (await ann.press(world.say("start-button"))).text == world.say("busy", n=1)


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
