"""One of several processes works for all; another takes over when it ends, and when it has lost its seat."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

import pytest

from bot import election
from bot.election import Election
from storage.seat import Seat, open_seat
from tests.postgres import PostgresServer
from tests.storage.test_seat import until


@pytest.fixture(autouse=True)
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(election, "EVERY_SECONDS", 0.02)
    monkeypatch.setattr(election, "SETTLE_SECONDS", 0.1)


@dataclass
class Process:
    """What stands for one: its seat, and work that it does for all."""

    seat: Seat
    name: str
    log: list[str]
    """Who began and ended, in order; all processes write the same."""
    counts: list[int] = field(default_factory=list)
    heard: int = 0
    stop: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self.election = Election(self.seat, self._hear, self.counts.append)
        works: list[Awaitable[None]] = [
            self.election.run(self.stop),
            self.election.whenever(self._work, self.stop),
        ]
        self._tasks = [asyncio.ensure_future(work) for work in works]

    def _hear(self) -> None:
        self.heard += 1

    async def _work(self, over: asyncio.Event) -> None:
        self.log.append(f"{self.name} begins")
        await over.wait()
        self.log.append(f"{self.name} ends")

    async def end(self) -> None:
        self.stop.set()
        await asyncio.gather(*self._tasks)
        await self.election.leave()

    async def die(self) -> None:
        """Nothing is said to anybody."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self.seat.leave()


@dataclass
class Ring:
    url: str
    log: list[str] = field(default_factory=list)
    processes: list[Process] = field(default_factory=list)

    async def starts(self, name: str) -> Process:
        self.processes.append(Process(open_seat(self.url), name, self.log))
        await asyncio.sleep(0.2)
        return self.processes[-1]

    async def logged(self, *lines: str) -> None:
        async def there() -> bool:
            return len(self.log) >= len(lines)

        await until(there)
        assert self.log == list(lines)


@pytest.fixture
async def ring(database_url: str):  # type: ignore[no-untyped-def]
    made = Ring(database_url)
    yield made
    for process in made.processes:
        await process.die()


async def test_the_first_works_the_second_waits_and_takes_over_when_it_ends(ring: Ring) -> None:
    first = await ring.starts("first")
    second = await ring.starts("second")
    await ring.logged("first begins")
    assert [first.election.has_seat, second.election.has_seat] == [True, False]
    await first.end()
    await ring.logged("first begins", "first ends", "second begins")


async def test_when_it_dies_without_a_word_another_one_takes_over(ring: Ring) -> None:
    processes = [await ring.starts(f"{n}") for n in range(4)]
    await processes[0].die()
    await until(_async(lambda: len(ring.log) == 2))
    assert ring.log[1] in {"1 begins", "2 begins", "3 begins"}


async def test_whoever_stops_before_its_turn_never_works(ring: Ring) -> None:
    await ring.starts("first")
    second = await ring.starts("second")
    await second.end()
    await ring.processes[0].end()
    await ring.logged("first begins", "first ends")


@pytest.mark.only_on("postgresql")
async def test_whoever_loses_the_seat_stops_before_the_next_one_begins(
    ring: Ring, postgres: PostgresServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(election, "SETTLE_SECONDS", 1.0)
    first, second = await ring.starts("first"), await ring.starts("second")
    heard = first.heard
    # The server ends the holder's session only: the other one is there at once.
    pid = (
        await postgres.sql("SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND objid = 2 AND granted")
    )[0]["pid"]
    monkeypatch.setattr(first.seat, "take", _slow(first.seat.take))
    await postgres.sql("SELECT pg_terminate_backend($1)", pid)
    await ring.logged("first begins", "first ends", "second begins")
    assert first.heard > heard  # so that what runs looks up at once
    assert second.election.has_seat


@pytest.mark.only_on("postgresql")
async def test_while_the_database_is_away_nobody_works_and_then_one_does(
    ring: Ring, postgres: PostgresServer
) -> None:
    first, second = await ring.starts("first"), await ring.starts("second")
    await asyncio.to_thread(postgres.crash)
    try:
        await ring.logged("first begins", "first ends")
        await asyncio.sleep(0.3)
        assert [first.election.has_seat, second.election.has_seat] == [False, False]
    finally:
        postgres.start()
    await until(_async(lambda: len(ring.log) == 3))
    await asyncio.sleep(0.3)
    assert [first.election.has_seat, second.election.has_seat].count(True) == 1
    assert len(ring.log) == 3


@pytest.mark.only_on("postgresql")
async def test_rings_are_heard_and_the_processes_counted(ring: Ring) -> None:
    first, second = await ring.starts("first"), await ring.starts("second")
    for _ in range(50):
        second.election.ring()
    await until(_async(lambda: first.heard))
    assert first.heard < 10, "as many rings as can be heard one after another, and no more"
    await until(_async(lambda: first.counts[-1] == second.counts[-1] == 2))


def _slow(take: Callable[[], Awaitable[bool | None]]) -> Callable[[], Awaitable[bool | None]]:
    """The holder notices late, though within the time that the next one leaves it."""

    async def later() -> bool | None:
        await asyncio.sleep(0.5)
        return await take()

    return later


def _async(condition: Callable[[], object]) -> Callable[[], Awaitable[object]]:
    async def asked() -> object:
        return condition()

    return asked
