"""PostgreSQL, for several processes: a transaction takes one connection of a pool."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from storage.database import Tx, connect, writing
from storage.vault import Vault

T = TypeVar("T")


class PostgresDatabase:
    def __init__(self, url: str, vault: Vault) -> None:
        self._engine = connect(url)
        self._vault = vault

    async def read(self, work: Callable[[Tx], T]) -> T:
        async with self._engine.connect() as conn:
            return await conn.run_sync(lambda sync: work(Tx(sync, self._vault)))

    async def write(self, work: Callable[[Tx], T], lane: bytes | None = None) -> T:
        async with self._engine.connect() as conn:
            result = await conn.run_sync(lambda sync: work(writing(sync, self._vault)))
            await conn.commit()
            return result

    async def tidy(self) -> bool:
        return True

    async def close(self) -> None:
        await self._engine.dispose()
