"""PostgreSQL under several writers, and with connections that break."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from functools import partial
from threading import Event, Thread
from typing import Any

import asyncpg
import pytest
from sqlalchemy.exc import DBAPIError, IntegrityError

from intake.errors import DatabaseAway
from storage import marks, meta, postgres, tallies
from storage import postgres as postgres_module
from storage.database import Database, Tx
from storage.marks import Kind, Mark
from storage.opening import open_database
from storage.schema import meta as meta_table
from storage.vault import Vault
from tests.postgres import ROLE, PostgresServer, database_of
from tests.postgres_line import Cut, Line, line_to

pytestmark = pytest.mark.only_on("postgresql")
GATE = "SELECT pg_advisory_lock(77, 1)"
DUE = ((Kind.DRAFT, b"a"), (Kind.DRAFT, b"b"), (Kind.JOB, b"j"))
LANE, OTHER = b"\x01" * 16, b"\x02" * 16


@pytest.fixture
async def second(url: str, vault: Vault) -> AsyncIterator[Database]:
    """Another process's view of the same database."""
    database = open_database(url, vault)
    yield database
    await database.close()


@pytest.fixture
async def gate(url: str, postgres: PostgresServer) -> AsyncIterator[asyncpg.Connection]:
    """A closed one: works that come to it wait until the test opens it (`UNLOCK`)."""
    conn = await asyncpg.connect(user=ROLE, database=database_of(url), host=str(postgres.folder))
    await conn.execute(GATE)
    yield conn
    await conn.close()


@pytest.fixture
async def line(postgres: PostgresServer) -> AsyncIterator[Line]:
    async with line_to(postgres.folder) as made:
        yield made


def bump(tx: Tx) -> int:
    found = int(meta.get(tx, "count") or b"0") + 1
    meta.put(tx, "count", str(found).encode())
    return found


def bump_behind_the_gate(tx: Tx) -> int:
    tx.conn.exec_driver_sql("SELECT pg_advisory_xact_lock(77, 1)")
    return bump(tx)


async def count(db: Database) -> int:
    found: bytes | None = await db.read(lambda tx: meta.get(tx, "count"))
    return int(found or b"0")


async def stuck(gate: asyncpg.Connection, waiting: int) -> None:
    """Until so many others wait for a lock."""
    asked = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
    async with asyncio.timeout(30):
        while await gate.fetchval(asked) < waiting:  # noqa: ASYNC110 (the event is in another process)
            await asyncio.sleep(0.005)


def start(work: Coroutine[Any, Any, int]) -> asyncio.Task[int]:
    return asyncio.create_task(work)


def in_another_process(work: Callable[[], Coroutine[Any, Any, Any]]) -> None:
    """While a work holds up this loop."""
    thread = Thread(target=lambda: asyncio.run(work()))
    thread.start()
    thread.join()


async def test_a_read_sees_one_instant_whatever_is_written_meanwhile(
    db: Database, url: str, postgres: PostgresServer
) -> None:
    await db.write(bump)
    statement = "UPDATE meta SET value = '9' WHERE name = 'count'"

    def work(tx: Tx) -> tuple[bytes | None, bytes | None]:
        before = meta.get(tx, "count")
        in_another_process(lambda: postgres.sql(statement, database=database_of(url)))
        return before, meta.get(tx, "count")

    assert await db.read(work) == (b"1", b"1")
    assert await count(db) == 9


async def test_a_read_cannot_write(db: Database) -> None:
    with pytest.raises(DBAPIError, match="read-only transaction"):
        await db.read(bump)


async def test_works_of_one_lane_wait_for_each_other_and_others_do_not(
    db: Database, second: Database, gate: asyncpg.Connection
) -> None:
    first = start(db.write(bump_behind_the_gate, LANE))
    await stuck(gate, 1)
    same = start(second.write(bump, LANE))
    await stuck(gate, 2)
    await second.write(lambda tx: meta.put(tx, "other", b"x"), OTHER)
    assert not first.done()
    assert not same.done()
    await gate.execute("SELECT pg_advisory_unlock(77, 1)")
    assert [await first, await same] == [1, 2]


async def test_a_work_without_a_lane_is_alone(
    db: Database, second: Database, gate: asyncpg.Connection
) -> None:
    laned = start(db.write(bump_behind_the_gate, LANE))
    await stuck(gate, 1)
    alone = start(second.write(bump))
    await stuck(gate, 2)
    late = start(second.write(bump, OTHER))
    await stuck(gate, 3)  # who comes after the one that wants to be alone waits behind it: it can't starve
    assert [task.done() for task in (laned, alone, late)] == [False] * 3
    await gate.execute("SELECT pg_advisory_unlock(77, 1)")
    assert [await laned, await alone, await late] == [1, 2, 3]


