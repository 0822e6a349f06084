"""Hell by long polling: every update is confirmed, nobody waits for another's, and the sane get help meanwhile."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

from sandbox.client import SandboxRefused
from tests.hell.at_service import MOST_GROWTH, check_log, hell, introduce, memory
from tests.service.town import Town
from tests.service.town import town as open_town

PATIENCE = 300.0


async def test_polling_gets_past_whatever_comes_and_the_sane_are_served(tmp_path: Path) -> None:
    async with open_town(tmp_path, operators=0) as town:
        await introduce(town)
        made = [update for text in hell(31) if isinstance(update := json.loads(text), dict)]
        half = len(made) // 2
        queued = await _queue(town, made[:half])
        await town.control.settle(PATIENCE)
        before = memory(town)
        ann = await town.requester()
        rest = asyncio.create_task(_queue(town, made[half:]))
        assert (await ann.ask_for_help()).reference
        queued += await rest
        await town.control.settle(PATIENCE)
        assert queued > len(made) * 0.8
        assert memory(town) - before < MOST_GROWTH
        await ann.tap(ann.say("refresh-button"))
        check_log(town)


async def _queue(town: Town, updates: list[dict[str, Any]]) -> int:
    """How many the sandbox has taken: it draws the line at JSON nested too deep."""
    taken = 0
    for update in updates:
        try:
            await town.control.raw(update)
        except SandboxRefused:
            continue
        taken += 1
    return taken
