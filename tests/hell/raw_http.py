"""HTTP as no library would send it: bytes in, the status out."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterable, Iterable
from contextlib import suppress
from dataclasses import dataclass

ANSWER_WITHIN = 20.0
CLOSED = 0
"""Stands for a status where the connection was closed without one."""


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    body: bytes


def request(
    target: str = "/telegram", body: bytes = b"", method: str = "POST", **headers: str | bytes | None
) -> bytes:
    """A request's bytes. Header names are written with _ for -; `None` leaves a usual one out."""
    usual: dict[str, str | bytes | None] = {
        "Host": "127.0.0.1",
        "Content_Length": str(len(body)),
        "Connection": "close",
    }
    lines = [f"{method} {target} HTTP/1.1".encode()]
    for name, value in (usual | headers).items():
        if value is not None:
            encoded = value if isinstance(value, bytes) else value.encode()
            lines.append(name.replace("_", "-").encode() + b": " + encoded)
    return b"\r\n".join(lines) + b"\r\n\r\n" + body


async def send(port: int, data: bytes | Iterable[bytes]) -> Answer:
    """Send it all, or as much as is taken, and read what is answered. TimeoutError: nothing was, for too long."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    sending = asyncio.create_task(_write(writer, [data] if isinstance(data, bytes) else data))
    try:
        async with asyncio.timeout(ANSWER_WITHIN):
            answered = await _read(reader)
    finally:
        sending.cancel()
        with suppress(asyncio.CancelledError, ConnectionError):
            await sending
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()
    head, _, body = answered.partition(b"\r\n\r\n")
    if head.startswith(b"HTTP/1.1 100"):
        head, _, body = body.partition(b"\r\n\r\n")
    words = head.split(b" ", 2)
    return Answer(int(words[1]) if len(words) > 1 else CLOSED, body)


async def _write(writer: asyncio.StreamWriter, parts: Iterable[bytes]) -> None:
    for part in parts:
        writer.write(part)
        await writer.drain()


async def _read(reader: asyncio.StreamReader) -> bytes:
    """Until the other side closes."""
    parts: list[bytes] = []
    with suppress(ConnectionError):
        async for part in _parts(reader):
            parts.append(part)  # noqa: PERF401 - what came before a reset counts
    return b"".join(parts)


async def _parts(reader: asyncio.StreamReader) -> AsyncIterable[bytes]:
    while part := await reader.read(65_536):
        yield part
