"""Killed at any moment, or told to stop under load: nothing is lost, nothing is doubled."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from tests.service.ageing import leave_alone
from tests.service.looks import references, requests
from tests.service.requester import Requester
from tests.service.town import DELAY, GROUP, Town, webhook_settings
from tests.service.town import town as open_town

pytestmark = pytest.mark.asyncio(loop_scope="session")
STUCK = 60.0
"""Seconds that a call hangs: longer than the service has to live."""
COMMITTED = 0.6
"""Seconds after a press in which its turn is certainly saved, while what it shows is stuck."""


async def _press_and_die(town: Town, ann: Requester, label: str, after: float) -> None:
    """Press; the service is killed so many seconds later, and started again."""
    screen = await ann.offers(label)
    await ann.press(label, message_id=screen.id, wait=0)
    await asyncio.sleep(after)
    await town.service.kill()
    await town.control.clear_faults()
    await town.service.start()


async def _gets_to(ann: Requester, label: str, words: str) -> None:
    """What the press should show is shown by itself, or else when it is pressed again."""
    for _ in range(3):
        shown = [m for m in await ann.messages() if m.from_bot]
        if any(words in m.text for m in shown):
            return
        if offering := [m for m in shown if label in m.labels]:
            await ann.press_seen(offering[-1], label)
    await ann.reads(words)


async def test_killed_at_several_points_a_person_goes_on_and_one_case_arrives(tmp_path: Path) -> None:
    async with open_town(tmp_path) as town:
        ann, other = await town.requester(), await town.requester()
        await other.begin()
        for screen in await other.messages():
            await town.delete(other.user_id, screen.id)
        await town.data(lambda tx: leave_alone(tx, other.user_id, 31 * 60), write=True)
        await ann.begin()
        status, time_left, where = (ann.questionnaire.question(q) for q in ("status", "time-left", "where"))

        # Saved, but the screen never came.
        await town.control.add_fault("editMessageText", "slow", times=9, seconds=STUCK)
        label = ann.label(status, "on-leave")
        await _press_and_die(town, ann, label, COMMITTED)
        await _gets_to(ann, label, time_left.ask["en"])
        # At some moment of the turn.
        label = ann.label(time_left, "three-days")
        await _press_and_die(town, ann, label, 0.01)
        await _gets_to(ann, label, where.ask["en"])
        await ann.tap(ann.say("back-button"))
        await ann.offers(f"● {label}")
        await ann.tap(ann.say("back-button"))
        await ann.offers(f"● {ann.label(status, 'on-leave')}")
        await ann.tap(ann.say("skip-button"))
        await ann.answer_all()
        await ann.tap(ann.say("send-button"))
        # The request is sent, but its card and its screen are stuck on their way.
        await town.control.add_fault("sendMessage", "slow", times=9, seconds=STUCK, chat_id=GROUP)
        await town.control.add_fault("editMessageText", "slow", times=9, seconds=STUCK)
        label = ann.say("channel-chat-button")
        await _press_and_die(town, ann, label, COMMITTED)
        await _gets_to(ann, label, ann.say("home-state-open"))

        await town.control.settle()
        assert await town.data(requests) == 1
        (reference,) = await town.data(references)
        await ann.reads(reference)
        await town.card(reference, "Armenia")
        assert len(await town.cards(reference)) == 1
        # Whoever had cleared the chat and gone is not written to when the draft expires.
        assert await other.messages() == []
        assert town.service.new_errors() == []


async def test_told_to_stop_under_load_by_webhook_it_ends_in_time_and_loses_nothing(tmp_path: Path) -> None:
    settings = webhook_settings() | {"CARD_DELAY_MINUTES": "30"}
    async with open_town(tmp_path, settings, operators=0) as town:
        crowd = [await town.requester() for _ in range(10)]
        for ann in crowd:
            await ann.start()
        await asyncio.gather(*(ann.offers(ann.say("language-name")) for ann in crowd))
        sending = [asyncio.ensure_future(_patient(ann)) for ann in crowd]
        # However fast it is: the first is through, the others are on their way.
        await asyncio.wait(sending, return_when=asyncio.FIRST_COMPLETED)
        assert not all(task.done() for task in sending)
        await town.service.stop()
        await town.service.start()
        await asyncio.gather(*sending)
        await town.control.settle()
        assert await town.data(requests) == len(crowd)
        assert len(await town.data(references)) == len(crowd)
        assert town.service.new_errors() == []


async def _patient(ann: Requester) -> None:
    """Presses on, however long the service is away, and as often as it takes."""
    names = ("language-name", "begin-button", "skip-button", "send-button", "channel-chat-button")
    steps = [ann.say(name) for name in names]
    async with asyncio.timeout(3 * DELAY):
        while True:
            shown = [m for m in await ann.messages() if m.from_bot and m.buttons]
            if ann.say("wipe-button") in shown[-1].labels:
                return
            label = next(label for label in reversed(steps) if label in shown[-1].labels)
            await ann.press_seen(shown[-1], label, wait=3)
