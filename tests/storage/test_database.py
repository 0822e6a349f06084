"""One owner of transactions: all of a turn is on the disk, or none of it."""

from __future__ import annotations

import asyncio
import sqlite3
from pathlib import Path
from time import sleep

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from storage import meta
from storage.database import Database, Tx, upsert
from storage.opening import open_database
from storage.schema import meta as meta_table
from storage.vault import Vault

SECRET = b"planted-where-it-must-not-stay" * 40


def bump(tx: Tx) -> None:
    meta.put(tx, "count", str(int(meta.get(tx, "count") or b"0") + 1).encode())


async def count(db: Database) -> int:
    found: bytes | None = await db.read(lambda tx: meta.get(tx, "count"))
    return int(found or b"0")


async def test_an_exception_anywhere_leaves_nothing_and_the_next_write_works(db: Database) -> None:
    def fails(tx: Tx) -> None:
        bump(tx)
        meta.put(tx, "other", b"x")
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await db.write(fails)
    assert await count(db) == 0
    assert await db.read(lambda tx: meta.get(tx, "other")) is None
    await db.write(bump)
    assert await count(db) == 1


@pytest.mark.only_on("sqlite")
async def test_what_was_written_is_in_the_file_when_write_returns(db: Database, tmp_path: Path) -> None:
    await db.write(bump)
    with sqlite3.connect(tmp_path / "x.sqlite") as other:
        assert other.execute("SELECT value FROM meta WHERE name = 'count'").fetchone() == (b"1",)


async def test_writes_at_the_same_time_do_not_lose_each_other(db: Database) -> None:
    await asyncio.gather(*(db.write(bump) for _ in range(50)))
    assert await count(db) == 50


async def test_two_services_do_not_lose_each_others_writes(db: Database, url: str, vault: Vault) -> None:
    second = open_database(url, vault)
    try:
        await asyncio.gather(*(each.write(bump) for each in (db, second) * 15))
        assert await count(second) == 30
    finally:
        await second.close()


async def test_a_cancelled_write_leaves_all_or_nothing_and_blocks_nobody(db: Database) -> None:
    for _ in range(20):
        task = asyncio.create_task(db.write(bump))
        await asyncio.sleep(0.0005)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    before = await count(db)
    await asyncio.wait_for(db.write(bump), 5)
    assert await count(db) == before + 1


async def test_a_long_work_is_all_or_nothing_like_any_other_and_turns_can_look_meanwhile(
    db: Database,
) -> None:
    looked = []

    def work(tx: Tx) -> int:
        bump(tx)
        sleep(0.2)
        bump(tx)
        return 7

    def fails(tx: Tx) -> None:
        bump(tx)
        raise ZeroDivisionError

    writing = asyncio.create_task(db.write(work, long=True))
    while not writing.done():
        looked.append(await count(db))
        await asyncio.sleep(0.01)
    assert await writing == 7
    assert set(looked) <= {0, 2}
    assert 0 in looked
    with pytest.raises(ZeroDivisionError):
        await db.write(fails, long=True)
    assert await db.read(lambda tx: meta.get(tx, "count"), long=True) == b"2"


@pytest.mark.only_on("sqlite")
async def test_a_read_sees_one_instant_whatever_is_written_meanwhile(db: Database, tmp_path: Path) -> None:
    await db.write(bump)

    def work(tx: Tx) -> tuple[bytes | None, bytes | None]:
        before = meta.get(tx, "count")
        with sqlite3.connect(tmp_path / "x.sqlite") as other:
            other.execute("UPDATE meta SET value = X'39' WHERE name = 'count'")
        return before, meta.get(tx, "count")

    assert await db.read(work) == (b"1", b"1")
    assert await count(db) == 9


@pytest.mark.only_on("sqlite")
async def test_a_write_waits_for_another_process(db: Database, tmp_path: Path) -> None:
    def hold(ready: asyncio.Event, loop: asyncio.AbstractEventLoop) -> None:
        import time

        with sqlite3.connect(tmp_path / "x.sqlite", isolation_level=None) as other:
            other.execute("BEGIN IMMEDIATE")
            loop.call_soon_threadsafe(ready.set)
            time.sleep(0.3)
            other.execute("COMMIT")

    ready = asyncio.Event()
    holding = asyncio.create_task(asyncio.to_thread(hold, ready, asyncio.get_running_loop()))
    await ready.wait()
    await db.write(bump)
    await holding
    assert await count(db) == 1


@pytest.mark.only_on("sqlite")
async def test_the_file_is_kept_as_promised(db: Database) -> None:
    def pragmas(tx: Tx) -> list[object]:
        names = ("journal_mode", "synchronous", "secure_delete", "foreign_keys", "temp_store")
        return [tx.conn.execute(text(f"PRAGMA {name}")).scalar() for name in names]

    assert await db.read(pragmas) == ["wal", 2, 1, 1, 2]


async def test_a_failing_statement_does_not_tell_what_it_would_have_stored(db: Database) -> None:
    def twice(tx: Tx) -> None:
        for _ in range(2):
            tx.conn.execute(meta_table.insert().values(name="n", value=SECRET))

    with pytest.raises(IntegrityError) as raised:
        await db.write(twice)
    assert "planted" not in f"{raised.value} {raised.value!r}"


async def test_upsert_inserts_and_then_sets(db: Database) -> None:
    def work(tx: Tx) -> list[bytes | None]:
        found = []
        for value in (b"first", b"again"):
            upsert(tx, meta_table, {"name": "n"}, {"value": value})
            found.append(meta.get(tx, "n"))
        return found

    assert await db.write(work) == [b"first", b"again"]


def everything(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in folder.iterdir())


@pytest.mark.only_on("sqlite")
async def test_what_was_deleted_does_not_stay_in_the_log(db: Database, tmp_path: Path) -> None:
    await db.write(lambda tx: meta.put(tx, "n", SECRET))
    await db.write(lambda tx: meta.drop(tx, "n"))
    assert SECRET[:30] in everything(tmp_path)  # this is what `tidy` is for
    assert await db.tidy()
    assert SECRET[:30] not in everything(tmp_path)


@pytest.mark.only_on("sqlite")
async def test_what_was_overwritten_does_not_stay_either(db: Database, tmp_path: Path) -> None:
    await db.write(lambda tx: meta.put(tx, "n", SECRET))
    await db.write(lambda tx: meta.put(tx, "n", b"\x01" * len(SECRET)))
    assert await db.tidy()
    assert SECRET[:30] not in everything(tmp_path)


@pytest.mark.only_on("sqlite")
async def test_tidying_gives_way_to_readers_and_is_done_later(db: Database, tmp_path: Path) -> None:
    await db.write(bump)
    with sqlite3.connect(tmp_path / "x.sqlite", isolation_level=None) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT * FROM meta").fetchall()
        assert not await db.tidy()
        await db.write(bump)
        reader.execute("ROLLBACK")
    assert await db.tidy()
    assert (tmp_path / "x.sqlite-wal").stat().st_size == 0
    assert await count(db) == 2
