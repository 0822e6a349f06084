"""The operators' group changes its id, or throws the bot out."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from sandbox.client import Phone
from tests.service.town import GROUP, said_to
from tests.service.town import town as open_town

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_a_group_that_moves_or_throws_the_bot_out_costs_no_card(tmp_path: Path) -> None:
    async with open_town(tmp_path) as town:
        first = await (await town.requester()).ask_for_help()
        await town.card(first.reference)
        moved = await town.control.migrate(GROUP)
        second = await (await town.requester()).ask_for_help()
        card = await town.card(second.reference, group=moved)
        seat = Phone(town.sandbox.base_url, town.operators[0].phone.user_id, moved)
        answer = await seat.press("Claim", message_id=card)
        assert "is yours" in answer.text
        await town.card(second.reference, "Taken by", group=moved)
        checked = await asyncio.to_thread(town.place.run, "check")
        assert f"POSTERN_OPERATORS_CHAT to {moved}" in checked.out
        await town.service.stop()  # it still works after a restart with the old setting
        await town.service.start()
        third = await (await town.requester()).ask_for_help()
        card = await town.card(third.reference, group=moved)
        assert "is yours" in (await seat.press("Claim", message_id=card)).text
        assert town.service.new_errors() == []

        await town.control.set_rights(moved, bot_status="kicked")
        ann = await town.requester()
        fourth = await ann.ask_for_help()  # requesters notice nothing
        checked = await asyncio.to_thread(town.place.run, "check")
        assert checked.code == 1
        assert "group" in checked.out
        phone = town.operators[0].phone
        asked = await phone.send("/queue")
        await said_to(phone, lambda m: fourth.reference in m.text, after=asked)
        complaints = town.service.new_errors()
        assert 1 <= len(complaints) <= 3, "said, and not said again and again"
        await town.control.set_rights(moved, bot_status="administrator")
        await (await town.requester()).start()
        await town.card(fourth.reference, group=moved)
