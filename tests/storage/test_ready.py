"""Statements that SQLite's own driver runs: the same rows, counts and errors as through SQLAlchemy."""

from __future__ import annotations

import pytest
from sqlalchemy import bindparam, insert, select, update
from sqlalchemy.exc import IntegrityError

from storage.database import Database, Tx
from storage.ready import Ready
from storage.schema import meta, staff

ALL = Ready(select(meta).where(meta.c.value == b"x").order_by(meta.c.name))
ADD = Ready(insert(meta))
CHANGE = Ready(update(meta).where(meta.c.name == bindparam("which")).values(value=bindparam("value")))


async def test_rows_counts_and_constants(db: Database) -> None:
    def work(tx: Tx) -> list[tuple[str, bytes]]:
        assert ADD.run(tx.conn, {"name": "b", "value": b"x"}) == 1
        assert ADD.run(tx.conn, {"value": b"y", "name": "a"}) == 1
        assert CHANGE.run(tx.conn, {"which": "a", "value": b"x"}) == 1
        assert CHANGE.run(tx.conn, {"which": "nobody", "value": b"x"}) == 0
        return [(row.name, row.value) for row in ALL.all(tx.conn, {})]

    assert await db.write(work) == [("a", b"x"), ("b", b"x")]
    first = await db.read(lambda tx: ALL.one(tx.conn, {}))
    assert first is not None
    assert first.name == "a"


async def test_none_is_none(db: Database) -> None:
    assert await db.read(lambda tx: ALL.one(tx.conn, {})) is None


async def test_an_error_is_sqlalchemys_and_tells_no_value(db: Database) -> None:
    def twice(tx: Tx) -> None:
        for _ in range(2):
            ADD.run(tx.conn, {"name": "a secret name", "value": b"x"})

    with pytest.raises(IntegrityError) as raised:
        await db.write(twice)
    assert "a secret name" not in str(raised.value)


@pytest.mark.only_on("sqlite")
async def test_columns_that_the_driver_gives_otherwise_are_refused(db: Database) -> None:
    with pytest.raises(AssertionError, match="plain columns"):
        await db.read(lambda tx: Ready(select(staff)).all(tx.conn, {}))
