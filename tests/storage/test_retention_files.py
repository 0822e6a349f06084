"""A purge goes in batches, between which others write, and the files hold nothing of what went."""

from __future__ import annotations

import asyncio
import sqlite3
from pathlib import Path

import pytest
from sqlalchemy import text

from intake.draft import Draft, Place
from storage import cases, locks, retention, thread
from storage.database import Database, Tx
from storage.retention import AT_ONCE, DAY, compact, purge
from tests.storage.test_retention import NOW, TODAY, Days, add_case, add_draft, ids, purged, write


async def test_a_purge_writes_in_batches_and_others_get_in_between(db: Database) -> None:
    def fill(tx: Tx) -> None:
        for number in range(3 * AT_ONCE + 1):
            add_case(tx, number, received=TODAY - 200)

    await db.write(fill)
    seen: list[int] = []

    async def somebody_else() -> None:
        while not seen or seen[-1]:
            seen.append(await db.write(lambda tx: len(ids(tx, "cases"))))
            await asyncio.sleep(0)

    batches: list[int] = []
    waiting = asyncio.create_task(somebody_else())
    found = await purge(db, Days(), NOW, batches.append)
    await waiting
    assert found["open cases"] == sum(batches) == 3 * AT_ONCE + 1
    assert max(batches) <= AT_ONCE
    assert len({*seen} - {0, 3 * AT_ONCE + 1}) >= 2, "nobody got in between"


async def test_a_purge_that_was_cut_short_is_finished_by_the_next(db: Database) -> None:
    def fill(tx: Tx) -> None:
        for number in range(2 * AT_ONCE):
            add_case(tx, number, received=TODAY - 200)

    await db.write(fill)

    def power_cut(_: int) -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await purge(db, Days(), NOW, power_cut)
    assert len(await db.read(lambda tx: ids(tx, "cases"))) == AT_ONCE
    await purged(db, open_cases=AT_ONCE)


def everything_in(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in folder.iterdir())


@pytest.mark.only_on("sqlite")
@pytest.mark.parametrize("rebuilt", [True, False])
async def test_nothing_erased_is_left_in_the_files(
    db: Database, url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, rebuilt: bool
) -> None:
    """With the file rebuilt, and without, as for a large one: then the room that is free holds zeros."""
    if not rebuilt:
        monkeypatch.setattr(retention, "MOST_TO_REBUILD", 0)

    def fill(tx: Tx) -> list[bytes]:
        traces: list[bytes] = []
        for number in range(40):
            case = add_case(tx, number, received=TODAY - (181 if number % 2 else 100))
            write(tx, case, TODAY - 99)
            account = add_draft(tx, 500 + number, Draft(Place.LANGUAGE, active_at=NOW - 2 * DAY))
            box = thread.entries(tx, case)[0].box
            gone = [
                box,
                tx.conn.execute(
                    text("SELECT state FROM drafts WHERE account = :a"), {"a": account}
                ).scalar_one(),
            ]
            if number % 2:
                gone += [
                    locks.get_blocks(tx, case)[0],
                    locks.get(tx, case).slots,
                    f"CASE-{number:04}".encode(),
                ]
            traces += [part for each in gone for part in (each[:64], each[len(each) // 2 :][:64], each[-64:])]
        return traces

    traces = await db.write(fill)
    await db.tidy()
    content = await asyncio.to_thread(everything_in, tmp_path)
    assert [trace for trace in traces if trace not in content] == []
    found = await purge(db, Days(), NOW)
    assert (found["open cases"], found["replies"], found["drafts"]) == (20, 20, 40)
    assert await compact(url)
    content = await asyncio.to_thread(everything_in, tmp_path)
    assert [trace for trace in traces if trace in content] == []
    free = await db.read(lambda tx: tx.conn.execute(text("PRAGMA freelist_count")).scalar())
    assert (free == 0) is rebuilt


@pytest.mark.only_on("sqlite")
async def test_the_service_leaves_nothing_either_when_it_empties_the_log(
    db: Database, tmp_path: Path
) -> None:
    box = await db.write(lambda tx: locks.get_blocks(tx, add_case(tx, 7, received=TODAY - 181))[0])
    await purge(db, Days(), NOW)
    assert await db.tidy()
    content = await asyncio.to_thread(everything_in, tmp_path)
    assert box[:64] not in content
    assert box[-64:] not in content


@pytest.mark.only_on("sqlite")
async def test_a_reader_that_holds_the_log_is_reported(db: Database, url: str, tmp_path: Path) -> None:
    await db.write(lambda tx: add_case(tx, 7, received=TODAY))
    with sqlite3.connect(tmp_path / "x.sqlite", isolation_level=None) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT * FROM cases").fetchall()
        await db.write(lambda tx: cases.erase(tx, list(ids(tx, "cases"))))
        assert not await compact(url)
        reader.execute("ROLLBACK")
    assert await compact(url)
