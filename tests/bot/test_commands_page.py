"""docs/commands.md names every command and every option that there is."""

from __future__ import annotations

import typer.main

from bot.cli import build
from tests.bot.installed import ROOT


def test_every_command_and_option_is_documented() -> None:
    page = (ROOT / "docs" / "commands.md").read_text("utf-8")
    for group in (None, "operators", "questionnaire"):
        command = typer.main.get_command(build())
        commands = command.commands if group is None else command.commands[group].commands  # type: ignore[attr-defined]
        for name, each in commands.items():
            full = " ".join(filter(None, ("postern", group, name)))
            if not hasattr(each, "commands"):
                assert f"`{full}" in page, full
            for parameter in each.params:
                for option in parameter.opts:
                    if option.startswith("--") and option != "--help":
                        assert option in page, f"{full} {option}"
