"""A flood of new accounts: whoever is being served does not notice it, and whoever waits gets a turn."""

from __future__ import annotations

import gc
import os
from dataclasses import replace
from pathlib import Path
from random import Random
from sys import getallocatedblocks

import pytest
from sqlalchemy import func, select

from handlers import admission, turn, waiting
from handlers.admission import TELL_AFTER, Admission
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
    assert ann.account not in world.desk.admission


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
