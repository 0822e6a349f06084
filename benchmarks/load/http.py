"""Just enough HTTP/1.1, on both sides: so little that the bot is what is measured, and not this.

Bodies with a Content-Length or chunked, connections kept open, one request at a time on each.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import cast

MOST_HEAD = 64 * 1024
"""Bytes of a head."""
_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_TYPE = re.compile(rb"\r\ncontent-type: *([^\r\n]*)", re.IGNORECASE)
_CHUNKED = re.compile(rb"\r\ntransfer-encoding: *chunked", re.IGNORECASE)
_CLOSE = re.compile(rb"\r\nconnection: *close", re.IGNORECASE)
_REASONS = {200: b"OK", 400: b"Bad Request", 404: b"Not Found", 409: b"Conflict"}


@dataclass(frozen=True, slots=True)
class Message:
    """A request or a response: its first line, what its body is, and the body."""

    line: bytes
    type: bytes
    body: bytes
    last: bool = False
    """The other side closes the connection after it."""


class Reader:
    """Bytes in, whole messages out."""

    def __init__(self) -> None:
        self._buffer = b""

    def feed(self, data: bytes) -> None:
        self._buffer = self._buffer + data if self._buffer else data

    def next(self) -> Message | None:
        """The next message, once all of it is there. Raises ValueError for what is not HTTP."""
        end = self._buffer.find(b"\r\n\r\n")
        if end < 0:
            if len(self._buffer) > MOST_HEAD:
                raise ValueError("a head without an end")
            return None
        head, start = self._buffer[:end], end + 4
        if length := _LENGTH.search(head):
            stop = start + int(length[1])
            if len(self._buffer) < stop:
                return None
            body = self._buffer[start:stop]
        elif _CHUNKED.search(head):
            found = _unchunked(self._buffer, start)
            if found is None:
                return None
            body, stop = found
        else:
            body, stop = b"", start
        self._buffer = self._buffer[stop:]
        type_ = _TYPE.search(head)
        line = head.partition(b"\r\n")[0]
        return Message(line, type_[1] if type_ else b"", body, _CLOSE.search(head) is not None)


def _unchunked(data: bytes, at: int) -> tuple[bytes, int] | None:
    """The body that begins there, and where it ends; None while some of it is missing."""
    parts: list[bytes] = []
    while (line := data.find(b"\r\n", at)) >= 0:
        size = int(data[at:line].partition(b";")[0], 16)
        at = line + 2 + size + 2
        if len(data) < at:
            return None
        if size == 0:
            return b"".join(parts), at
        parts.append(data[line + 2 : at - 2])
    return None


Respond = Callable[[int, bytes], None]
"""Status and JSON body; may be called later."""
Handle = Callable[[Message, Respond], None]


class Connection(asyncio.Protocol):
    """The server's side."""

    def __init__(self, handle: Handle) -> None:
        self._handle = handle
        self._reader = Reader()
        self._transport: asyncio.Transport | None = None
        self._busy = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # uvloop's own are one in all but name

    def connection_lost(self, _: Exception | None) -> None:
        self._transport = None

    def data_received(self, data: bytes) -> None:
        self._reader.feed(data)
        self._go_on()

    def _go_on(self) -> None:
        if not self._busy and (request := self._reader.next()) is not None:
            self._busy = True
            self._handle(request, self._respond)

    def _respond(self, status: int, body: bytes) -> None:
        self._busy = False
        if self._transport is None:  # whoever asked has gone
            return
        head = b"HTTP/1.1 %d %b\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
        self._transport.write(head % (status, _REASONS.get(status, b"Other"), len(body)) + body)
        self._go_on()


class Line(asyncio.Protocol):
    """The client's side: one kept connection, one request at a time."""

    def __init__(self, answered: Callable[[Line, Message | None], None]) -> None:
        self._answered = answered
        """Told of each response, and with None that the connection has ended."""
        self._reader = Reader()
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # uvloop's own are one in all but name

    def connection_lost(self, _: Exception | None) -> None:
        self._transport = None
        self._answered(self, None)

    def data_received(self, data: bytes) -> None:
        self._reader.feed(data)
        if (response := self._reader.next()) is not None:
            self._answered(self, response)

    def send(self, request: bytes) -> None:
        if self._transport is not None:
            self._transport.write(request)

    def close(self) -> None:
        if self._transport is not None:
            self._transport.close()
