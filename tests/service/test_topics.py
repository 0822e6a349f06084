"""Topics are switched on for the bot: nothing is lost or answered twice, and `check` says what can't be promised."""

from __future__ import annotations

import asyncio

import pytest

from tests.service import looks
from tests.service.town import DELAY, Town, said_to

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_whoever_writes_in_topics_is_served_as_in_any_other_chat(town: Town) -> None:
    before = await town.data(looks.requests)
    await town.control.enable_topics()
    try:
        ann = await town.requester("kk")  # a language that few ask in: the list of it is short
        sent = await ann.ask_for_help()
        assert sent.reference in await town.data(looks.references)
        assert await town.data(looks.requests) == before + 1
        await town.card(sent.reference)
        await ann.tap(ann.say("wipe-button"))
        left = await ann.wait_for(
            lambda ms: [m.text for m in ms if not m.raw["service"]] == [ann.say("wiped")], timeout=DELAY
        )
        notes = {m.id for m in left if m.raw["service"]}
        assert notes, "which can't be deleted, and bear what was typed"

        made = [call["parameters"] for call in await town.control.calls()]
        to_ann = [each for each in made if each.get("chat_id") == ann.user_id]
        hints = [ann.say(f"hint-{each}") for each in ("unexpected-other", "use-buttons")]
        assert not [each for each in to_ann if any(hint in str(each.get("text")) for hint in hints)]
        assert not [each for each in to_ann if "message_thread_id" in each]
        deleted = [m for each in to_ann for m in each.get("message_ids") or [each.get("message_id")]]
        assert notes.isdisjoint(deleted), "one that can't be deleted would keep all others of its call"

        operator = town.operators[0]
        asked = await operator.phone.send("/queue kk")
        await said_to(operator.phone, lambda m: sent.reference in m.text, after=asked)

        checked = await asyncio.to_thread(town.place.run, "check")
        assert checked.code == 1
        assert "problem: Topics are switched on for this bot (Threaded Mode)" in checked.out
        assert "@BotFather" in checked.out
    finally:
        await town.control.enable_topics(False)
    assert "Topics are" not in (await asyncio.to_thread(town.place.run, "check")).out
