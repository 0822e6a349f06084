"""A lean HTTP session behind aiogram's `BaseSession`: forms over connections that stay open.

aiogram's own session costs about as much CPU a call as all the rest of a turn; docs/decisions/0012 has the figures.
This one knows only what a Bot API server does: HTTP/1.1, one answer for each request, no redirects, no cookies, no
compression. Fields are encoded as aiogram encodes them, so that a server that understands one understands the other;
httptools (the parser of Node.js) reads the answers. Calls that carry a file go through aiogram's session.

A request is never sent a second time here: whether the first one had its effect is not known. A connection that the
server closed while it was idle is noticed before it is used; one that it closes at the very moment counts as a failure
of the call, and `bot.postman` decides.
"""

from __future__ import annotations

import asyncio
import ssl
from collections import deque
from collections.abc import Mapping
from typing import Any, cast
from urllib.parse import urlsplit

import httptools
import orjson
from aiogram import Bot
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.exceptions import TelegramNetworkError
from aiogram.methods import TelegramMethod
from aiogram.methods.base import TelegramType
from aiogram.types import InputFile

MOST_IDLE = 64
"""Open connections kept for the next call."""
MAX_ANSWER = 16 * 1024 * 1024
"""Bytes: a hundred updates with the longest texts are far below."""


class LeanSession(AiohttpSession):
    """Raises what aiogram's sessions raise: `TelegramNetworkError`, or what `check_response` makes of an answer."""

    def __init__(self, **given: Any) -> None:
        super().__init__(json_dumps=lambda value: orjson.dumps(value).decode(), **given)
        self._idle: deque[_Connection] = deque()
        self._busy: set[_Connection] = set()
        self._tls: ssl.SSLContext | None = None

    async def make_request(
        self,
        bot: Bot,
        method: TelegramMethod[TelegramType],
        timeout: int | None = None,  # noqa: ASYNC109 - aiogram's signature
    ) -> TelegramType:
        files: dict[str, InputFile] = {}
        given = method.model_dump(warnings=False)
        fields = {name: self.prepare_value(value, bot, files) for name, value in given.items()}
        if files:
            return await super().make_request(bot, method, timeout)
        url = urlsplit(self.api.api_url(token=bot.token, method=method.__api_method__))
        try:
            async with asyncio.timeout(self.timeout if timeout is None else timeout):
                status, body = await self._post(url.scheme, url.netloc, url.path, form(fields))
        except TimeoutError:
            raise TelegramNetworkError(method=method, message="no answer in time") from None
        except (OSError, httptools.HttpParserError) as error:
            raise TelegramNetworkError(method=method, message=type(error).__name__) from None
        result: TelegramType = self.check_response(bot, method, status, body.decode()).result  # type: ignore[assignment]
        return result

    async def close(self) -> None:
        """At once: aiogram's own waits for 250 ms."""
        for connection in (*self._idle, *self._busy):
            connection.close()
        self._idle.clear()
        if self._session is not None:
            await self._session.close()

    async def _post(self, scheme: str, place: str, path: str, body: bytes) -> tuple[int, bytes]:
        connection = self._take() or await self._connect(scheme, place)
        self._busy.add(connection)
        try:
            answer = await connection.ask(
                b"POST %b HTTP/1.1\r\nHost: %b\r\nContent-Type: application/x-www-form-urlencoded\r\n"
                b"Content-Length: %d\r\n\r\n%b"
                % (path.encode("ascii"), place.encode("ascii"), len(body), body)
            )
        except BaseException:
            connection.close()
            raise
        finally:
            self._busy.discard(connection)
        if connection.is_open and len(self._idle) < MOST_IDLE:
            self._idle.append(connection)
        else:
            connection.close()
        return answer

    def _take(self) -> _Connection | None:
        """The connection that was used last, so that those which are not needed fall asleep and are closed."""
        while self._idle:
            connection = self._idle.pop()
            if connection.is_open:
                return connection
        return None

    async def _connect(self, scheme: str, place: str) -> _Connection:
        secure = scheme == "https"
        if secure and self._tls is None:
            self._tls = ssl.create_default_context()
        parts = urlsplit(f"//{place}")
        _, connection = await asyncio.get_running_loop().create_connection(
            _Connection,
            parts.hostname or "",
            parts.port or (443 if secure else 80),
            ssl=self._tls if secure else None,
        )
        return connection


def form(fields: Mapping[str, str | None]) -> bytes:
    """`application/x-www-form-urlencoded`, without what is None or empty.

    Every byte is written as its number: longer than need be, and a fiftieth of the work of looking which need not be.
    """
    return "&".join(f"{name}=%{value.encode().hex('%')}" for name, value in fields.items() if value).encode(
        "ascii"
    )


class _Connection(asyncio.Protocol):
    """One connection, one request at a time."""

    def __init__(self) -> None:
        self._transport: asyncio.Transport | None = None
        self._parser = httptools.HttpResponseParser(self)
        self._answer: asyncio.Future[tuple[int, bytes]] | None = None
        self._body = bytearray()
        self._until_closed = True
        """Nothing has told how long the answer is: it ends with the connection."""
        self._in_body = False
        self.is_open = True

    async def ask(self, request: bytes) -> tuple[int, bytes]:
        """Status and body. Raises OSError when the connection ends before the answer does."""
        assert self._transport is not None  # noqa: S101 - a connection is handed out when it is made
        self._answer = asyncio.get_running_loop().create_future()
        self._transport.write(request)
        try:
            return await self._answer
        finally:
            self._answer = None

    def close(self) -> None:
        self.is_open = False
        if self._transport is not None:
            self._transport.close()

    # What asyncio calls.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # uvloop's own are one in all but name

    def data_received(self, data: bytes) -> None:
        if self._answer is None:  # nobody has asked
            self.close()
            return
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError as error:
            self._fail(error)

    def connection_lost(self, error: Exception | None) -> None:
        if error is None and self._until_closed and self._in_body:
            self._complete()
        self._fail(error if isinstance(error, OSError) else ConnectionResetError())

    # What httptools calls.

    def on_message_begin(self) -> None:
        self._body.clear()
        self._until_closed, self._in_body = True, False

    def on_header(self, name: bytes, _value: bytes) -> None:
        if name.lower() in {b"content-length", b"transfer-encoding"}:
            self._until_closed = False

    def on_headers_complete(self) -> None:
        self._in_body = True

    def on_body(self, part: bytes) -> None:
        self._body += part
        if len(self._body) > MAX_ANSWER:
            self._fail(ConnectionAbortedError())

    def on_message_complete(self) -> None:
        self._complete()
        if not self._parser.should_keep_alive():
            self.close()

    def _complete(self) -> None:
        if self._answer is not None and not self._answer.done():
            self._answer.set_result((self._parser.get_status_code(), bytes(self._body)))

    def _fail(self, error: Exception) -> None:
        self.close()
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(error)
