"""init, pause, resume, purge: what is done to the installation as a whole."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Annotated

import typer

from bot.commands import CLEAR_SCREEN, TRIES, ask, is_terminal, read, settings, tell, write
from intake.errors import PosternError

if TYPE_CHECKING:
    from bot.settings import Settings
    from storage.database import Tx

NOTICE_CHARS = 1_000
ASKED_BACK = (3, 11, 20)
"""Numbers of the words that are asked for, to see that they were written down."""


def init(
    *,
    yes: Annotated[bool, typer.Option("--yes", help="Ask nothing; needs --recovery-pubkey.")] = False,
    recovery_pubkey: Annotated[
        str | None, typer.Option(metavar="KEY", help="The recovery key's public half, postern-pub-1….")
    ] = None,
) -> None:
    """Make a new installation.

    That is the data folder, the server key, the database and the recovery key. On a terminal, the recovery key's 24
    words are shown once and kept nowhere. Doing it again changes nothing.
    """
    from bot.installation import read_meta
    from bot.setup import create
    from storage.meta import RECOVERY_KEY
    from storage.public_key import decode_public

    chosen = settings()
    recovery = decode_public(recovery_pubkey) if recovery_pubkey else None
    known = asyncio.run(read_meta(chosen.database(), RECOVERY_KEY))
    if recovery is None and known is None and (yes or not is_terminal()):
        raise typer.BadParameter("needs the public half of your recovery key", param_hint="--recovery-pubkey")
    made = asyncio.run(create(chosen, recovery))
    for line in made:
        tell(line)
    if recovery is None and known is None:
        made = asyncio.run(create(chosen, _new_recovery_key()))
        for line in made:
            tell(line)
    tell(_next_step(chosen) if made else "Everything is in place already: nothing was changed.")


def _new_recovery_key() -> bytes:
    """Show a new recovery key's words, see that they were written down, and return its public half only."""
    from nacl.public import PrivateKey

    from storage.keywords import recovery_phrase

    private = PrivateKey.generate()
    words = recovery_phrase(bytes(private))
    rows = len(words) // 4
    tell("\nThe recovery key opens every case when no operator can. It is these 24 words:\n")
    for row in range(rows):
        numbers = range(row, len(words), rows)
        tell("   ".join(f"{number + 1:2}. {words[number]:10}" for number in numbers))
    tell("\nWrite them on paper and keep it away from this server. They are shown once and stored nowhere.\n")
    for number in ASKED_BACK:
        _ask_back(number, words[number - 1])
    tell(f"{CLEAR_SCREEN}The words were right, and the screen was cleared.")
    return bytes(private.public_key)


def _ask_back(number: int, word: str) -> None:
    for _ in range(TRIES):
        if ask(f"Word no. {number}").lower() == word:
            return
        tell("This is not that word: look at your paper.")
    raise PosternError(
        "The words were not written down, so this recovery key is not used: run `postern init` again."
    )


def _next_step(chosen: Settings) -> str:
    missing = "" if chosen.bot_token else "set POSTERN_BOT_TOKEN, "
    return f"Next: {missing}run `postern check`, then `postern run`."


def pause(
    notice: Annotated[
        str,
        typer.Argument(metavar="NOTICE", help="What requesters read meanwhile, instead of the usual notice."),
    ] = "",
) -> None:
    """Close the intake for a while."""
    from intake.trail import By, Event
    from storage import audit, meta

    notice = notice.strip()
    if len(notice) > NOTICE_CHARS:
        raise typer.BadParameter(
            f"has {len(notice)} characters; shorten it to {NOTICE_CHARS}", param_hint="NOTICE"
        )

    def work(tx: Tx) -> None:
        meta.put(tx, meta.PAUSED, notice.encode())
        audit.note(tx, Event.PAUSED, By.SHELL, int(time.time()))

    write(work)
    tell("The intake is paused. `postern resume` opens it again.")


def resume() -> None:
    """Open the intake after a pause."""
    from intake.trail import By, Event
    from storage import audit, meta

    def work(tx: Tx) -> bool:
        paused = meta.get(tx, meta.PAUSED) is not None
        meta.drop(tx, meta.PAUSED)
        if paused:
            audit.note(tx, Event.RESUMED, By.SHELL, int(time.time()))
        return paused

    tell("The intake is open again." if write(work) else "The intake was not paused: nothing was changed.")


def purge(
    *, dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be erased.")] = False
) -> None:
    """Erase what is past RETENTION_DAYS.

    Its remains are taken out of the database's files as well. The service does the same every day.
    """
    from bot.installation import database_errors
    from storage import retention

    chosen = settings()
    now = int(time.time())
    if dry_run:
        found = read(lambda tx: retention.count(tx, chosen.retention_days, now))
    else:
        found = asyncio.run(_purge(chosen, now))
    for category, number in found.items():
        typer.echo(f"{category}: {number}")
    if dry_run:
        tell("This is what a purge would erase now: nothing was changed.")
        return
    with database_errors():
        if not asyncio.run(retention.compact(chosen.database())):
            tell(
                "The service was busy, so the database's log keeps old pages for now: run `postern purge` again."
            )


async def _purge(chosen: Settings, now: int) -> dict[str, int]:
    from rich.console import Console

    from bot.installation import opened
    from intake.trail import By
    from storage import clock_jump, retention

    done = 0
    async with opened(chosen) as installation:
        # Whoever purges by hand vouches for the clock: the service need not wait any longer.
        await installation.db.write(lambda tx: clock_jump.believe(tx, now // 86_400))
        with Console(stderr=True).status("Erasing") as shown:  # seen on a terminal only

            def tell(some: int) -> None:
                nonlocal done
                done += some
                shown.update(f"Erasing: {done}")

            return await retention.purge(installation.db, chosen.retention_days, now, tell, By.SHELL)
