"""Going through all rows, a page at a time: at the start, and again from time to time.

What the sender knows of due rows is kept in memory, so it has to be learned after a restart. Later looks find what
slipped through: a row whose word got lost, or one that was damaged.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import structlog

from bot.due import Due
from storage import damage, drafts, outbox, traces
from storage.database import Database, Tx
from storage.found import Found
from storage.marks import Kind, Mark

PAGE = 100
"""Rows read at once: turns wait meanwhile, for a few milliseconds."""
EVERY_SECONDS = 900
"""From the end of one look to the beginning of the next, which takes a page a second."""
LEAST_SECONDS = 60
"""From the end of one look to the beginning of one that is asked for."""

_PAGES: Mapping[Kind, Callable[[Tx, bytes, int], Found[Any]]] = {
    Kind.JOB: outbox.jobs_after,
    Kind.TRACE: traces.after,
    Kind.DRAFT: drafts.after,
}


class LookOver:
    def __init__(self, db: Database, due: Due) -> None:
        self._db = db
        self._due = due
        self._into: Due | None = due
        """What the look fills: at the start, the one that is in use."""
        self._left = list(Kind)
        """The kinds still to be gone through, the current one first."""
        self._last = b""
        self._thorough = True
        """Every row is opened, without pauses."""
        self._over_at = 0
        self._log = structlog.get_logger()

    def afresh(self) -> None:
        """As after a restart: the sender was another process meanwhile."""
        self._due.stay()
        self._into, self._left, self._last, self._thorough = self._due, list(Kind), b"", True

    def hurry(self, now: int) -> None:
        """Something damaged was met: look at everything, and soon. Not again and again: it may lie elsewhere."""
        if not self._thorough and abs(now - self._over_at) >= LEAST_SECONDS:
            self._begin()
            self._thorough = True

    async def step(self, now: int) -> bool:
        """Read one page, if it is time to. True: the next one should follow at once."""
        if self._into is None:
            if self._over_at <= now < self._over_at + EVERY_SECONDS:
                return False
            self._begin()
        await self._page(now)
        if not self._left:
            self._due.take_over()
            self._into, self._thorough, self._over_at = None, False, now
        return self._thorough

    def _begin(self) -> None:
        self._into = self._due.begin_anew()
        self._left, self._last = list(Kind), b""

    async def _page(self, now: int) -> None:
        kind = self._left[0]
        if kind is Kind.DRAFT and not self._thorough:
            keys = await self._strangers(now)
        else:
            found = await self._db.read(lambda tx: _PAGES[kind](tx, self._last, PAGE))
            self._note(kind, found.rows)
            await self._drop(kind, found.damaged, now)
            keys = [*found.rows, *found.damaged]
        if len(keys) < PAGE:
            self._left, self._last = self._left[1:], b""
        else:
            self._last = max(keys)

    def _note(self, kind: Kind, rows: Mapping[bytes, Any]) -> None:
        if kind is not Kind.DRAFT:
            assert self._into is not None  # noqa: S101 - only asked during a look
            self._into.note(Mark(kind, key, row.due) for key, row in rows.items())
            return
        for account, conversation in rows.items():
            if account not in self._due.drafts:  # what is known was heard later
                self._due.drafts.note(account, conversation.draft.active_at)

    async def _strangers(self, now: int) -> list[bytes]:
        """Drafts of which nothing was heard; they are taken for touched now, and need not be opened."""
        keys = await self._db.read(lambda tx: drafts.accounts_after(tx, self._last, PAGE))
        for account in keys:
            if account not in self._due.drafts:
                self._due.drafts.note(account, now)
        return keys

    async def _drop(self, kind: Kind, keys: tuple[bytes, ...], now: int) -> None:
        """A row that was altered would stop the work for everybody."""
        if keys:
            count = await self._db.write(lambda tx: damage.drop(tx, kind, keys, now))
            self._log.error("damaged rows were dropped: see postern check", kind=kind, count=count)
