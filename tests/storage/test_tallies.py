"""Monthly counts: each adds up, and none can be read or swapped without the server key."""

from __future__ import annotations

import asyncio

import pytest
from sqlalchemy import select, update

from intake.errors import Tampered
from storage import tallies
from storage.database import Database, Tx
from storage.schema import tallies as table


async def test_counts_add_up_even_when_they_come_at_once(db: Database) -> None:
    one = asyncio.gather(
        *(db.write(lambda tx: tallies.add(tx, "2023-11", ["requests", "urgent"])) for _ in range(9))
    )
    await asyncio.gather(one, db.write(lambda tx: tallies.add(tx, "2023-12", ["requests"])))
    assert await db.read(tallies.read) == {
        ("2023-11", "requests"): 9,
        ("2023-11", "urgent"): 9,
        ("2023-12", "requests"): 1,
    }


async def test_a_count_is_wrapped_and_of_one_size(db: Database) -> None:
    def work(tx: Tx) -> set[int]:
        for _ in range(11):
            tallies.add(tx, "2023-11", ["requests"])
        tallies.add(tx, "2023-11", ["urgent"])
        return {len(box) for box in tx.conn.execute(select(table.c.count)).scalars()}

    assert len(await db.write(work)) == 1


async def test_a_count_moved_to_another_month_does_not_open(db: Database) -> None:
    def work(tx: Tx) -> None:
        tallies.add(tx, "2023-11", ["requests"])
        tx.conn.execute(update(table).values(month="2023-12"))

    await db.write(work)
    with pytest.raises(Tampered):
        await db.read(tallies.read)


async def test_a_request_that_fails_is_not_counted(db: Database) -> None:
    def work(tx: Tx) -> None:
        tallies.add(tx, "2023-11", ["requests"])
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await db.write(work)
    assert await db.read(tallies.read) == {}
