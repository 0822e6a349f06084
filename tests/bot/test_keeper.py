"""The daily work: done when a day begins, again after a failure, and once of what must not be done twice."""

from __future__ import annotations

import asyncio
import io
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from sqlalchemy import text

from bot import keeper
from bot.keeper import Keeper
from bot.setting_types import Retention
from handlers.end_notices import DAY, NOTICE_DAYS
from intake.roles import Role
from storage import clock_jump, meta, outbox
from storage.database import Tx
from tests.handlers.desk import Person, World, ask, join, make_world

WITHIN = 20.0


@pytest.fixture
async def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[World]:
    monkeypatch.setattr(keeper, "TICK_SECONDS", 0.02)
    async with make_world(tmp_path) as made:
        yield made


@asynccontextmanager
async def keeping(world: World) -> AsyncIterator[None]:
    stop = asyncio.Event()
    running = asyncio.create_task(Keeper(world.desk, Retention()).run(stop))
    try:
        yield
    finally:
        stop.set()
        await running


async def pass_days(world: World, number: int) -> None:
    """One after another; the keeper looks at the clock on each of them."""
    for _ in range(number):
        world.wait(DAY)
        today = world.now // DAY
        await until(world, lambda tx: int(meta.get(tx, meta.SEEN_DAY) or 0), today)


async def off_for(world: World, days: int) -> None:
    """So many days, which nobody takes for a jump of the clock."""
    await world.write(lambda tx: clock_jump.believe(tx, world.now // DAY + days))
    world.wait(days * DAY)


async def until(world: World, count: Callable[[Tx], int], expected: int) -> None:
    async with asyncio.timeout(WITHIN):
        while await world.read(count) != expected:  # noqa: ASYNC110 - what is waited for is in the database
            await asyncio.sleep(0.02)


def notices(tx: Tx) -> int:
    return sum("/queue" in job.text for _, job in outbox.waiting(tx))


def rows(table: str) -> Callable[[Tx], int]:
    return lambda tx: int(tx.conn.execute(text(f"SELECT count(*) FROM {table}")).scalar_one())  # noqa: S608


async def test_it_tells_a_week_before_and_erases_at_the_end_and_tells_nobody_twice(world: World) -> None:
    await join(world, 91, Role.LEAD, "Lark")
    await ask(Person(world, 501), until="chat")
    await world.deliver()
    world.wait((180 - NOTICE_DAYS) * DAY)
    async with keeping(world):
        await until(world, notices, 1)
    async with keeping(world):  # after a restart
        world.wait(DAY)
        await asyncio.sleep(0.3)
        assert await world.read(notices) == 1
        assert await world.read(rows("cases")) == 1
        await pass_days(world, NOTICE_DAYS - 1)
        await until(world, rows("cases"), 0)


async def test_a_failure_is_logged_and_the_rest_is_done_and_it_is_tried_again(
    world: World, log: io.StringIO
) -> None:
    """Somebody has written nonsense where it is kept who was told: that stops the notices, and not the purge."""
    await join(world, 91, Role.LEAD, "Lark")
    await ask(Person(world, 501), until="chat")
    await world.deliver()
    world.wait((180 - NOTICE_DAYS) * DAY)
    await ask(Person(world, 502), until="chat")
    await world.write(lambda tx: meta.put(tx, meta.TOLD_UNTIL, b"soon"))
    async with keeping(world):
        await until(world, lambda tx: int(meta.get(tx, meta.SEEN_DAY) or 0), world.now // DAY)
        await off_for(world, NOTICE_DAYS)
        await until(world, rows("cases"), 1)
        async with asyncio.timeout(WITHIN):
            while "ValueError" not in log.getvalue():  # noqa: ASYNC110 - as above, in the log
                await asyncio.sleep(0.02)
        await off_for(world, 180 - 2 * NOTICE_DAYS)
        await world.write(lambda tx: meta.drop(tx, meta.TOLD_UNTIL))
        await until(world, notices, 1)
    assert log.getvalue().count("ValueError") < 5, "tried again without a pause"


async def test_after_a_jump_of_the_clock_nothing_is_erased_until_it_is_set_right(
    world: World, log: io.StringIO
) -> None:
    await ask(Person(world, 501), until="chat")
    async with keeping(world):
        await until(world, lambda tx: int(meta.get(tx, meta.SEEN_DAY) or 0), world.now // DAY)
        world.wait(400 * DAY)  # a dead battery
        await until(world, lambda tx: int(clock_jump.held(tx) is not None), 1)
        for _ in range(3):
            world.wait(61)
            await asyncio.sleep(0.1)
        assert await world.read(rows("cases")) == 1
        world.wait(-400 * DAY)
        await until(world, lambda tx: int(clock_jump.held(tx) is not None), 0)
        await pass_days(world, 2)
    assert await world.read(rows("cases")) == 1
    assert log.getvalue().count("the clock has jumped") == 1
    assert log.getvalue().count("the purge goes on") == 1


async def test_a_clock_that_stays_where_it_jumped_to_is_believed_after_some_days(world: World) -> None:
    await ask(Person(world, 501), until="chat")
    async with keeping(world):
        await until(world, lambda tx: int(meta.get(tx, meta.SEEN_DAY) or 0), world.now // DAY)
        world.wait(400 * DAY)
        await until(world, lambda tx: int(clock_jump.held(tx) is not None), 1)
        await pass_days(world, clock_jump.HELD_DAYS - 1)
        assert await world.read(rows("cases")) == 1
        await pass_days(world, 1)
        await until(world, rows("cases"), 0)


async def test_who_purges_by_hand_ends_the_waiting(world: World) -> None:
    await ask(Person(world, 501), until="chat")
    async with keeping(world):
        await until(world, lambda tx: int(meta.get(tx, meta.SEEN_DAY) or 0), world.now // DAY)
        world.wait(400 * DAY)
        await until(world, lambda tx: int(clock_jump.held(tx) is not None), 1)
        await world.write(lambda tx: clock_jump.believe(tx, world.now // DAY))
        world.wait(61)
        await until(world, rows("cases"), 0)
