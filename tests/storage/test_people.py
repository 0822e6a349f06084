"""People are counted once a month, and nobody can be found among them when the month is over."""

from __future__ import annotations

import asyncio

from sqlalchemy import select

from storage import meta, people
from storage.database import Database, Tx
from storage.schema import people as table

ANN, BEN = b"a" * 16, b"b" * 16


async def asks(db: Database, who: bytes, month: str = "2023-11") -> bool:
    return await db.write(lambda tx: people.is_new(tx, month, who), who)


async def rows(db: Database) -> set[tuple[object, ...]]:
    return await db.read(lambda tx: {tuple(row) for row in tx.conn.execute(select(table))})


async def test_somebody_is_new_once_a_month(db: Database) -> None:
    assert [await asks(db, ANN), await asks(db, ANN), await asks(db, BEN)] == [True, False, True]
    assert [await asks(db, ANN, "2023-12"), await asks(db, ANN, "2023-12")] == [True, False]


async def test_many_at_the_months_beginning_have_one_key(db: Database) -> None:
    everybody = [bytes([number, number]) * 8 for number in range(20)]
    first = await asyncio.gather(*(asks(db, each) for each in everybody))
    again = await asyncio.gather(*(asks(db, each) for each in everybody))
    assert all(first)
    assert not any(again)


async def test_a_hash_of_one_month_is_none_in_the_next(db: Database) -> None:
    await asks(db, ANN)
    (november,) = await rows(db)
    await asks(db, ANN, "2023-12")
    (december,) = await rows(db) - {november}
    assert november[0] != december[0]
    assert ANN not in {november[0], december[0]}


async def test_a_clock_that_is_behind_makes_no_second_key(db: Database) -> None:
    await asks(db, ANN, "2023-12")
    assert not await asks(db, ANN, "2023-11")
    assert not await asks(db, ANN, "2023-12")


async def test_a_clock_that_was_a_year_ahead_for_a_moment_makes_nobody_old(db: Database) -> None:
    await asks(db, ANN)
    assert await asks(db, BEN, "2024-11")
    assert await asks(db, ANN)  # the key that knew them went with the jump
    assert await asks(db, ANN, "2023-12")
    assert await db.write(lambda tx: people.forget(tx, "2023-12")) == 3
    assert len(await rows(db)) == 1


async def test_the_end_of_a_month_leaves_neither_hashes_nor_the_key(db: Database) -> None:
    await asks(db, ANN)
    await asks(db, BEN)
    assert await db.read(lambda tx: people.of_earlier(tx, "2023-11")) == 0
    assert await db.write(lambda tx: people.forget(tx, "2023-11")) == 0
    assert not await asks(db, ANN)
    assert await db.write(lambda tx: people.forget(tx, "2023-12")) == 2
    assert await rows(db) == set()

    def key(tx: Tx) -> bytes | None:
        return meta.get(tx, meta.PEOPLE_KEY)

    assert await db.read(key) is None
