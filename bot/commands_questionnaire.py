"""questionnaire check and preview: for whoever writes one."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bot.commands import tell

File = Annotated[Path, typer.Argument(metavar="FILE", help="A questionnaire, YAML.")]


def check(file: File) -> None:
    """Say what is wrong with a questionnaire, line by line."""
    from bot.installation import read_questionnaire

    found = read_questionnaire(file)
    tell(f"{file} can be used: {len(found.questions)} questions in {', '.join(found.languages)}.")


def preview(file: File) -> None:
    """Print every screen of a questionnaire, in each of its languages."""
    from bot.installation import read_questionnaire
    from handlers.preview import screens

    for screen in screens(read_questionnaire(file)):
        typer.echo(screen)
