"""A bell that many tasks can wait for."""

from __future__ import annotations

import asyncio


class Signal:
    """`fire` wakes everyone who waits now.

    There is one thread and no lock: check the condition, then call `wait` without an await between them,
    and no firing can be missed.
    """

    def __init__(self) -> None:
        self._event = asyncio.Event()

    def fire(self) -> None:
        self._event.set()
        self._event = asyncio.Event()

    async def wait(self, timeout: float | None = None) -> bool:  # noqa: ASYNC109 - callers want False, not an error
        """True once fired; False after `timeout` real seconds."""
        try:
            await asyncio.wait_for(self._event.wait(), timeout)
        except TimeoutError:
            return False
        return True
