"""What the commands share: where they speak, and how they reach the installation."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import typer

from intake.errors import KeyFileError, PosternError

if TYPE_CHECKING:  # half a second of imports, which `open` and `keygen` are spared
    from bot.settings import Settings
    from storage.database import Tx

T = TypeVar("T")
MAX_PASSPHRASE_BYTES = 4096
TRIES = 3
CLEAR_SCREEN = "\033[H\033[2J\033[3J"
"""The scrolled-back lines as well, where the terminal knows how."""


def tell(message: str) -> None:
    """A message for the person, on standard error; results go to standard output with `typer.echo`."""
    typer.echo(message, err=True)


def ask(question: str) -> str:
    """One line typed on the terminal. The question goes to standard error, unlike `input`'s."""
    typer.echo(f"{question}: ", err=True, nl=False)
    line = sys.stdin.readline()
    if not line:
        raise typer.Abort
    return line.strip()


def is_terminal() -> bool:
    """Whether a person can be asked, and shown something that stays out of files."""
    return sys.stdin.isatty() and sys.stderr.isatty()


def settings() -> Settings:
    """The settings in force. Raises SettingsError."""
    from bot.settings import load_settings

    return load_settings(os.environ)


def read(work: Callable[[Tx], T]) -> T:
    """Run `work` on the installation's data. Raises PosternError."""
    return _on_data(work, write=False)


def write(work: Callable[[Tx], T]) -> T:
    """Run `work` in one transaction: all of it, or none. Raises PosternError."""
    return _on_data(work, write=True)


def _on_data(work: Callable[[Tx], T], *, write: bool) -> T:
    from bot.installation import opened

    async def run() -> T:
        async with opened(settings()) as installation:
            return await (installation.db.write(work) if write else installation.db.read(work))

    return asyncio.run(run())


def passphrase(file: Path | None, *, new: bool = False) -> str:
    """From the file's first line, or asked for on the terminal; twice if it is `new`. Exits with 2 without either."""
    if file is not None:
        return _first_line(file)
    if not is_terminal():
        raise typer.BadParameter("without a terminal to ask on, give --passphrase-file")
    for _ in range(TRIES):
        given: str = typer.prompt("Passphrase", hide_input=True, err=True)
        if not new or given == typer.prompt("The same again", hide_input=True, err=True):
            return given
        tell("These two differ: try again.")
    raise PosternError("No passphrase was given: nothing was made.")


def _first_line(file: Path) -> str:
    try:
        with file.open("rb") as opened:
            raw = opened.read(MAX_PASSPHRASE_BYTES)
        return raw.decode().split("\n", 1)[0].rstrip("\r")
    except OSError as error:
        raise KeyFileError(f"{file} cannot be read: {error.strerror}.") from None
    except UnicodeDecodeError:
        pass  # raised below: the error would keep the passphrase
    raise KeyFileError(f"{file} is not text in UTF-8.")
