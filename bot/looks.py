"""Looks at the database that many ask for at once: those who ask while one is under way share the next.

By a webhook each update asks for itself. A look costs PostgreSQL and us a millisecond, however many it is for.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from time import monotonic

from storage import known
from storage.database import Database

BETWEEN = 0.005
"""Seconds from one look's end to the next."""


class Looks:
    """Which accounts are being served. Asked for once, or a thousand times a second."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._asked: set[bytes] = set()
        self._next: asyncio.Task[set[bytes]] | None = None
        """Not begun yet: whoever asks now is part of it."""
        self._one = asyncio.Lock()
        self._last = 0.0

    async def served_among(self, accounts: Collection[bytes]) -> set[bytes]:
        """Those, and maybe others: the answer is shared. It is no older than the question. Raises what a read does."""
        self._asked.update(accounts)
        if self._next is None:
            self._next = asyncio.create_task(self._look())
        return await asyncio.shield(self._next)

    async def _look(self) -> set[bytes]:
        async with self._one:
            await asyncio.sleep(self._last + BETWEEN - monotonic())
            asked, self._asked, self._next = self._asked, set(), None
            try:
                return await self._db.read(lambda tx: known.served_among(tx, asked))
            finally:
                self._last = monotonic()
