"""Every few minutes, what was counted is added to its month, and no number of PostgreSQL's says whose it was.

Of several processes, the one that sends does it.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from random import SystemRandom

import structlog

from handlers.cards import DAY
from handlers.desk import Desk
from storage import clock_jump, tallies
from storage.trouble import is_trouble
from storage.untying import Untying

EVERY_SECONDS = 600
REST_SECONDS = 0.05
"""Between two transactions: whoever waits to write gets in."""


class Counting:
    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._random = SystemRandom()
        self._untying = Untying()

    async def run(self, stop: asyncio.Event) -> None:
        while not stop.is_set():
            try:
                await self.once(stop)
            except Exception as error:  # it is tried again; the rows are still there
                if not is_trouble(error):
                    structlog.get_logger().error("the counts could not be brought up to date", exc_info=error)
            with suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), EVERY_SECONDS * self._random.uniform(0.5, 1.5))

    async def once(self, stop: asyncio.Event) -> None:
        """All that can be done now. Nothing is folded while the clock may be wrong."""
        db, now, k = self._desk.db, self._desk.clock(), self._desk.terms.anonymity_k
        if await db.write(lambda tx: clock_jump.notice(tx, now // DAY)) is None:
            # A month that a wrong clock has closed could not be opened again.
            while await db.write(lambda tx: tallies.fold(tx, now, k)) and not stop.is_set():
                with suppress(TimeoutError):
                    await asyncio.wait_for(stop.wait(), REST_SECONDS)
        await self._untying.once(db, stop.is_set)