async def test_readers_wait_for_no_writer(db: Database, second: Database, gate: asyncpg.Connection) -> None:
    alone = start(db.write(bump_behind_the_gate))
    await stuck(gate, 1)
    assert await count(second) == 0
    await gate.execute("SELECT pg_advisory_unlock(77, 1)")
    assert await alone == 1


async def test_a_lanes_order_is_the_order_in_which_its_works_came(
    db: Database, second: Database, gate: asyncpg.Connection
) -> None:
    order: list[int] = []

    def noting(n: int, _: Tx) -> int:
        order.append(n)
        return n

    tasks = [start(db.write(bump_behind_the_gate, LANE))]
    await stuck(gate, 1)
    for n in range(8):
        tasks.append(start((db, second)[n % 2].write(partial(noting, n), LANE)))
        await stuck(gate, n + 2)
    await gate.execute("SELECT pg_advisory_unlock(77, 1)")
    await asyncio.gather(*tasks)
    assert order == list(range(8))


async def test_counts_that_chats_share_are_not_lost_between_lanes(db: Database, second: Database) -> None:
    def send(tx: Tx) -> None:
        tallies.add(tx, "2026-11", ["requests"])

    works = [(db, second)[n % 2].write(send, bytes([n]) * 16) for n in range(30)]
    await asyncio.gather(*works)
    assert await db.read(tallies.read) == {("2026-11", "requests"): 30}


async def test_of_two_that_lock_each_other_out_both_get_through(
    db: Database, second: Database, postgres: PostgresServer
) -> None:
    await postgres.sql(f"GRANT SET ON PARAMETER deadlock_timeout TO {ROLE}")
    both = asyncio.Barrier(2)
    tries: list[str] = []

    def crossing(mine: str, other: str) -> Callable[[Tx], None]:
        def work(tx: Tx) -> None:
            tx.conn.exec_driver_sql("SET LOCAL deadlock_timeout = '20ms'")
            tries.append(mine)
            meta.put(tx, mine, mine.encode())
            if tries.count(mine) == 1:
                from sqlalchemy.util import await_only

                await_only(both.wait())
            meta.put(tx, other, mine.encode())

        return work

    await asyncio.gather(db.write(crossing("a", "b"), LANE), second.write(crossing("b", "a"), OTHER))
    assert sorted(tries) in (["a", "a", "b"], ["a", "b", "b"])


async def test_a_work_that_fails_by_itself_is_not_tried_again(db: Database) -> None:
    tries: list[str] = []

    def fails(_: Tx) -> None:
        tries.append("once")
        raise ZeroDivisionError

    def twice(tx: Tx) -> None:
        tries.append("twice")
        tx.conn.execute(meta_table.insert(), [{"name": "n", "value": b"x"}] * 2)

    with pytest.raises(ZeroDivisionError):
        await db.write(fails)
    with pytest.raises(IntegrityError):
        await db.write(twice)
    assert tries == ["once", "twice", "twice"]


@pytest.mark.parametrize("how", ["read", "write"])
async def test_a_long_work_leaves_the_loop_to_the_others(db: Database, how: str) -> None:
    began, may_end = Event(), Event()
    told: list[Mark] = []
    db.listener = told.extend

    def long(tx: Tx) -> int:
        began.set()
        assert may_end.wait(30)
        if how == "write":
            tx.marks.append(Mark(Kind.JOB, b"j" * 16, 5))
            return bump(tx)
        return len(meta.get(tx, "count") or b"")

    work = asyncio.create_task(getattr(db, how)(long, long=True))
    await asyncio.to_thread(began.wait, 30)
    assert await count(db) == 0  # a turn goes on here
    may_end.set()
    assert await work == (how == "write")
    await asyncio.sleep(0)
    assert [mark.when for mark in told] == [5] * (how == "write")


