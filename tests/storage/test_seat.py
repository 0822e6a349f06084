"""The sender's seat: one process has it, and it is free as soon as that one ends, however it ends."""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from storage.seat import Seat, open_seat
from tests.postgres import PostgresServer

ROOT = Path(__file__).parents[2]
HOLDER = """
import asyncio, sys
from storage.seat import open_seat

async def main():
    assert await open_seat(sys.argv[1]).take()
    print("taken", flush=True)
    await asyncio.sleep(600)

asyncio.run(main())
"""


@pytest.fixture
async def seats(url: str) -> AsyncIterator[Callable[[], Seat]]:
    """Makes seats as other processes see them; all are left at the end."""
    made: list[Seat] = []

    def another() -> Seat:
        made.append(open_seat(url))
        return made[-1]

    yield another
    for seat in made:
        await seat.leave()


@asynccontextmanager
async def another_process(url: str) -> AsyncIterator[asyncio.subprocess.Process]:
    """One that has the seat."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", HOLDER, url, cwd=ROOT, stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    try:
        assert await asyncio.wait_for(process.stdout.readline(), 60) == b"taken\n"
        yield process
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def until(condition: Callable[[], Awaitable[object]], within: float = 30) -> None:
    async with asyncio.timeout(within):
        while not await condition():  # noqa: ASYNC110 (it becomes true in another process)
            await asyncio.sleep(0.02)


async def test_of_twenty_who_want_it_at_once_one_has_it(seats: Callable[[], Seat]) -> None:
    standing = [seats() for _ in range(20)]
    for _ in range(3):
        answers = await asyncio.gather(*(seat.take() for seat in standing))
        assert sorted(map(bool, answers)) == [False] * 19 + [True]
    holder = standing.pop(answers.index(True))
    await holder.leave()
    await holder.leave()  # a second time does no harm
    answers = await asyncio.gather(*(seat.take() for seat in standing))
    assert answers.count(True) == 1


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
async def test_when_the_process_ends_however_that_is_the_seat_is_free(
    url: str, seats: Callable[[], Seat], how: signal.Signals
) -> None:
    async with another_process(url) as process:
        seat = seats()
        assert await seat.take() is False
        process.send_signal(how)
        await process.wait()
        await until(seat.take, within=10)
    assert await seat.take() is True


@pytest.mark.only_on("sqlite")
async def test_the_lock_lies_beside_the_database_and_only_we_may_read_it(
    url: str, tmp_path: Path, seats: Callable[[], Seat]
) -> None:
    await seats().take()
    assert (tmp_path / "x.sqlite-sender").stat().st_mode & 0o777 == 0o600


@pytest.mark.only_on("sqlite")
async def test_without_a_place_for_the_lock_nobody_claims_to_have_it(tmp_path: Path) -> None:
    assert await open_seat(f"sqlite+aiosqlite:///{tmp_path / 'nowhere' / 'x.sqlite'}").take() is None


@pytest.mark.only_on("postgresql")
async def test_whoever_loses_the_connection_has_to_take_it_anew(
    url: str, postgres: PostgresServer, seats: Callable[[], Seat]
) -> None:
    first, second = seats(), seats()
    assert await first.take()
    assert await second.take() is False
    await postgres.drop_connections(url)
    await until(second.take)
    assert not await first.take()
    assert await second.take()


@pytest.mark.only_on("postgresql")
async def test_while_the_server_is_away_nobody_has_it(
    postgres: PostgresServer, seats: Callable[[], Seat]
) -> None:
    first, second = seats(), seats()
    assert await first.take()
    await asyncio.to_thread(postgres.crash)
    try:
        assert [await first.take(), await second.take()] == [None, None]
        assert await first.present() == 1
    finally:
        postgres.start()
    assert sorted([bool(await second.take()), bool(await first.take())]) == [False, True]


@pytest.mark.only_on("postgresql")
async def test_a_ring_reaches_the_others_also_if_the_line_was_down_when_it_rang(
    url: str, postgres: PostgresServer, seats: Callable[[], Seat]
) -> None:
    sender, other = seats(), seats()
    heard = asyncio.Event()
    sender.heard = heard.set
    assert await sender.take()
    await other.ring()
    await asyncio.wait_for(heard.wait(), 30)

    await asyncio.to_thread(postgres.crash)
    await other.ring()
    postgres.start()
    heard.clear()
    await sender.take()
    assert not heard.is_set()
    await other.take()
    await asyncio.wait_for(heard.wait(), 30)


@pytest.mark.only_on("postgresql")
async def test_all_who_are_there_are_counted_and_whoever_left_is_not(seats: Callable[[], Seat]) -> None:
    three = [seats() for _ in range(3)]
    for seat in three:
        await seat.take()
    assert [await seat.present() for seat in three] == [3, 3, 3]
    await three.pop().leave()

    async def two() -> bool:
        return await three[0].present() == 2

    await until(two)
