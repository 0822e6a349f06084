"""rotate-server-key: the command around `bot.rotation`."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import typer

from bot.commands import settings, tell

if TYPE_CHECKING:
    from rich.progress import Progress


def rotate_server_key() -> None:
    """Exchange the server key for a new one, while the service runs.

    Everything that lies under the old key is wrapped anew, then the old key leaves the key file. If it is
    interrupted, run it again: it goes on where it stopped.
    """
    from bot.rotation import rotate

    chosen = settings()
    with Bar.shown("Wrapping anew") as bar:
        tidy = asyncio.run(rotate(chosen, bar))
    typer.echo(f"wrapped anew: {bar.done}")
    tell(
        f"The new key is in force, and {chosen.server_key_file} holds no other. Make a copy of it, apart from the "
        "backups. Backups from before still need the old key: keep a copy as long as you keep them."
    )
    if not tidy:
        tell("The service was busy, so the database's log keeps old pages for now: run `postern purge`.")


class Bar:
    """A bar on standard error, and the sum for standard output."""

    def __init__(self, shown: Progress) -> None:
        self._shown = shown
        self._task = shown.add_task("", total=None)
        self.done = 0

    @classmethod
    @contextmanager
    def shown(cls, what: str) -> Iterator[Bar]:
        from rich import progress
        from rich.console import Console

        columns = (
            progress.TextColumn(what),
            progress.BarColumn(),
            progress.MofNCompleteColumn(),
            progress.TimeRemainingColumn(),
        )
        shown = progress.Progress(*columns, console=Console(stderr=True))
        try:
            yield cls(shown)
        finally:
            if shown.live.is_started:
                shown.stop()

    def start(self, total: int) -> None:
        """Only now is it shown: what can't begin at all is said without it."""
        self._shown.start()
        self._shown.update(self._task, total=total)

    def advance(self, done: int) -> None:
        self.done += done
        self._shown.advance(self._task, done)
