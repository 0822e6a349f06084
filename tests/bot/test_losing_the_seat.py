"""A process that loses the seat sends nothing more of what is owed, be it from a round under way or a queue."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from bot.states import State
from bot.telegram_errors import TryLater, Unreachable
from handlers.outgoing import Outgoing
from storage import outbox, traces
from storage.database import Tx
from storage.outbox import Job, Task
from storage.traces import Trace
from tests.bot.background import WITHIN, Background, background
from tests.handlers.desk import World

MANY = 20


def owe(now: int) -> Any:
    def work(tx: Tx) -> None:
        for chat in range(1, MANY + 1):
            outbox.add(tx, Job(Task.SEND, now, chat=chat, text="owed"))
            traces.leave(tx, Trace(chat, 60, now, now))

    return work


async def owed(world: World) -> int:
    return len(await world.read(outbox.waiting))


async def is_done_by_the_next_sender(world: World, here: Background) -> None:
    """Which may be this process once more."""
    stop = asyncio.Event()
    running = asyncio.create_task(here.sender.run(stop))
    async with asyncio.timeout(60):
        while await owed(world):
            world.wait(60)
            here.sender.wake()
            await asyncio.sleep(0.01)
    stop.set()
    here.sender.wake()
    await running
    assert len(here.texts()) == MANY


async def test_a_round_under_way_posts_nothing_more(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    async with background(world) as here:
        await here.round()
        await world.write(owe(world.now))
        read, reads = world.desk.db.read, 0

        async def until_it_is_lost(*given: Any, **named: Any) -> Any:
            nonlocal reads
            reads += 1
            found = await read(*given, **named)
            if reads == MANY // 2:
                here.sender.resign()
            return found

        monkeypatch.setattr(world.desk.db, "read", until_it_is_lost)
        await here.sender._round()
        monkeypatch.setattr(world.desk.db, "read", read)
        await here.postman.drain(WITHIN)
        assert here.calls == [], "what the round had queued before was taken back"
        assert await owed(world) == MANY
        await is_done_by_the_next_sender(world, here)


async def test_what_waits_for_flood_control_is_the_next_ones(world: World) -> None:
    async with background(world) as here:
        await here.round()
        await world.write(owe(world.now))
        here.fails = TryLater(0.3)
        await here.sender._round()
        await asyncio.sleep(0)
        here.sender.resign()
        here.fails = None
        await here.postman.drain(WITHIN)
        assert here.calls == []
        await is_done_by_the_next_sender(world, here)


@pytest.mark.parametrize("error", [TryLater(0.0), Unreachable()])
async def test_what_is_on_its_way_is_tried_no_second_time(
    world: World, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    async with background(world) as here:
        await here.round()
        await world.write(lambda tx: outbox.add(tx, Job(Task.SEND, world.now, chat=5, text="owed")))
        answers, tried = asyncio.Event(), 0

        async def slow(_: Outgoing) -> Any:
            nonlocal tried
            tried += 1
            await answers.wait()
            raise error

        monkeypatch.setattr(here, "call", slow)
        here.postman._back_off = (0.0, 0.0)
        await here.sender._round()
        while not tried:  # noqa: ASYNC110 (the postman's own task)
            await asyncio.sleep(0)
        here.sender.resign()
        answers.set()
        await here.postman.drain(WITHIN)
        assert tried == 1
        assert await owed(world) == 1


async def test_from_then_on_what_is_written_here_leaves_word_for_the_next_one(world: World) -> None:
    async with background(world) as here:
        await here.round()
        here.sender.resign()  # and no round has ended since
        await world.write(owe(world.now))
        assert len((await world.tables())["rings"]) == 2 * MANY
        await here.sender._round()
        assert len((await world.tables())["rings"]) == 2 * MANY, "they are not this one's to take any longer"


async def test_what_was_wrong_with_its_work_is_not_said_of_it_for_ever(world: World) -> None:
    async with background(world) as here:
        stop = asyncio.Event()
        running = asyncio.create_task(here.sender.run(stop))
        await world.write(lambda tx: outbox.add(tx, Job(Task.SEND, world.now + 60, chat=5, text="owed")))
        async with asyncio.timeout(WITHIN):
            while not here.sender.depth():  # noqa: ASYNC110 (the round's own task)
                await asyncio.sleep(0.01)
        for state in State:
            here.states.begin(state)
        here.sender.resign()
        stop.set()
        await running
        assert here.sender.depth() == 0
        assert [each for each in State if each in here.states] == [
            State.TELEGRAM,
            State.FLOOD,
            State.ADMISSION,
        ]
