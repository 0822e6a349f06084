"""Looks from time to time whether the board still says how things stand, and has it edited when it doesn't.

Nobody who changes a case needs to think of the board; and in a surge many changes make one edit.
"""

from __future__ import annotations

from handlers import board
from handlers.desk import Desk
from storage import outbox
from storage.database import Tx
from storage.outbox import Job, Task

BOARD_SECONDS = 8
"""Between looks: with a second until the loop comes round, the board is never more than ten behind."""


class BoardWatch:
    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._looked = 0
        self._owed = b""
        """The last job that was written here."""

    async def step(self, now: int) -> bool:
        if self._desk.terms.operators_chat is None or 0 <= now - self._looked < BOARD_SECONDS:
            return False
        self._looked = now
        if await self._desk.db.read(lambda tx: self._is_to_be_edited(tx, now), long=True):
            self._owed = await self._desk.db.write(lambda tx: outbox.add(tx, Job(Task.BOARD, now)))
        return False

    def _is_to_be_edited(self, tx: Tx, now: int) -> bool:
        """Unless it is going to be: a job that waits for room makes the text when its turn comes."""
        if self._owed and outbox.jobs(tx, [self._owed]).rows:
            return False
        return board.is_behind(tx, self._desk, now)
