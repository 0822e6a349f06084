"""What takes seconds and is shown to one person: a picture. No turn waits for it, and so no fetch of updates does.

One such work at a time, and of each chat the one that was asked for last: whoever presses ten buttons gets what the
tenth leads to. It is a view, like any screen: if the process ends before it is there, pressing again shows it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from storage.trouble import is_trouble

Work = Callable[[], Awaitable[None]]


class Aside:
    def __init__(self) -> None:
        self._waiting: dict[int, tuple[Work, Callable[[], None]]] = {}
        self._task: asyncio.Task[None] | None = None

    def begin(self, chat: int, work: Work, failed: Callable[[], None]) -> None:
        """Do it after this turn; `failed` is called, with nothing to be told but that, if it can't be done."""
        self._waiting.pop(chat, None)
        self._waiting[chat] = work, failed
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._run())

    async def idle(self) -> None:
        """Until everything is done that was begun."""
        if self._task is not None:
            await self._task

    async def close(self) -> None:
        """Give up what is under way."""
        self._waiting.clear()
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _run(self) -> None:
        while self._waiting:
            work, failed = self._waiting.pop(next(iter(self._waiting)))
            try:
                await work()
            except Exception as error:  # the others' turn comes all the same
                if not is_trouble(error):
                    told = {"message": "something could not be shown", "exception": error}
                    asyncio.get_running_loop().call_exception_handler(told)
                failed()
