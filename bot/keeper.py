"""Once a day: whoever should act hears of cases whose end is near, and what is past its time goes.

Apart from the sender, because a large purge takes minutes, in which messages must go out. Of several processes, the one
that sends does it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress

import structlog

from handlers.desk import Desk
from handlers.end_notices import DAY, tell_of_ends
from storage.retention import Retention, purge
from storage.trouble import is_trouble

TICK_SECONDS = 1.0
AGAIN_SECONDS = 60
"""After a failure."""


class Keeper:
    def __init__(self, desk: Desk, retention: Retention) -> None:
        self._desk = desk
        self._retention = retention
        self._kept_day = 0
        """The last day on which all was done."""
        self._not_before = 0

    async def run(self, stop: asyncio.Event) -> None:
        while not stop.is_set():
            now = self._desk.clock()
            if now // DAY != self._kept_day and now >= self._not_before:
                await self._keep(now)
            with suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), TICK_SECONDS)

    async def _keep(self, now: int) -> None:
        """The day's work: both parts, whatever becomes of one. Each may be cut short anywhere, and done again."""
        if all([await self._try(self._tell, now), await self._try(self._purge, now)]):
            self._kept_day = now // DAY
        else:
            self._not_before = now + AGAIN_SECONDS
        self._desk.wake()

    async def _try(self, work: Callable[[int], Awaitable[None]], now: int) -> bool:
        try:
            await work(now)
        except Exception as error:  # it is tried again; whatever was done lies in the database
            if is_trouble(error):  # the background says so, once
                return False
            structlog.get_logger().error("the day's purge was not finished", exc_info=error)
            return False
        return True

    async def _tell(self, now: int) -> None:
        while await self._desk.db.write(lambda tx: tell_of_ends(tx, self._desk, now)):
            self._desk.wake()

    async def _purge(self, now: int) -> None:
        await purge(self._desk.db, self._retention, now)
