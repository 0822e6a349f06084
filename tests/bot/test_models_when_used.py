"""What a start must not pay for, and that aiogram is none the worse for it."""

from __future__ import annotations

import asyncio
import json
import sys
from asyncio.subprocess import PIPE
from typing import Any

from tests.bot.api_server import TOKEN, bot_api
from tests.bot.every_call import make_every_call
from tests.bot.installed import ROOT, Shell

NOT_TO_RUN = (
    *("matplotlib", "numpy", "highspy", "scipy", "PIL"),  # pictures, and disclosure control
    *("alembic", "mako"),  # nothing to upgrade
    *("typer.testing", "prometheus_client.openmetrics", "hypothesis", "sandbox"),
)
"""Modules that `postern run` imports when it needs them, or never."""

RUN = f"""
import atexit, json, sys
sys.argv = ["postern", "run"]
def known():
    from aiogram import types
    return types.Update.__pydantic_complete__, types.Message.__pydantic_complete__
atexit.register(lambda: print(json.dumps([[n for n in {NOT_TO_RUN!r} if n in sys.modules], known()])))
from bot.cli import main
main()
"""


async def test_every_call_is_the_same_when_models_are_built_late() -> None:
    async with bot_api() as (server, telegram):
        await make_every_call(telegram)
        expected, server.calls = server.calls, []
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "tests.bot.every_call", TOKEN, server.url, cwd=ROOT, stdout=PIPE
        )
        printed, _ = await process.communicate()
    assert process.returncode == 0
    assert len({method for method, _ in expected}) >= 18
    assert _named(server.calls) == _named(expected)
    assert json.loads(printed) == {"built": [False, False], "chat": 5}


def _named(calls: list[tuple[str, dict[str, Any]]]) -> list[str]:
    """As text; files, to which aiogram gives names by chance, are called by their number."""
    found = []
    for method, given in calls:
        text = f"{method} {list(given.items())}"
        for number, name in enumerate(key for key in given if "attach://" + key in text):
            text = text.replace(name, f"file {number}")
        found.append(text)
    return found


async def test_a_start_imports_nothing_that_it_may_never_need(installed: Shell) -> None:
    async with bot_api() as (server, _):
        environment = installed.place.environment | {
            "POSTERN_BOT_TOKEN": TOKEN,
            "POSTERN_BOT_API_URL": server.url,
            "POSTERN_OPERATORS_CHAT": "-1",
        }
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-c", RUN, env=environment, cwd=ROOT, stdout=PIPE, stderr=PIPE
        )
        while "getUpdates" not in server.methods() and process.returncode is None:  # noqa: ASYNC110 - or ends
            await asyncio.sleep(0.02)
        process.terminate()
        printed, said = await process.communicate()
    assert process.returncode == 0, said
    assert json.loads(printed) == [[], [False, False]]
