"""Which of several processes sends, and, without a webhook, fetches the updates: the one that has the seat."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress

import structlog

from bot.outage import unless_stopped
from storage.seat import Seat

EVERY_SECONDS = 1.0
SETTLE_SECONDS = 2.0
"""From getting a seat that another process had to using it: if that one has not ended but lost its connection, it has
noticed by then, and what it had on its way to Telegram is there.

Whoever gets it at the first question begins at once: a connection that is cut is noticed the same moment
(`Seat.lost`). Where this ends: with a former holder that stands still just then."""
COUNT_EVERY = 5
"""The others are counted so many times more rarely than the seat is asked for."""


class Election:
    def __init__(
        self,
        seat: Seat,
        heard: Callable[[], None],
        counted: Callable[[int], None],
        resign: Callable[[], None],
    ) -> None:
        """`heard`: another process has written something that is due. `counted`: so many processes there are.

        `resign`: the seat is lost. When it returns, nothing new may go out any more.
        """
        self._seat = seat
        seat.heard, seat.lost = heard, self._note_lost
        self._counted = counted
        self._resign = resign
        self._waited = False
        """Another process may have had the seat since this one began, or since it lost it."""
        self._told = False
        """That this process waits."""
        self._losses = 0
        self._won = asyncio.Event()
        self._lost = asyncio.Event()
        self._lost.set()
        self._rings = False
        self._ringing: asyncio.Task[None] | None = None
        self._log = structlog.get_logger()

    @property
    def has_seat(self) -> bool:
        return self._won.is_set()

    async def run(self, stop: asyncio.Event) -> None:
        """Stand for it until `stop`. The seat is not given back then: see `leave`."""
        rounds = 0
        while not stop.is_set():
            await self._stand(stop)
            if rounds % COUNT_EVERY == 0:
                self._counted(await self._seat.present())
            rounds += 1
            await unless_stopped(asyncio.sleep(EVERY_SECONDS), stop)

    async def _stand(self, stop: asyncio.Event) -> None:
        has = await self._seat.take()
        if has and self._waited and not self.has_seat:
            losses = self._losses
            await unless_stopped(asyncio.sleep(SETTLE_SECONDS), stop)
            has = await self._seat.take()
            if self._losses != losses:  # somebody else may have had it meanwhile: from the beginning
                return
        if has:
            self._note_won()
        else:
            self._note_waiting(has)

    async def leave(self) -> None:
        """The last thing that a process does: from now on another may send."""
        if self._ringing is not None:
            await asyncio.wait([self._ringing], timeout=EVERY_SECONDS)
        await self._seat.leave()

    async def whenever(self, work: Callable[[asyncio.Event], Awaitable[None]], stop: asyncio.Event) -> None:
        """Run `work` each time that this process has got the seat, until it is lost; end with `stop`."""
        while True:
            await unless_stopped(self._won.wait(), stop)
            if stop.is_set():
                return
            if not self.has_seat:  # lost again before this began
                continue
            over = asyncio.Event()
            watching = asyncio.create_task(_set_with_either(over, self._lost, stop))
            try:
                await work(over)
            finally:
                watching.cancel()
                with suppress(asyncio.CancelledError):
                    await watching

    def ring(self) -> None:
        """Let the process that has the seat look at once. Returns at once."""
        self._rings = True
        if self._ringing is None or self._ringing.done():
            self._ringing = asyncio.create_task(self._ring())

    async def _ring(self) -> None:
        while self._rings:
            self._rings = False
            await self._seat.ring()

    def _note_won(self) -> None:
        if self.has_seat:
            return
        self._lost.clear()
        self._won.set()
        if self._waited:
            self._log.info("this process sends from now on")
        self._waited = self._told = False

    def _note_waiting(self, has: bool | None) -> None:
        self._note_lost()  # for a seat that has not told
        self._waited = True
        if has is False and not self._told:
            self._told = True
            self._log.info("another process sends, and fetches what there is to fetch: this one waits")

    def _note_lost(self) -> None:
        self._losses += 1
        if not self.has_seat:
            return
        self._won.clear()
        self._lost.set()
        self._waited = self._told = True
        self._resign()
        self._log.warning("this process sends no longer: the database could not say that it may")


async def _set_with_either(over: asyncio.Event, *events: asyncio.Event) -> None:
    waiting = [asyncio.create_task(event.wait()) for event in events]
    try:
        await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        over.set()
    finally:
        for task in waiting:
            task.cancel()
