"""Moving everything from SQLite to PostgreSQL: each row as it is, in one transaction there, while nobody writes here.

A box of the vault is bound to table, column and row, and not to a database: it opens there as it does here.

Whatever happens, one of the two is whole: the transaction there is committed only when each row was read back and
compared; then a row here says that this database is not to be written any more (`storage.database.writing`).
Interrupted before that, the move is simply made again, from the start. What may be lying there from a move that ended
between the two commits is known by a row of its own, which the first start of the service takes away.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, Table, delete, func, insert, select, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection

from intake.errors import PosternError
from storage.advisory import SINGLE, Single
from storage.database import MOVED_AWAY, connect
from storage.schema import meta, metadata
from storage.vault import SECRETS_NAME

AT_ONCE = 500
"""Rows."""
MOVED_HERE = "moved-here"
"""In `meta` on PostgreSQL, from the move until the service has started there."""

Tell = Callable[[int], None]


async def count(source: str) -> dict[str, int]:
    """Rows by table."""
    async with _on(source) as conn:
        return await _counts(conn)


async def move(source: str, target: str, tell: Tell) -> dict[str, int]:
    """Copy every row and compare each; how many there are by table. `tell` hears of rows, each of them twice.

    The tables must be there. Raises PosternError if `target` holds an installation already, or if a row does not
    arrive as it was.
    """
    async with _on(source) as here, _on(target) as there:
        await here.exec_driver_sql("BEGIN IMMEDIATE")
        await there.exec_driver_sql(f"SELECT pg_advisory_xact_lock({SINGLE}, {Single.HOUSE})")
        await _make_room(there)
        for table in metadata.sorted_tables:
            async for rows in _all(here, table):
                await there.execute(insert(table), [dict(row._mapping) for row in rows])
                tell(len(rows))
        counts = await _counts(here)
        await _compare(here, there, counts, tell)
        await there.execute(insert(meta).values(name=MOVED_HERE, value=b"1"))
        await there.commit()
        await here.execute(insert(meta).values(name=MOVED_AWAY, value=b"1"))
        await here.commit()
        return counts


async def take_back(source: str) -> bool:
    """Let SQLite be written again. False: it never was moved."""
    async with _on(source) as conn:
        done = await conn.execute(delete(meta).where(meta.c.name == MOVED_AWAY))
        await conn.commit()
        return done.rowcount == 1


async def _make_room(there: AsyncConnection) -> None:
    """Take away what an interrupted move has left; and nothing else."""
    held = set((await there.execute(select(meta.c.name))).scalars())
    if MOVED_HERE in held:
        for table in metadata.sorted_tables:
            await there.execute(delete(table))
    elif SECRETS_NAME in held or any((await _counts(there)).values()):
        raise PosternError("That database holds an installation already: name an empty one.")


async def _compare(
    here: AsyncConnection, there: AsyncConnection, counts: Mapping[str, int], tell: Tell
) -> None:
    for table in metadata.sorted_tables:
        async for rows in _all(here, table):
            keys = [_key(table, row) for row in rows]
            found = (await there.execute(select(table).where(_among(table, keys)))).all()
            if _by_key(table, found) != _by_key(table, rows):
                raise PosternError(
                    f"Rows of the table {table.name} did not arrive as they were: nothing was moved."
                )
            tell(len(rows))
    if await _counts(there) != dict(counts):
        raise PosternError("There are other rows there than here: nothing was moved.")


async def _all(conn: AsyncConnection, table: Table) -> AsyncIterator[Sequence[Row[Any]]]:
    """Every row, some at a time, in the order of their primary keys."""
    key = tuple(table.primary_key)
    last: tuple[Any, ...] | None = None
    while True:
        query: Select[Any] = select(table).order_by(*key).limit(AT_ONCE)
        if last is not None:
            query = query.where(tuple_(*key) > last if len(key) > 1 else key[0] > last[0])
        rows = (await conn.execute(query)).all()
        if not rows:
            return
        last = _key(table, rows[-1])
        yield rows


def _among(table: Table, keys: Sequence[tuple[Any, ...]]) -> ColumnElement[bool]:
    columns = tuple(table.primary_key)
    if len(columns) > 1:
        return tuple_(*columns).in_(keys)
    return columns[0].in_([key[0] for key in keys])


def _by_key(table: Table, rows: Sequence[Row[Any]]) -> dict[tuple[Any, ...], tuple[Any, ...]]:
    return {_key(table, row): tuple(row) for row in rows}


def _key(table: Table, row: Row[Any]) -> tuple[Any, ...]:
    return tuple(row._mapping[column] for column in table.primary_key)


async def _counts(conn: AsyncConnection) -> dict[str, int]:
    return {
        table.name: (await conn.execute(select(func.count()).select_from(table))).scalar_one()
        for table in metadata.sorted_tables
    }


@asynccontextmanager
async def _on(url: str) -> AsyncIterator[AsyncConnection]:
    engine = connect(url)
    try:
        async with engine.connect() as conn:
            yield conn
    finally:
        await engine.dispose()
