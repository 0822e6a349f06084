"""rotate-server-key: the command around `bot.rotation`."""

from __future__ import annotations

import asyncio
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
    from rich import progress
    from rich.console import Console

    from bot.rotation import rotate

    chosen = settings()
    columns = (
        progress.TextColumn("Wrapping anew"),
        progress.BarColumn(),
        progress.MofNCompleteColumn(),
        progress.TimeRemainingColumn(),
    )
    with progress.Progress(*columns, console=Console(stderr=True)) as shown:
        bar = _Bar(shown)
        tidy = asyncio.run(rotate(chosen, bar))
    typer.echo(f"wrapped anew: {bar.done}")
    tell(
        f"The new key is in force, and {chosen.server_key_file} holds no other. Make a copy of it, apart from the "
        "backups. Backups from before still need the old key: keep a copy as long as you keep them."
    )
    if not tidy:
        tell("The service was busy, so the database's log keeps old pages for now: run `postern purge`.")


class _Bar:
    """A bar on standard error, and the sum for standard output."""

    def __init__(self, shown: Progress) -> None:
        self._shown = shown
        self._task = shown.add_task("", total=None)
        self.done = 0

    def start(self, boxes: int) -> None:
        self._shown.update(self._task, total=boxes)

    def advance(self, boxes: int) -> None:
        self.done += boxes
        self._shown.advance(self._task, boxes)
