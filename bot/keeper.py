"""Once a day: whoever should act hears of cases whose end is near, and what is past its time goes.

Not after a jump of the clock: then both wait for some days, see `storage.clock_jump`.

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
from storage import clock_jump
from storage.clock_jump import HELD_DAYS, Held
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
        self._again_at: int | None = None
        self._jump: Held | None = None
        """What was said about the clock last."""

    async def run(self, stop: asyncio.Event) -> None:
        while not stop.is_set():
            now = self._desk.clock()
            is_due = now // DAY != self._kept_day or self._jump is not None
            if is_due and not self._is_pausing(now):
                await self._keep(now)
            with suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), TICK_SECONDS)

    def _is_pausing(self, now: int) -> bool:
        """Whether the last try is no minute ago; a clock that went back a year must not make that a year."""
        return self._again_at is not None and self._again_at - AGAIN_SECONDS <= now < self._again_at

    async def _keep(self, now: int) -> None:
        """The day's work: both parts, whatever becomes of one. Each may be cut short anywhere, and done again."""
        works = (self._tell, self._purge)
        if await self._try(self._look_at_clock, now) and (
            self._jump is None and all([await self._try(work, now) for work in works])
        ):
            self._kept_day = now // DAY
        else:
            self._again_at = now + AGAIN_SECONDS
        self._desk.wake()

    async def _look_at_clock(self, now: int) -> None:
        jump = await self._desk.db.write(lambda tx: clock_jump.notice(tx, now // DAY))
        log = structlog.get_logger()
        if jump is not None and jump != self._jump:
            log.error(
                "the clock has jumped, or the service was off for days: nothing is purged for now, see postern check",
                days=jump.since - jump.before,
                waits_for_days=HELD_DAYS,
            )
        elif jump is None and self._jump is not None:
            log.info("the purge goes on")
        self._jump = jump

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
