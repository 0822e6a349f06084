"""The line to a PostgreSQL server, which can be cut at the worst moment."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path

SOCKET = ".s.PGSQL.5432"


class Cut(Enum):
    """When the line is cut: at the next COMMIT, before the server hears of it, or before its answer arrives."""

    NEVER = 0
    UNHEARD = 1
    UNANSWERED = 2


@dataclass
class Line:
    """Hands on bytes from `folder`'s socket to the server's."""

    folder: Path
    server: Path
    cut: Cut = Cut.NEVER
    cuts: int = 0
    _writers: set[asyncio.StreamWriter] = field(default_factory=set)

    def through(self, url: str) -> str:
        """The same database, by this line."""
        return url.replace(str(self.server), str(self.folder))

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there_reader, there_writer = await asyncio.open_unix_connection(str(self.server / SOCKET))
        ends = {writer, there_writer}
        self._writers |= ends
        tasks = {
            asyncio.create_task(self._hand_on(reader, there_writer, Cut.UNHEARD)),
            asyncio.create_task(self._hand_on(there_reader, writer, Cut.UNANSWERED)),
        }
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()
            for end in ends:
                end.close()
            self._writers -= ends

    async def _hand_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, cut: Cut) -> None:
        with suppress(ConnectionError):
            while data := await reader.read(65_536):
                if b"COMMIT" in data and self.cut is cut:  # the command, or "CommandComplete: COMMIT"
                    self.cut, self.cuts = Cut.NEVER, self.cuts + 1
                    return
                writer.write(data)
                await writer.drain()

    def cut_all(self) -> None:
        for writer in self._writers:
            writer.transport.abort()


@asynccontextmanager
async def line_to(server: Path) -> AsyncIterator[Line]:
    """`server`: the folder in which the server's socket lies."""
    with tempfile.TemporaryDirectory(prefix="postern-line-") as folder:
        line = Line(Path(folder), server)
        listening = await asyncio.start_unix_server(line.serve, str(line.folder / SOCKET))
        try:
            yield line
        finally:
            listening.close()
            line.cut_all()
