"""What was erased is in no file of PostgreSQL's tables once they were written anew, nor in which order rows came."""

from __future__ import annotations

import asyncio
from pathlib import Path

import asyncpg
import pytest

from storage import cases, locks, meta, postgres_files
from storage.database import Database, Tx
from storage.retention import compact
from tests.postgres import ROLE, PostgresServer, database_of
from tests.storage.test_cases import case

pytestmark = pytest.mark.only_on("postgresql")


async def files_of(postgres: PostgresServer, url: str) -> bytes:
    """All tables and their indexes, as a thief of the disk reads them; without the log."""
    await postgres.sql("CHECKPOINT")
    rows = await postgres.sql("SELECT oid FROM pg_database WHERE datname = $1", database_of(url))
    folder = postgres.folder / "data" / "base" / str(rows[0]["oid"])
    return await asyncio.to_thread(_bytes_in, folder)


def _bytes_in(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in folder.iterdir())


async def test_nothing_erased_is_left_in_the_files(db: Database, url: str, postgres: PostgresServer) -> None:
    erased, kept = b"\x5aerased-for-ever" * 60, b"\x5akept-for-a-while" * 60

    def fill(tx: Tx) -> None:
        for number in range(40):
            cases.add(tx, case(number))
            locks.put_block(tx, bytes([number]) * 16, 0, kept if number % 2 else erased)
        meta.put(tx, "n", erased)

    def erase(tx: Tx) -> None:
        cases.erase(tx, [bytes([number]) * 16 for number in range(0, 40, 2)])
        meta.put(tx, "n", b"another value")

    await db.write(fill)
    await db.write(erase)
    before = await files_of(postgres, url)
    assert erased[:64] in before  # this is what it is for
    assert await compact(url)
    after = await files_of(postgres, url)
    assert erased[:64] not in after
    assert kept[:64] in after
    assert len(await db.read(lambda tx: locks.get_blocks(tx, bytes([1]) * 16))) == 1


async def test_the_files_tell_nothing_of_the_order_in_which_rows_came(
    db: Database, url: str, postgres: PostgresServer
) -> None:
    numbers = [9, 3, 27, 14, 1, 30]
    for number in numbers:
        await db.write(lambda tx, number=number: cases.add(tx, case(number)))  # type: ignore[misc]

    async def stored() -> list[int]:
        rows = await postgres.sql("SELECT case_id FROM cases ORDER BY ctid", database=database_of(url))
        return [row["case_id"][0] for row in rows]

    assert await stored() == numbers
    await compact(url)
    assert await stored() == sorted(numbers)  # of the keys, which are random


async def test_a_table_in_use_is_left_for_the_next_time(
    db: Database, url: str, postgres: PostgresServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgres_files, "LOCK_SECONDS", 0.1)
    conn = await asyncpg.connect(user=ROLE, database=database_of(url), host=str(postgres.folder))
    try:
        async with conn.transaction():
            await conn.execute("SELECT * FROM cases")
            assert not await compact(url)
            assert await db.write(lambda tx: meta.put(tx, "n", b"x")) is None  # type: ignore[func-returns-value]
        assert await compact(url)
    finally:
        await conn.close()


async def test_a_large_table_is_not_locked_for_it(
    db: Database, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgres_files, "MOST_TO_REWRITE", 0)
    for number in (9, 3):
        await db.write(lambda tx, number=number: cases.add(tx, case(number)))  # type: ignore[misc]
    assert await compact(url)
    found = await db.read(lambda tx: tx.conn.exec_driver_sql("SELECT case_id FROM cases ORDER BY ctid").all())
    assert [row[0][0] for row in found] == [9, 3]


async def test_the_service_does_it_once_a_day(
    db: Database, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    done: list[str] = []

    async def noted(of: str) -> bool:
        done.append(of)
        return len(done) > 1

    now = [10.0]
    monkeypatch.setattr("storage.postgres.rewrite", noted)
    monkeypatch.setattr("storage.postgres.monotonic", lambda: now[0])
    monkeypatch.setattr(db, "_untidy_at", 100.0)
    found = []
    for moment in (10.0, 99.0, 101.0, 500.0, 702.0, 703.0, 702.0 + 86_399, 702.0 + 86_401):
        now[0] = moment
        found.append((await db.tidy(), len(done)))
    assert found == [
        (True, 0),
        (True, 0),
        (False, 1),  # it was in use
        (True, 1),
        (True, 2),  # again, some minutes later
        (True, 2),
        (True, 2),
        (True, 3),
    ]
    assert set(done) == {url}
