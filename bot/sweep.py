"""What has been left: drafts that nobody touches any more."""

from __future__ import annotations

import structlog

from bot.due import Due
from bot.postman import Postman
from handlers import expiry
from handlers.desk import Desk
from storage.trouble import is_trouble

AT_ONCE = 50
"""Drafts ended in one transaction: turns wait meanwhile."""


class Sweep:
    def __init__(self, desk: Desk, postman: Postman, due: Due) -> None:
        self._desk = desk
        self._postman = postman
        self._due = due
        self._log = structlog.get_logger()

    async def step(self, now: int) -> bool:
        """True: more drafts may be over."""
        accounts = self._due.drafts.take(now, AT_ONCE)
        if not accounts:
            return False
        try:
            await self._end(accounts, now)
        except Exception as error:
            if is_trouble(error):
                self._note_again(accounts, now)
                raise
            self._log.error("drafts could not be ended together", exc_info=error)
            for account in accounts:
                await self._end_alone(account, now)
        return len(accounts) == AT_ONCE

    async def _end_alone(self, account: bytes, now: int) -> None:
        """One that can't be ended must not keep the others for ever; it is tried again when it has aged once more."""
        try:
            await self._end([account], now)
        except Exception as error:
            self._log.error("a draft could not be ended", exc_info=error)
            self._due.drafts.note(account, now)

    async def _end(self, accounts: list[bytes], now: int) -> None:
        ended = await self._desk.db.write(lambda tx: expiry.expire_drafts(tx, self._desk, now, accounts))
        for account, touched in ended.later.items():
            self._due.drafts.note(account, touched)
        if ended.dropped:
            self._log.error("damaged rows were dropped: see postern check", kind="draft", count=ended.dropped)
        for edit in ended.edits:
            self._postman.post(edit.chat, [edit])

    def _note_again(self, accounts: list[bytes], now: int) -> None:
        for account in accounts:
            self._due.drafts.note(account, now - self._desk.terms.draft_seconds)
