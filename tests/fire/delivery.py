"""How updates reach the service: long polling or a webhook, again and again until each is confirmed."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from random import Random
from typing import Any

import aiohttp

Json = dict[str, Any]
CONNECTIONS = 40
AGAIN_SECONDS = 0.15
"""Between two tries to bring an update by webhook. Telegram waits longer; that would only take time."""
ANSWER_SECONDS = 60.0


@dataclass
class Delivery:
    online: asyncio.Event = field(default_factory=asyncio.Event)
    """The service of this life has asked for updates."""
    disorder: Random | None = None
    """If set, updates come out of order, and many of them twice or thrice, even after they were confirmed."""
    cut_off: Callable[[], bool] = lambda: False
    """Whether nothing reaches the service just now (by webhook)."""
    waiting: dict[int, tuple[int, Json]] = field(default_factory=dict)
    """Update number -> chat and update, in order of arrival, until it is confirmed."""
    confirmed: set[int] = field(default_factory=set)
    seen: dict[int, float] = field(default_factory=dict)
    """Update number -> when it was put in, by the loop's clock; until it is confirmed."""
    again: int = 0
    """Deliveries of updates that had been delivered before."""
    _handed: set[int] = field(default_factory=set)
    _numbers: int = 1000
    _arrived: asyncio.Event = field(default_factory=asyncio.Event)
    _poller: int = 0
    _address: tuple[str, str] = ("", "")
    balanced: Random | None = None
    """If set, several processes stand behind a load balancer, which brings each update to any of them."""
    _addresses: set[tuple[str, str]] = field(default_factory=set)
    _bringing: asyncio.Task[None] | None = None
    _busy: set[int] = field(default_factory=set)
    _done: asyncio.Event = field(default_factory=asyncio.Event)

    def put(self, chat: int, **update: Any) -> int:
        self._numbers += 1
        self.waiting[self._numbers] = (chat, {"update_id": self._numbers, **update})
        self.seen[self._numbers] = asyncio.get_running_loop().time()
        self._arrived.set()
        return self._numbers

    def _confirm(self, number: int) -> None:
        self.confirmed.add(number)
        self.waiting.pop(number, None)
        self.seen.pop(number, None)
        self._done.set()

    async def confirmation(self, number: int, within: float) -> bool:
        """Whether this update is confirmed within so many seconds."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + within
        while number not in self.confirmed and (left := deadline - loop.time()) > 0:
            self._done.clear()
            try:
                await asyncio.wait_for(self._done.wait(), min(left, 0.2))
            except TimeoutError:
                continue
        return number in self.confirmed

    async def take(self, offset: int, timeout: float) -> list[Json] | None:  # noqa: ASYNC109 - Telegram's own word
        """For `getUpdates`. None: another poller has come since."""
        self._poller += 1
        mine = self._poller
        for number in [n for n in self.waiting if n < offset]:
            self._confirm(number)
        self.online.set()
        loop = asyncio.get_running_loop()
        deadline = loop.time() + timeout
        while not self.waiting and (left := deadline - loop.time()) > 0:
            self._arrived.clear()
            with suppress(TimeoutError):
                await asyncio.wait_for(self._arrived.wait(), min(left, 0.5))
            if mine != self._poller:
                return None
        found = [update for _, update in list(self.waiting.values())[:100]]
        self._note_handed(update["update_id"] for update in found)
        return found

    def _note_handed(self, numbers: Any) -> None:
        for number in numbers:
            self.again += number in self._handed
            self._handed.add(number)

    # The webhook.

    def webhook(self, url: str, secret: str) -> None:
        self._address = (url, secret)
        self._addresses.add(self._address)
        self.online.set()
        if self._bringing is None:
            self._bringing = asyncio.create_task(self._bring())

    def webhook_off(self) -> None:
        self._address = ("", "")

    async def close(self) -> None:
        if self._bringing is not None:
            self._bringing.cancel()
            await asyncio.gather(self._bringing, return_exceptions=True)

    async def _bring(self) -> None:
        slots = asyncio.Semaphore(CONNECTIONS)
        tasks: set[asyncio.Task[None]] = set()
        connector = aiohttp.TCPConnector(limit=CONNECTIONS)
        async with aiohttp.ClientSession(connector=connector) as session:
            while True:
                number = self._next()
                if number is None:
                    self._arrived.clear()
                    with suppress(TimeoutError):
                        await asyncio.wait_for(self._arrived.wait(), 0.05)
                    continue
                await slots.acquire()
                task = asyncio.create_task(self._deliver(session, number))
                tasks.add(task)
                task.add_done_callback(tasks.discard)
                task.add_done_callback(lambda _: slots.release())

    def _next(self) -> int | None:
        """The next update that may go: the first of a chat of which none is on its way, or any in disorder."""
        if not self._address[0] or self.cut_off():
            return None
        if self.disorder is not None:
            free = [n for n in self.waiting if n not in self._busy]
            return self._take(self.disorder.choice(free)) if free else None
        chats = {self.waiting[n][0] for n in self._busy if n in self.waiting}
        for number, (chat, _) in self.waiting.items():
            if number not in self._busy and chat not in chats:
                return self._take(number)
            chats.add(chat)
        return None

    def _take(self, number: int) -> int:
        self._busy.add(number)
        return number

    async def _deliver(self, session: aiohttp.ClientSession, number: int) -> None:
        try:
            (_, update), (url, secret) = self.waiting[number], self._address
            if self.balanced is not None:
                url, secret = self.balanced.choice(sorted(self._addresses))
            copies = self.disorder.choice([1, 1, 2, 3]) if self.disorder is not None else 1
            for _ in range(copies):
                self._note_handed([number])
                ok = await self._post(session, url, secret, update)
            if ok:
                self._confirm(number)
            else:
                await asyncio.sleep(AGAIN_SECONDS)
        finally:
            self._busy.discard(number)
            self._arrived.set()

    async def _post(self, session: aiohttp.ClientSession, url: str, secret: str, update: Json) -> bool:
        headers = {"X-Telegram-Bot-Api-Secret-Token": secret}
        try:
            limit = aiohttp.ClientTimeout(ANSWER_SECONDS)
            async with session.post(url, json=update, headers=headers, timeout=limit) as answer:
                return answer.status == 200
        except (aiohttp.ClientError, TimeoutError, OSError):
            return False
