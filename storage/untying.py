"""Which transaction wrote a row. PostgreSQL keeps its number with the row (`xmin`), for as long as the row stays.

A request's transaction writes its case, a person of the month, a row that waits to be counted, and when which messages
of the chat are to be deleted. Two of these with one number belong together: whoever has the server key would know which
account sent a case that has a return code, for as long as the month lasts. So all but the case are written anew from
time to time, all of them, in the order of their random keys: then every row has the number, and the place in the file,
of that.

All of them, not only the newest: the number of a few would lie between those of the cases that came with them. Where
this ends: until it is done, ten minutes on the average, they hang together, as what is owed to the chat does until it
is sent; and so do the old versions of the rows, which stay in the file for up to a day (`storage.postgres_files`), and
in the server's log (WAL).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from sqlalchemy import Table

from storage.database import Database, Tx
from storage.schema import pending_counts, people, traces

TABLES = (people, pending_counts, traces)
"""Each with one key column, which is random or a keyed hash."""
AT_ONCE = 2_000
"""Rows written anew in one transaction: some tens of milliseconds, in which nobody else writes."""
REST_SECONDS = 0.05


class Untying:
    """What was written anew already need not be again, unless something else has come."""

    def __init__(self) -> None:
        self._ours: dict[str, frozenset[str]] = {}
        """The numbers that the rows of a table have had since the last time."""

    async def once(self, db: Database, stop: Callable[[], bool]) -> None:
        """On SQLite, whose rows have no such number, nothing."""
        for table in TABLES:
            if not await db.read(lambda tx, table=table: self._is_needed(tx, table)):  # type: ignore[misc]
                continue
            after: bytes | None = b""
            while after is not None and not stop():
                after = await db.write(lambda tx, table=table, after=after: _rewrite(tx, table, after))  # type: ignore[misc]
                await asyncio.sleep(REST_SECONDS)
            if after is None:
                self._ours[table.name] = await db.read(lambda tx, table=table: _numbers(tx, table))  # type: ignore[misc]

    def _is_needed(self, tx: Tx, table: Table) -> bool:
        if tx.conn.dialect.name != "postgresql":
            return False
        return not _numbers(tx, table) <= self._ours.get(table.name, frozenset())


def _numbers(tx: Tx, table: Table) -> frozenset[str]:
    found = tx.conn.exec_driver_sql(f"SELECT DISTINCT xmin::text FROM {table.name}")  # noqa: S608 - our own tables
    return frozenset(found.scalars())


def _rewrite(tx: Tx, table: Table, after: bytes) -> bytes | None:
    """The next rows anew; the last one's key, or None if there are no more."""
    name, (key,) = table.name, (column.name for column in table.primary_key)
    last: bytes | None = tx.conn.exec_driver_sql(
        f"""
        WITH chosen AS (SELECT {key} FROM {name} WHERE {key} > $1 ORDER BY {key} LIMIT {AT_ONCE}),
             gone AS (DELETE FROM {name} USING chosen WHERE {name}.{key} = chosen.{key} RETURNING {name}.*),
             back AS (INSERT INTO {name} SELECT * FROM gone ORDER BY {key} RETURNING {key})
        SELECT {key} FROM back ORDER BY {key} DESC LIMIT 1
        """,  # noqa: S608 - our own tables
        (after,),
    ).scalar()
    return last
