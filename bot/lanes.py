"""Order within a chat, concurrency between chats."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Hashable
from contextlib import asynccontextmanager
from typing import Any

Work = Callable[[], Awaitable[Any]]
LATE_SECONDS = 0.5
"""Work that waits so long for other lanes before it begins: there is more to do than is done."""
BUSY_SECONDS = 1.0
"""For so long after that it is taken to be still so."""


class Lanes:
    """Runs work in lanes: strictly one after another in a lane, up to `running` lanes at a time.

    A lane exists only while it has work. At most `waiting` pieces are held; `submit` waits beyond that.
    """

    def __init__(self, running: int = 16, waiting: int = 1000) -> None:
        self._lanes: dict[Hashable, deque[tuple[Work, asyncio.Future[Any]]]] = {}
        self._late_at = -BUSY_SECONDS
        self._workers: set[asyncio.Task[None]] = set()
        self._side_by_side = running
        self._running = asyncio.Semaphore(running)
        self._room = asyncio.Semaphore(waiting)

    def __len__(self) -> int:
        """How many lanes have work."""
        return len(self._lanes)

    def busy(self) -> bool:
        """Whether there is more to do than is done."""
        return asyncio.get_running_loop().time() < self._late_at + BUSY_SECONDS

    def held_up(self) -> bool:
        """Whether a lane waits for others just now. On a full day that is often so, and for a moment."""
        return len(self._lanes) > self._side_by_side

    def overrun(self) -> None:
        """Wherever work comes from, more of it waits there than is taken."""
        self._late_at = asyncio.get_running_loop().time()

    async def submit(self, key: Hashable, work: Work) -> asyncio.Future[Any]:
        """Queue `work` in the lane `key`; the future gets its result or error.

        Cancelling the future skips work not yet begun.
        """
        await self._room.acquire()
        future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        lane = self._lanes.get(key)
        if lane is not None:
            lane.append((work, future))
            return future
        self._lanes[key] = deque([(work, future)])
        worker = asyncio.create_task(self._work(key))
        self._workers.add(worker)
        worker.add_done_callback(self._workers.discard)
        return future

    @asynccontextmanager
    async def aside(self) -> AsyncIterator[None]:
        """For work that has to pause: its lane waits, and another lane may run meanwhile."""
        self._running.release()
        try:
            yield
        finally:
            await self._running.acquire()

    async def drain(self, within: float) -> bool:
        """Wait up to `within` seconds for all work, then cancel the rest. True if nothing was cut short."""
        if not self._workers:
            return True
        _, late = await asyncio.wait(self._workers, timeout=within)
        for worker in late:
            worker.cancel()
        await asyncio.gather(*late, return_exceptions=True)
        return not late

    async def _work(self, key: Hashable) -> None:
        lane = self._lanes[key]
        try:
            while lane:  # no await between the last look and the removal below: nothing can slip in
                work, future = lane.popleft()
                try:
                    await self._run(work, future)
                finally:
                    self._room.release()
        finally:
            del self._lanes[key]
            for _, future in lane:
                self._room.release()
                future.cancel()

    async def _run(self, work: Work, future: asyncio.Future[Any]) -> None:
        try:
            clock = asyncio.get_running_loop().time
            waits_since = clock()
            async with self._running:
                began = clock()
                if began - waits_since > LATE_SECONDS:
                    self._late_at = began
                if future.cancelled():
                    return
                result = await work()
        except asyncio.CancelledError:
            future.cancel()
            raise
        except Exception as error:  # the submitter's to judge: it is handed over, not swallowed
            if not future.done():
                future.set_exception(error)
        else:
            if not future.done():
                future.set_result(result)
