"""audit: who did what, and what to note down elsewhere so that a trail that was written anew is noticed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from bot.commands import read, tell

if TYPE_CHECKING:
    from storage.audit import Verdict
    from storage.database import Tx

LANGUAGE = "en"


def audit(
    name: Annotated[
        str, typer.Argument(metavar="[NAME]", help="Only what this pseudonym did, or had done.")
    ] = "",
    *,
    last: Annotated[int, typer.Option(min=1, max=10_000, help="How many lines, at most.")] = 50,
) -> None:
    """Print the audit trail, the newest line last, and say whether it is whole.

    Its last line names the trail's end: noted down elsewhere, it shows later whether the trail was written anew.
    """
    from handlers import trail
    from handlers.texts import load_texts
    from storage import audit as store

    def work(tx: Tx) -> tuple[list[str], Verdict]:
        entries = store.latest(tx, last, wanted=store.Wanted(name=name))
        names = trail.references(tx, entries)
        return [trail.line(texts, LANGUAGE, entry, names) for entry in entries], store.verify(tx)

    texts = load_texts()
    lines, verdict = read(work)
    for line in reversed(lines):
        typer.echo(line)
    if verdict.fault:
        tell(f"The audit trail is not as it was written: {verdict.fault}.")
        raise typer.Exit(1)
    tell(
        f"The audit trail is whole: {verdict.rows} rows. It ends with number {verdict.last}, link {verdict.link}."
    )
