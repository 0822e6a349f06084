"""What becomes of an update whose turn fails: tried again for as long as it takes, or given up after some tries.

The line is drawn in `storage.trouble`. A database that can't be written is nobody's fault who writes to the bot: their
update stays unconfirmed until it is done. Anything else is a defect or a damaged row and would fail for ever, and what
comes behind it would wait for ever; so it is given up, but only if the database takes a write at that moment: else it
is the whole installation that is not right, whatever the error's name.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, nullcontext
from typing import Any

import structlog

from bot.counts import Counts, Turn
from bot.outage import unless_stopped
from bot.seldom import Seldom
from bot.states import State, States
from intake.errors import Tampered
from storage import given_up
from storage.database import Database
from storage.trouble import is_trouble, name_of

TURN_RETRIES = (0.2, 0.5, 1.0, 2.0)
"""Seconds between tries of a turn that fails by itself; then its update is given up."""
PATIENCE = (0.2, 0.5, 1.0, 2.0, 5.0)
"""Seconds between tries while the database is in trouble; the last one for as long as it takes."""


class Persistence:
    """`suspect` is called when something turned out to be damaged."""

    def __init__(
        self,
        db: Database,
        states: States,
        counts: Counts,
        clock: Callable[[], int],
        suspect: Callable[[], None] = lambda: None,
        retries: tuple[float, ...] = TURN_RETRIES,
        patience: tuple[float, ...] = PATIENCE,
    ) -> None:
        self._db = db
        self.states = states
        self._counts = counts
        self._clock = clock
        self._suspect = suspect
        self._retries = retries
        self._patience = patience
        self._seldom = Seldom()
        self._log = structlog.get_logger()

    async def persist(
        self,
        turn: Turn,
        update: dict[str, Any],
        stop: asyncio.Event,
        aside: Callable[[], AbstractAsyncContextManager[None]] = nullcontext,
    ) -> bool:
        """Run a turn, again if it fails; True if its update need not come again. Waits `aside`, for others' sake."""
        failures = waits = 0
        while True:
            try:
                await turn(update)
            except Exception as error:  # a turn that fails must not stop the others
                if not self.is_trouble(error):
                    failures += 1
                    if failures > len(self._retries) and await self.gives_up():
                        return True
                if 0 < failures <= len(self._retries):
                    pause = self._retries[failures - 1]
                else:
                    pause = self._patience[min(waits, len(self._patience) - 1)]
                    waits += 1
            else:
                self.states.end(State.DATABASE)
                return True
            async with aside():
                await unless_stopped(asyncio.sleep(pause), stop)
            if stop.is_set():
                return False

    def is_trouble(self, error: Exception) -> bool:
        """Whether it is the database that fails; if not, the defect is told, with its place in the code."""
        self._counts.turns_failed += 1
        if is_trouble(error):
            self._counts.database_trouble += 1
            self.states.begin(State.DATABASE, name_of(error))
            return True
        if self._seldom.is_due(error):
            self._log.error("a turn failed", exc_info=error)
        if isinstance(error, Tampered):
            self._suspect()
        return False

    async def gives_up(self) -> bool:
        """Give an update up, and count it; False if it is not only this one that fails."""
        now = self._clock()
        try:
            await self._db.write(lambda tx: given_up.note(tx, "update", now))
        except Exception as error:
            self.states.begin(State.DATABASE, name_of(error))
            return False
        self._counts.given_up["update"] += 1
        self._log.error("an update was given up: see postern check")
        return True
