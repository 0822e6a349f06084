"""The sender's seat: of all processes that work on one database, one has it.

Whoever has it sends what is owed, keeps Telegram's limits for all, and, without a webhook, fetches the updates. The
seat is bound to something that ends with the process, however that ends: a lock on a file beside SQLite's, or a session
of PostgreSQL's. Where this ends: a process that hangs without ending keeps it.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from storage.migrate import sqlite_path


class Seat(Protocol):
    heard: Callable[[], None] | None
    """Called when a process rings."""
    lost: Callable[[], None] | None
    """Called the moment it turns out that this process has the seat no longer, whether or not somebody is asking."""

    async def take(self) -> bool | None:
        """Whether this process has the seat: it is taken, if it is free. None: that can't be found out.

        Whoever has it asks again and again: only what was just answered counts. Never raises.
        """

    async def ring(self) -> None:
        """Let whoever has the seat look at once. Never raises; a ring that can't be heard now is made up for."""

    async def present(self) -> int:
        """How many processes there are, this one included, as far as is known."""

    async def leave(self) -> None:
        """Give it back."""


def open_seat(url: str) -> Seat:
    """Nothing is taken yet."""
    path = sqlite_path(url)
    if path is not None:
        return FileSeat(path.with_name(path.name + "-sender"))
    if url.startswith("sqlite"):  # in memory: nobody else can be there
        return FileSeat(None)
    from storage.seat_postgres import SessionSeat

    return SessionSeat(url)


class FileSeat:
    """A lock on a file, which the system drops when the process ends. The file itself stays."""

    def __init__(self, path: Path | None) -> None:
        self.heard: Callable[[], None] | None = None
        self.lost: Callable[[], None] | None = None
        """Never: the lock ends with the process."""
        self._path = path
        self._file: int | None = None

    async def take(self) -> bool | None:
        if self._path is None or self._file is not None:
            return True
        try:
            file = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError:
            return None
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            os.close(file)
            return False if isinstance(error, BlockingIOError) else None
        self._file = file
        return True

    async def ring(self) -> None:
        """Whoever has it looks every second, see `storage.marks`."""

    async def present(self) -> int:
        return 1

    async def leave(self) -> None:
        if self._file is not None:
            os.close(self._file)
            self._file = None
