"""SQLite's one writer: works that wait share a commit, and none of them suffers from another."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy.exc import OperationalError

from storage import meta
from storage.database import Tx
from storage.opening import open_database
from storage.sqlite import SqliteDatabase
from storage.vault import Vault

pytestmark = pytest.mark.only_on("sqlite")


@pytest.fixture
def commits(db: SqliteDatabase, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """One entry for each commit that reached the disk."""
    from storage import sqlite

    found: list[int] = []
    real = sqlite._commit

    def counted(raw: sqlite3.Connection) -> float:
        took = real(raw)
        found.append(1)
        return took

    monkeypatch.setattr(sqlite, "_commit", counted)
    return found


def put(name: str) -> Callable[[Tx], None]:
    return lambda tx: meta.put(tx, name, b"x")


async def names(db: SqliteDatabase, *asked: str) -> set[str]:
    return await db.read(lambda tx: {name for name in asked if meta.get(tx, name) is not None})


async def test_works_that_wait_share_a_commit(db: SqliteDatabase, commits: list[int]) -> None:
    await asyncio.gather(*(db.write(put(str(n))) for n in range(40)))
    assert len(await names(db, *map(str, range(40)))) == 40
    assert 1 <= len(commits) < 10


async def test_one_that_fails_takes_back_its_own_writes_and_no_others(
    db: SqliteDatabase, commits: list[int]
) -> None:
    def fails(tx: Tx) -> None:
        meta.put(tx, "bad", b"x")
        raise ZeroDivisionError

    works = [db.write(put("first")), db.write(fails), db.write(put("last"))]
    results = await asyncio.gather(*works, return_exceptions=True)
    assert [type(each) for each in results] == [type(None), ZeroDivisionError, type(None)]
    assert await names(db, "first", "bad", "last") == {"first", "last"}
    assert len(commits) == 1


async def test_a_transaction_that_broke_fails_everybody_in_it_and_nobody_waits_for_ever(
    db: SqliteDatabase,
) -> None:
    def breaks(tx: Tx) -> None:
        tx.conn.exec_driver_sql("ROLLBACK")  # as SQLite does of itself after an I/O error
        tx.conn.exec_driver_sql("BEGIN")  # and now there is no savepoint to go back to
        raise ZeroDivisionError

    works = [db.write(put("first")), db.write(breaks), db.write(put("last"))]
    results = await asyncio.wait_for(asyncio.gather(*works, return_exceptions=True), 5)
    assert [type(each) for each in results[:2]] == [OperationalError, ZeroDivisionError]
    said = {name for name, result in zip(("first", "_", "last"), results, strict=True) if result is None}
    assert await names(db, "first", "last") == said
    await db.write(put("afterwards"))
    assert await names(db, "afterwards")


async def test_when_the_disk_is_full_nobody_is_told_that_it_was_written(db: SqliteDatabase) -> None:
    def limited(tx: Tx) -> None:
        pages = tx.conn.exec_driver_sql("PRAGMA page_count").scalar_one()
        tx.conn.exec_driver_sql(f"PRAGMA max_page_count={pages + 20}")

    def large(tx: Tx) -> None:
        meta.put(tx, "large", b"x" * 4096 * 40)

    await db.write(limited)
    works = [db.write(put("first")), db.write(large), db.write(put("last"))]
    results = await asyncio.gather(*works, return_exceptions=True)
    assert isinstance(results[1], OperationalError)
    said = {name for name, result in zip(("first", "large", "last"), results, strict=True) if result is None}
    assert await names(db, "first", "large", "last") == said
    await db.write(put("afterwards"))
    assert await names(db, "afterwards")


async def test_who_waits_for_another_process_in_vain_is_told(
    db: SqliteDatabase, url: str, vault: Vault, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from storage import sqlite

    monkeypatch.setattr(sqlite, "BUSY_SECONDS", 0)
    with sqlite3.connect(tmp_path / "x.sqlite", isolation_level=None) as other:
        other.execute("BEGIN IMMEDIATE")
        second = open_database(url, vault)
        results = await asyncio.gather(
            *(second.write(put(str(n))) for n in range(3)),
            return_exceptions=True,
        )
        assert [type(each) for each in results] == [OperationalError] * 3
        other.execute("ROLLBACK")
    await second.write(put("0"))
    await second.close()
    assert await names(db, "0", "1") == {"0"}


async def test_the_loop_goes_on_while_another_process_writes(db: SqliteDatabase, tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "x.sqlite", isolation_level=None) as other:
        other.execute("BEGIN IMMEDIATE")
        written = asyncio.create_task(db.write(put("late")))
        for _ in range(20):
            await asyncio.sleep(0.005)
            assert await names(db, "late") == set()
        assert not written.done()
        other.execute("ROLLBACK")
        await written
    assert await names(db, "late")
