"""How updates reach the bot: it fetches them by long polling or, once it has called setWebhook, gets them posted."""

from __future__ import annotations

import asyncio
import itertools
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any
from urllib.parse import urlsplit

import orjson

from benchmarks.load.http import Line, Message, Respond
from benchmarks.load.parameters import Parameters

MOST_FETCHED = 100
"""Telegram's own limit of one getUpdates."""
MOST_LINES = 40
"""Connections to a webhook; Telegram's own default."""
AGAIN_AFTER = 1.0
"""Seconds until an update is posted anew that the webhook did not take."""
Answered = Callable[[str, Parameters], None]


class Feed:
    def __init__(self) -> None:
        self.answered_in_response: Answered = lambda _method, _parameters: None
        """Told of a call that the webhook made in its response instead of by itself."""
        self._updates: deque[tuple[int, bytes]] = deque()
        self._number = 1_000
        self._waiting: tuple[Respond, int, asyncio.TimerHandle] | None = None
        self._webhook: _Webhook | None = None

    def put(self, update: dict[str, Any]) -> None:
        self._number += 1
        body = orjson.dumps({"update_id": self._number, **update})
        if self._webhook is not None:
            self._webhook.put(body)
            return
        self._updates.append((self._number, body))
        if self._waiting is not None:
            asyncio.get_running_loop().call_soon(self._serve)

    def fetch(self, parameters: Parameters, respond: Respond) -> None:
        """getUpdates: what is there from `offset` on, as soon as something is; all before it is confirmed."""
        if self._waiting is not None:  # two fetch at once: as Telegram does, the first is turned away
            first, _, timer = self._waiting
            timer.cancel()
            self._waiting = None
            first(
                409, b'{"ok":false,"error_code":409,"description":"Conflict: terminated by other getUpdates"}'
            )
        offset, limit = parameters.number("offset"), parameters.number("limit") or MOST_FETCHED
        while self._updates and self._updates[0][0] < offset:
            self._updates.popleft()
        timeout = parameters.number("timeout")
        timer = asyncio.get_running_loop().call_later(timeout, self._serve)
        self._waiting = respond, min(limit, MOST_FETCHED), timer
        if self._updates or not timeout:
            self._serve()

    def _serve(self) -> None:
        if self._waiting is None:
            return
        respond, limit, timer = self._waiting
        self._waiting = None
        timer.cancel()
        found = [body for _, body in list(self._updates)[:limit]]
        respond(200, b'{"ok":true,"result":[' + b",".join(found) + b"]}")

    def to_webhook(self, url: str, secret: str, lines: int) -> None:
        if self._webhook is not None and self._webhook.goes_to == (url, secret):
            return  # another process of the same service: what is under way goes on
        self.to_polling()
        self._webhook = _Webhook(url, secret, min(lines or MOST_LINES, MOST_LINES), self.answered_in_response)
        while self._updates:
            self._webhook.put(self._updates.popleft()[1])

    def balance(self, ports: Sequence[int]) -> None:
        """Bring them to these ports in turn, whatever address was asked for last."""
        if self._webhook is not None:
            self._webhook.balance([("127.0.0.1", port) for port in ports])

    def to_polling(self) -> None:
        if self._webhook is not None:
            self._webhook.close()
            self._webhook = None


class _Webhook:
    """Posts updates over so many kept connections; each waits for its answer before the next."""

    def __init__(self, url: str, secret: str, lines: int, answered: Answered) -> None:
        self.goes_to = url, secret
        parts = urlsplit(url)
        self._addresses = itertools.cycle([(parts.hostname or "127.0.0.1", parts.port or 80)])
        self._head = (
            f"POST {parts.path or '/'} HTTP/1.1\r\nHost: {parts.netloc}\r\nContent-Type: application/json\r\n"
            f"X-Telegram-Bot-Api-Secret-Token: {secret}\r\nContent-Length: "
        ).encode()
        self._lines_left = lines
        self._answered = answered
        self._updates: deque[bytes] = deque()
        self._free: deque[Line] = deque()
        self._carried: dict[Line, bytes] = {}
        self._connecting: set[asyncio.Task[None]] = set()
        self._closed = False

    def put(self, update: bytes) -> None:
        self._updates.append(update)
        self._go_on()

    def balance(self, addresses: Sequence[tuple[str, int]]) -> None:
        self._addresses = itertools.cycle(addresses)
        for line in self._free:
            line.close()

    def close(self) -> None:
        self._closed = True
        for line in (*self._free, *self._carried):
            line.close()

    def _go_on(self) -> None:
        while self._updates and self._free and not self._closed:
            line, update = self._free.popleft(), self._updates.popleft()
            self._carried[line] = update
            line.send(self._head + b"%d\r\n\r\n" % len(update) + update)
        if self._updates and self._lines_left > 0 and not self._closed:
            self._lines_left -= 1
            task = asyncio.get_running_loop().create_task(self._connect())
            self._connecting.add(task)
            task.add_done_callback(self._connecting.discard)

    async def _connect(self) -> None:
        loop = asyncio.get_running_loop()
        while not self._closed:
            try:
                _, line = await loop.create_connection(lambda: Line(self._back), *next(self._addresses))
            except OSError:
                await asyncio.sleep(AGAIN_AFTER)
            else:
                self._free.append(line)
                self._go_on()
                return

    def _back(self, line: Line, response: Message | None) -> None:
        update = self._carried.pop(line, None)
        ended = response is None or response.last
        if ended:
            if line in self._free:
                self._free.remove(line)
            self._lines_left += 1
        else:
            self._free.append(line)
        if update is not None:
            if response is None or response.line.split(b" ")[1] != b"200":
                asyncio.get_running_loop().call_later(AGAIN_AFTER, self.put, update)
            elif len(response.body) > 2:  # more than {}
                given = Parameters(response.type, response.body)
                if method := given.text("method"):
                    self._answered(method.lower(), given)
        self._go_on()
