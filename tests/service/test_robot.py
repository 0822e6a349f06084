"""The robot walks the bot over another Bot API server, after keygen, init and run, all by the command line."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from random import Random

import pytest

from tests.bot.installed import Place
from tests.service.lean_api import TOKEN, LeanApi
from tests.service.process import Service
from tests.service.robot import Robot
from tests.service.town import webhook_settings

pytestmark = pytest.mark.asyncio(loop_scope="session")
GROUP = -100_500
ROBOTS = 6
PATIENCE = 60.0


async def _installed(home: Path, api: LeanApi, **settings: str) -> Place:
    place = Place(
        home,
        {"BOT_TOKEN": TOKEN, "BOT_API_URL": api.url, "OPERATORS_CHAT": str(GROUP), "LOG_FORMAT": "json"}
        | settings,
    )
    (home / "passphrase").write_text("correct horse battery\n")
    made = await asyncio.to_thread(place.run, "keygen", "my.key", "--passphrase-file", "passphrase")
    assert made.code == 0, made.err
    done = await asyncio.to_thread(place.run, "init", "--yes", "--recovery-pubkey", made.out.strip())
    assert done.code == 0, done.err
    return place


@pytest.mark.parametrize(
    ("mode", "settings"),
    [
        # As it comes: presses too fast are throttled, and only an emergency's card comes at once.
        ("polling", {}),
        ("webhook", {"QUESTIONNAIRE": "legal-aid", "CARD_DELAY_MINUTES": "0", "THROTTLE": "0"}),
    ],
    ids=["polling, all settings as they come", "webhook, the other questionnaire, no message numbers"],
)
async def test_a_robot_that_knows_nothing_gets_a_reference_and_a_card(
    tmp_path: Path, mode: str, settings: dict[str, str]
) -> None:
    api = LeanApi(mute=mode == "webhook")
    await api.start()
    place = await _installed(tmp_path, api, **settings, **(webhook_settings() if mode == "webhook" else {}))
    service = Service(place)
    robots = [Robot(api, 7_700_000_000 + seed, Random(seed)) for seed in range(ROBOTS)]
    try:
        await service.start()
        await asyncio.gather(*(_walk(robot, robots, api) for robot in robots))
        assert [data for robot in robots for data in robot.unanswered] == []
        references = set().union(*(robot.shown for robot in robots))
        assert references, "no robot was ever shown a reference"
        async with asyncio.timeout(PATIENCE), api.changed:
            await api.changed.wait_for(lambda: _cards(api, references))
        await service.stop()
        for reference in references:
            assert len(_cards(api, {reference})) <= 1, "a card came twice"
        assert service.new_errors() == []
    finally:
        await service.kill()
        await api.close()


def _cards(api: LeanApi, references: set[str]) -> list[str]:
    """What the group was shown of these requests."""
    return [m["text"] for m in api.chats[GROUP].values() if any(r in m["text"] for r in references)]


async def _walk(robot: Robot, robots: list[Robot], api: LeanApi) -> None:
    """On and on, until one of them was shown a reference and the group a card of it."""
    await robot.start()
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        await robot.act()
        if _cards(api, set().union(*(one.shown for one in robots))) and robot.presses >= 20:
            return
