"""report: the counts of any period, as a table, CSV, JSON or a picture, with sentences that can be published."""

from __future__ import annotations

import asyncio
import sys
import time
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bot.commands import settings, tell
from intake.errors import PosternError

if TYPE_CHECKING:
    from intake.external import External


class Format(StrEnum):
    TABLE = "table"
    CSV = "csv"
    JSON = "json"
    PNG = "png"


class Language(StrEnum):
    EN = "en"
    RU = "ru"
    UK = "uk"
    KK = "kk"


def report(
    *,
    first: Annotated[str | None, typer.Option("--from", metavar="MONTH", help="Like 2023-06.")] = None,
    last: Annotated[
        str | None, typer.Option("--to", metavar="MONTH", help="The last month that is over, unless given.")
    ] = None,
    by: Annotated[
        str | None,
        typer.Option(metavar="QUESTION", help="A summary question's id, or level, language, outcome."),
    ] = None,
    months: Annotated[bool, typer.Option("--months", help="Every month by itself as well.")] = False,
    shape: Annotated[Format, typer.Option("--format", help="How it is written.")] = Format.TABLE,
    out: Annotated[Path | None, typer.Option(metavar="FILE", help="Write it there.")] = None,
    language: Annotated[Language | None, typer.Option(help="Of the sentences.")] = None,
    round_to: Annotated[
        int | None,
        typer.Option(
            "--round", metavar="N", min=2, max=100, help="Round the parts to multiples of N, like 5."
        ),
    ] = None,
    beside: Annotated[
        Path | None,
        typer.Option(metavar="CSV", help="Somebody else's series, to stand beside ours, marked as not ours."),
    ] = None,
) -> None:
    """Say how many asked for help, for reading and for publishing.

    Small numbers are hidden, also those that would follow from what was shown before: whatever this command prints is
    remembered for that. `!` marks what a reader can work out, and why something is not shown.
    """
    asked_by = by.strip() if by else None
    content = asyncio.run(_made(first, last, asked_by, months, shape, language, beside, round_to))
    if out is not None:
        out.write_bytes(content)
        tell(f"Written to {out}.")
    elif shape is Format.PNG and sys.stdout.isatty():
        raise typer.BadParameter("a picture needs a file", param_hint="--out")
    else:
        sys.stdout.buffer.write(content)
        sys.stdout.buffer.flush()


async def _made(
    first: str | None,
    last: str | None,
    by: str | None,
    months: bool,
    shape: Format,
    language: Language | None,
    beside: Path | None,
    round_to: int | None,
) -> bytes:
    from bot import report_formats
    from bot.installation import load_questionnaire, opened
    from bot.report import Asked, make
    from handlers.chart import draw
    from handlers.texts import load_texts
    from handlers.wording import Wording
    from intake.trail import By, Event
    from storage import audit

    chosen = settings()
    questionnaire = load_questionnaire(chosen)
    texts = load_texts()
    words = Wording(texts, language.value if language else questionnaire.languages[0], questionnaire)
    asked = Asked(first, last, by, months, _external(beside), round_to, as_picture=shape is Format.PNG)
    now = int(time.time())
    async with opened(chosen) as installation:
        found = await make(installation.db, words, asked, now, chosen.suppress_below)
        taken = "/".join(filter(None, (found.period[0], found.period[-1], by)))
        await installation.db.write(lambda tx: audit.note(tx, Event.EXPORTED, By.SHELL, now, detail=taken))
    definitions = words.say("stats-definitions", below=chosen.suppress_below)
    if shape in {Format.CSV, Format.PNG}:  # which have no room for them, or little
        for remark in found.remarks:
            tell(f"! {remark}")
    if shape is Format.CSV:
        return report_formats.as_csv(found, definitions).encode()
    if shape is Format.JSON:
        return report_formats.as_json(found, definitions).encode()
    if shape is Format.TABLE:
        return report_formats.as_text(found, definitions).encode()
    if found.beside is not None and len(found.beside.rows) > report_formats.MOST_BESIDE:
        tell(f"The picture has the last {report_formats.MOST_BESIDE} rows of {beside}.")
    picture = await draw(report_formats.as_chart(found, chosen.organisation))
    if picture is None:
        raise PosternError("The picture could not be drawn: is matplotlib installed, and is there memory?")
    return picture


def _external(path: Path | None) -> External | None:
    from intake.external import read

    if path is None:
        return None
    try:
        return read(path.read_text("utf-8-sig"), str(path))
    except UnicodeDecodeError:
        raise PosternError(f"{path} is not text in UTF-8.") from None
