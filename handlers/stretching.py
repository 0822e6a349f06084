"""The one place where return codes are derived: one at a time, in a thread of low priority, with a short queue.

A derivation costs 0.3 s of one core and 128 MiB (`storage.code.CODE_COST`). However many codes are typed, no more than
one core works on them, and that core prefers everything else. The queue is short, because whoever waits in it holds up
their own chat and one of the places in which turns run. Codes that are made for a request that is being sent go first,
and are never turned away; then it goes by `handlers.code_tries.Tries.rank`: a flood stands behind all others.
"""

from __future__ import annotations

import asyncio
import os
import threading
from bisect import insort
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import count
from typing import TypeVar

T = TypeVar("T")

MOST_WAITING = 4
"""A second or so."""
Rank = tuple[int, int]
FIRST: Rank = (-1, 0)
"""The rank of what is never turned away."""
NICE = 10


class Busy(Exception):
    """Too many are at it: come again in a minute."""


@dataclass(order=True, slots=True)
class _Place:
    rank: Rank
    number: int
    turn: asyncio.Future[bool] = field(compare=False)
    """False: turned away."""


class Stretching:
    def __init__(self, most_waiting: int = MOST_WAITING) -> None:
        self._most = most_waiting
        self._running = False
        self._queue: list[_Place] = []
        self._numbers = count()
        self._thread = ThreadPoolExecutor(1, "stretching", _give_way)

    def __len__(self) -> int:
        """How many wait."""
        return len(self._queue)

    async def run(self, rank: Rank, work: Callable[[], T]) -> T:
        """`work` in the thread, when it is its turn; the lower rank first, of one rank whoever came first.

        Raises Busy when the queue is full of others that go first.
        """
        if self._running:
            await self._wait(rank)
        self._running = True
        try:
            return await asyncio.get_running_loop().run_in_executor(self._thread, work)
        finally:
            self._next()

    async def _wait(self, rank: Rank) -> None:
        place = _Place(rank, next(self._numbers), asyncio.get_running_loop().create_future())
        insort(self._queue, place)
        if len(self._queue) > self._most and self._queue[-1].rank != FIRST:
            _settle(self._queue.pop(), its_turn=False)
        try:
            its_turn = await place.turn
        except asyncio.CancelledError:
            if place in self._queue:
                self._queue.remove(place)
            elif not place.turn.cancelled() and place.turn.result():
                self._next()  # the turn came in that very moment: it goes to somebody else
            raise
        if not its_turn:
            raise Busy

    def _next(self) -> None:
        self._running = False
        while self._queue and not self._running:
            self._running = _settle(self._queue.pop(0), its_turn=True)


def _settle(place: _Place, *, its_turn: bool) -> bool:
    """False: whoever waited there has gone."""
    if place.turn.done():
        return False
    place.turn.set_result(its_turn)
    return True


def _give_way() -> None:
    """On Linux a thread has a priority of its own; elsewhere it keeps that of the process."""
    with suppress(OSError, AttributeError):
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICE)
