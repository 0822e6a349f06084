"""One of several processes works for all; another takes over when it ends, and when it has lost its seat."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

import pytest

from bot import election
from bot.election import Election
from storage.advisory import SINGLE, Single
from storage.seat import Seat, open_seat
from tests.postgres import PostgresServer, database_of
from tests.storage.test_seat import until

Take = Callable[[], Awaitable[bool | None]]


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
    resigned: int = 0
    stop: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self.election = Election(self.seat, self._hear, self.counts.append, self._resign)
        works: list[Awaitable[None]] = [
            self.election.run(self.stop),
            self.election.whenever(self._work, self.stop),
        ]
        self._tasks = [asyncio.ensure_future(work) for work in works]

    def _hear(self) -> None:
        self.heard += 1

    def _resign(self) -> None:
        self.resigned += 1

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
        """Returns when it has asked for the seat."""
        process = Process(open_seat(self.url), name, self.log)
        self.processes.append(process)
        await until(_async(lambda: process.counts))
        return process

    async def cut(self, postgres: PostgresServer) -> None:
        """The server ends the holder's session, and no other. Tests of other rooms have seats there, too."""
        ended = await postgres.sql(
            "SELECT pg_terminate_backend(pid) FROM pg_locks JOIN pg_database ON pg_database.oid = database "
            "WHERE locktype = 'advisory' AND classid = $1 AND objid = $2 AND granted AND datname = $3",
            SINGLE,
            Single.SEAT,
            database_of(self.url),
        )
        assert len(ended) == 1

    async def asked_again(self) -> None:
        """Every process has asked for the seat a few times more."""
        before = [len(process.counts) for process in self.processes]
        await until(
            _async(lambda: all(len(p.counts) > n for p, n in zip(self.processes, before, strict=True)))
        )

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
    """The other one is there at once, and waits until the former holder must have noticed."""
    monkeypatch.setattr(election, "SETTLE_SECONDS", 1.0)
    first, second = await ring.starts("first"), await ring.starts("second")
    first.seat.lost = None  # it does not hear that the line is cut, and learns it only when it asks
    asks = asyncio.Event()
    monkeypatch.setattr(first.seat, "take", _in_vain_after(asks))
    settling = asyncio.Event()
    monkeypatch.setattr(second.seat, "take", _telling(settling.set, second.seat.take))
    await ring.cut(postgres)
    async with asyncio.timeout(30):
        await settling.wait()
    assert ring.log == ["first begins"]
    asks.set()
    await ring.logged("first begins", "first ends", "second begins")
    assert first.resigned == 1
    assert second.election.has_seat


@pytest.mark.only_on("postgresql")
async def test_whoever_holds_the_seat_notices_at_once_that_the_line_is_cut(
    ring: Ring, postgres: PostgresServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(election, "EVERY_SECONDS", 600.0)  # it asks no more
    first = await ring.starts("first")
    await ring.logged("first begins")
    await ring.cut(postgres)
    await ring.logged("first begins", "first ends")
    assert first.resigned == 1
    assert not first.election.has_seat


@pytest.mark.only_on("postgresql")
async def test_one_that_starts_while_the_database_is_away_leaves_time_to_whoever_had_the_seat(
    ring: Ring, postgres: PostgresServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    await asyncio.to_thread(postgres.crash)
    try:
        late = await ring.starts("late")
        monkeypatch.setattr(
            late.seat, "take", _telling(lambda: ring.log.append("late has it"), late.seat.take)
        )
    finally:
        postgres.start()
    await until(_async(lambda: "late begins" in ring.log))
    assert ring.log[:3] == ["late has it", "late has it", "late begins"], "it asks again when it has settled"


@pytest.mark.only_on("postgresql")
async def test_while_the_database_is_away_nobody_works_and_then_one_does(
    ring: Ring, postgres: PostgresServer
) -> None:
    first, second = await ring.starts("first"), await ring.starts("second")
    await asyncio.to_thread(postgres.crash)
    try:
        await ring.logged("first begins", "first ends")
        await ring.asked_again()
        assert [first.election.has_seat, second.election.has_seat] == [False, False]
    finally:
        postgres.start()
    await until(_async(lambda: len(ring.log) == 3))
    await ring.asked_again()
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


def _in_vain_after(asks: asyncio.Event) -> Take:
    async def later() -> bool | None:
        await asks.wait()
        return None

    return later


def _telling(has_it: Callable[[], None], take: Take) -> Take:
    async def told() -> bool | None:
        has = await take()
        if has:
            has_it()
        return has

    return told


def _async(condition: Callable[[], object]) -> Callable[[], Awaitable[object]]:
    async def asked() -> object:
        return condition()

    return asked
