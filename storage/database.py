"""The one owner of connections and transactions. Stores get a `Tx` and never commit."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from sqlalchemy import Connection, Table, event, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from storage.schema import meta
from storage.vault import SECRETS_NAME, Vault

T = TypeVar("T")

BUSY_SECONDS = 20
"""How long a statement waits for another process's lock on SQLite (a backup, a command in the shell)."""

TIDY_MILLISECONDS = 50
"""How long `tidy` waits for readers. Turns wait meanwhile."""

_PRAGMAS = (
    "PRAGMA journal_mode=WAL",
    "PRAGMA synchronous=FULL",  # a commit that was reported survives a power cut
    "PRAGMA secure_delete=ON",  # deleted rows are overwritten with zeros
    "PRAGMA foreign_keys=ON",
    "PRAGMA temp_store=MEMORY",  # no temporary files on the disk
)
_SECRETS = select(meta.c.value).where(meta.c.name == SECRETS_NAME).with_for_update(read=True)
"""On PostgreSQL with a shared lock: whoever changes it waits for those who write under the former key."""


@dataclass(frozen=True, slots=True)
class Tx:
    """One transaction: the connection, and the vault that reads and writes what is wrapped."""

    conn: Connection
    vault: Vault


class Database:
    def __init__(self, url: str, vault: Vault) -> None:
        self._engine = connect(url)
        self._vault = vault
        self._writing = asyncio.Lock()
        self._untidy = True

    async def read(self, work: Callable[[Tx], T]) -> T:
        """Run `work` on one consistent view of the data."""
        async with self._engine.connect() as conn:
            if conn.dialect.name == "sqlite":
                await conn.exec_driver_sql("BEGIN")  # without it, each statement would see its own instant
            return await conn.run_sync(lambda sync: work(Tx(sync, self._vault)))

    async def write(self, work: Callable[[Tx], T]) -> T:
        """Run `work` in one transaction: all of it is on the disk when this returns, or none of it ever.

        `work` is plain synchronous code that may not wait for anything else: it holds the writer's place.
        """
        async with self._writing, self._engine.connect() as conn:
            if conn.dialect.name == "sqlite":
                # Taking the lock at once avoids the one deadlock SQLite has: two readers that both want to write.
                await conn.exec_driver_sql("BEGIN IMMEDIATE")
            result = await conn.run_sync(lambda sync: work(self._writing_tx(sync)))
            self._untidy = True
            await conn.commit()
            return result

    def _writing_tx(self, conn: Connection) -> Tx:
        """Wraps under the server key that is in force in this very transaction, see `storage.rotation`."""
        in_force = conn.execute(_SECRETS).scalar()
        if in_force is not None:
            self._vault.follow(in_force)
        return Tx(conn, self._vault)

    async def tidy(self) -> bool:
        """Empty the log of what has been written since the last time, so that nothing deleted stays readable in it.

        False: readers are at it; ask again. PostgreSQL does this by itself.
        """
        if not self._untidy or self._engine.dialect.name != "sqlite":
            return True
        async with self._writing, self._engine.connect() as conn:
            await conn.exec_driver_sql(f"PRAGMA busy_timeout={TIDY_MILLISECONDS}")
            busy = (await conn.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")).scalar_one()
            await conn.exec_driver_sql(f"PRAGMA busy_timeout={BUSY_SECONDS * 1000}")
            self._untidy = bool(busy)
            return not busy

    async def close(self) -> None:
        await self._engine.dispose()


def connect(url: str) -> AsyncEngine:
    engine = create_async_engine(url, hide_parameters=True)
    if make_url(url).get_backend_name() == "sqlite":
        event.listen(engine.sync_engine, "connect", _prepare_sqlite)
    return engine


def _prepare_sqlite(connection: Any, _record: object) -> None:
    # The driver's own BEGIN is late and invisible: it is turned off, and `write` says BEGIN itself.
    connection.isolation_level = None
    cursor = connection.cursor()
    cursor.execute(f"PRAGMA busy_timeout={BUSY_SECONDS * 1000}")
    for pragma in _PRAGMAS:
        cursor.execute(pragma)
    cursor.close()


def upsert(
    tx: Tx,
    table: Table,
    key: Mapping[str, object],
    values: Mapping[str, object],
    *,
    again: Mapping[str, object] | None = None,
) -> None:
    """Insert the row, or, when the key is there already, set `again` (by default the same values)."""
    dialect = sqlite if tx.conn.dialect.name == "sqlite" else postgresql
    row = dialect.insert(table).values(**key, **values)
    tx.conn.execute(row.on_conflict_do_update(index_elements=list(key), set_=dict(again or values)))
