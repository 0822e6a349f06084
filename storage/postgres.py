"""PostgreSQL, for several processes: a transaction takes one connection of a pool."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from sqlalchemy import Connection

from storage.database import Tx, connect, leave_word, tell, writing
from storage.marks import Listener
from storage.vault import Vault

T = TypeVar("T")


class PostgresDatabase:
    def __init__(self, url: str, vault: Vault) -> None:
        self._engine = connect(url)
        self._vault = vault
        self.listener: Listener | None = None

    async def read(self, work: Callable[[Tx], T]) -> T:
        async with self._engine.connect() as conn:
            return await conn.run_sync(lambda sync: work(Tx(sync, self._vault)))

    async def write(self, work: Callable[[Tx], T], lane: bytes | None = None) -> T:
        def all_of_it(conn: Connection) -> tuple[Tx, T]:
            tx = writing(conn, self._vault)
            result = work(tx)
            leave_word(tx, self.listener)
            return tx, result

        async with self._engine.connect() as conn:
            tx, result = await conn.run_sync(all_of_it)
            await conn.commit()
        tell(tx, self.listener)
        return result

    async def tidy(self) -> bool:
        return True

    async def close(self) -> None:
        await self._engine.dispose()