async def test_the_sender_elsewhere_hears_of_a_draft_once_a_minute_and_of_jobs_each_time(
    db: Database,
) -> None:
    def touch(*touched: Mark) -> Callable[[Tx], None]:
        return lambda tx: tx.marks.extend(touched)

    async def rings() -> int:
        found = await db.read(lambda tx: marks.rung(tx.conn))
        await db.write(lambda tx: marks.silence_all(tx.conn))
        return len(found)

    ann, ben, job = (Mark(kind, row * 16, 600) for kind, row in DUE)
    await db.write(touch(ann), LANE)
    await db.write(touch(ann._replace(when=659)), LANE)
    assert await rings() == 1
    await db.write(touch(ann, ben))
    assert await rings() == 1
    await db.write(touch(job))
    await db.write(touch(job))
    assert await rings() == 2
    await db.write(touch(ann._replace(when=660)))
    await db.write(touch(ben._replace(when=661)))
    assert await rings() == 2

    def failing(tx: Tx) -> None:
        tx.marks.append(ann._replace(when=720))
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await db.write(failing)
    await db.write(touch(ann._replace(when=721)))
    assert await rings() == 1


# Connections break.


@pytest.mark.parametrize("cut", [Cut.UNHEARD, Cut.UNANSWERED])
@pytest.mark.parametrize("lane", [None, LANE])
async def test_a_commit_that_was_cut_off_is_done_once(
    url: str, vault: Vault, line: Line, cut: Cut, lane: bytes | None
) -> None:
    db = open_database(line.through(url), vault)
    try:
        for n in range(1, 6):
            line.cut = cut
            assert await db.write(bump, lane) == n
            assert line.cuts == n
            assert await count(db) == n
    finally:
        await db.close()


async def test_dropped_connections_lose_and_double_nothing(
    db: Database, second: Database, url: str, postgres: PostgresServer
) -> None:
    expected = dropped = 0
    while dropped < 20:
        expected += 12
        works = [(db, second)[n % 2].write(bump, LANE if n % 3 else None) for n in range(12)]
        writing = asyncio.gather(*works)
        await asyncio.sleep(0.02)
        dropped += await postgres.drop_connections(url)
        await writing
    assert await count(db) == expected


@pytest.mark.parametrize("how", ["stop", "crash"])
async def test_a_restart_of_the_server_is_waited_for(
    db: Database, postgres: PostgresServer, how: str
) -> None:
    await db.write(bump)
    await asyncio.to_thread(getattr(postgres, how))
    works = [asyncio.create_task(db.write(bump)) for _ in range(20)]
    await asyncio.sleep(0.3)
    assert not any(work.done() for work in works)
    postgres.start()
    await asyncio.gather(*works)
    assert await count(db) == 21


async def test_the_number_of_a_lost_transaction_may_be_anothers_after_a_crash(
    db: Database, postgres: PostgresServer
) -> None:
    """The commit was on its way when the server crashed; another's work gets the same number, and is committed."""
    assert isinstance(db, postgres_module.PostgresDatabase)
    before = await count(db)
    for _ in range(3):
        attempt = postgres_module._Try()
        async with db._engine.connect() as conn:
            named = (await conn.exec_driver_sql(postgres_module._ALONE)).one()
            attempt.number, attempt.timeline, attempt.began = named.number, named.timeline, named.began
            await conn.run_sync(lambda sync: sync.exec_driver_sql("SELECT 1"))
            await asyncio.to_thread(postgres.crash)
            postgres.start()
            await conn.invalidate()
        for _ in range(30):  # as many as it takes to come by the lost number
            await db.write(bump)
        assert not await db._was_committed(attempt)
    assert await count(db) == before + 90


async def test_while_it_is_away_everybody_is_told_and_afterwards_it_works(
    db: Database, postgres: PostgresServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("storage.postgres.AWAY_SECONDS", 0.2)
    await db.write(bump)
    await asyncio.to_thread(postgres.crash)
    try:
        for asked in (db.write(bump), db.write(bump, LANE), count(db)):
            with pytest.raises(DatabaseAway, match="can't be reached"):
                await asked
    finally:
        postgres.start()
    assert await db.write(bump) == 2


async def test_a_server_that_only_reads_is_left_for_the_one_that_took_over(
    db: Database, url: str, postgres: PostgresServer
) -> None:
    name = database_of(url)
    await db.write(bump)
    await postgres.sql(f"ALTER DATABASE {name} SET default_transaction_read_only = on")
    await postgres.drop_connections(url)
    work = asyncio.create_task(db.write(bump))
    await asyncio.sleep(0.2)
    assert not work.done()
    # Connections that were made meanwhile go on reading only: new ones are needed.
    await postgres.sql(f"ALTER DATABASE {name} RESET default_transaction_read_only")
    assert await work == 2


def test_what_is_waited_for_and_what_is_not() -> None:
    assert postgres.LOCK_SECONDS < postgres.STATEMENT_SECONDS
