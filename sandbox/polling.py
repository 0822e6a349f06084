"""getUpdates: one long poll at a time, ended by the next one."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

from sandbox.errors import ApiError, conflict
from sandbox.updates import Update, Updates

MAX_LIMIT = 100
MAX_TIMEOUT_SECONDS = 50
LIVE_SECONDS = 10.0
"""A bot that handles updates between two polls still counts as live for so long."""


class Polling:
    def __init__(self, updates: Updates, live_changed: Callable[[], None]) -> None:
        self._updates = updates
        self._live_changed = live_changed
        self._current: asyncio.Future[ApiError | None] | None = None
        self._last_seen = -LIVE_SECONDS
        self._told_live = False

    @property
    def is_live(self) -> bool:
        return self._current is not None or time.monotonic() - self._last_seen < LIVE_SECONDS

    def terminate(self, reason: ApiError | None) -> None:
        """End the poll that waits now, with an error or (None) with nothing."""
        if self._current is not None and not self._current.done():
            self._current.set_result(reason)

    async def poll(self, offset: int, limit: int, timeout: float) -> list[Update]:  # noqa: ASYNC109 - Telegram's name
        """Confirm what lies below `offset`, then wait up to `timeout` real seconds for something."""
        self.terminate(
            conflict(
                "terminated by other getUpdates request; make sure that only one bot instance is running"
            )
        )
        if offset:
            self._updates.confirm_below(offset)
        ended: asyncio.Future[ApiError | None] = asyncio.get_running_loop().create_future()
        self._current = ended
        self._mark_live()
        try:
            return await self._wait(limit, min(timeout, MAX_TIMEOUT_SECONDS), ended)
        finally:
            if self._current is ended:
                self._current = None
            self._last_seen = time.monotonic()

    async def _wait(self, limit: int, seconds: float, ended: asyncio.Future[ApiError | None]) -> list[Update]:
        deadline = time.monotonic() + seconds
        while not (found := self._updates.pending()[:limit]):
            left = deadline - time.monotonic()
            if left <= 0:
                return []
            arrived = asyncio.ensure_future(self._updates.arrived.wait(left))
            try:
                await asyncio.wait((arrived, ended), return_when=asyncio.FIRST_COMPLETED)
            finally:
                arrived.cancel()
            if ended.done():
                if (reason := ended.result()) is not None:
                    raise reason
                return []
        return found

    def _mark_live(self) -> None:
        if not self._told_live:
            self._told_live = True
            self._live_changed()
        asyncio.get_running_loop().call_later(LIVE_SECONDS + 0.1, self._mark_gone)

    def _mark_gone(self) -> None:
        if self._told_live and not self.is_live:
            self._told_live = False
            self._live_changed()
