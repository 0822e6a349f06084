"""migrate-database: the command around `bot.moving`."""

from __future__ import annotations

import asyncio
import sys
from typing import Annotated

import typer

from bot.commands import settings, tell
from bot.commands_rotation import Bar


def migrate_database(
    target: Annotated[
        str,
        typer.Argument(
            metavar="TARGET",
            help="postgresql+asyncpg://… of an empty database; - reads it from standard input, so that a password in "
            "it stays out of the list of processes.",
        ),
    ] = "",
    *,
    undo: Annotated[
        bool, typer.Option("--undo", help="Take the database in DATA_DIR into use again, after a move.")
    ] = False,
) -> None:
    """Move the installation from the database in DATA_DIR to PostgreSQL.

    The service must be stopped. Every row is copied and compared before anything counts as moved; if it is interrupted,
    run it again.
    """
    from bot.moving import move, take_back

    if bool(target) is undo:
        raise typer.BadParameter("give either the new address or --undo", param_hint="TARGET")
    chosen = settings()
    if undo:
        done = asyncio.run(take_back(chosen))
        tell(
            "The database in DATA_DIR is in use again. What was written to PostgreSQL since the move is not in it."
            if done
            else "The database in DATA_DIR was not moved: nothing was changed."
        )
        return
    address = sys.stdin.readline().strip() if target == "-" else target
    with Bar.shown("Copying and comparing") as bar:
        counts = asyncio.run(move(chosen, address, bar))
    for table, rows in counts.items():
        typer.echo(f"{table}: {rows}")
    tell(
        "Everything is on PostgreSQL, and the database in DATA_DIR takes nothing more. Set POSTERN_DATABASE_URL to the "
        "new address (POSTERN_DATABASE_URL_FILE keeps a password out of the environment), run `postern check`, and "
        "start the service. When PostgreSQL has been backed up, delete the old database and its backups: everything is "
        "still in them."
    )
