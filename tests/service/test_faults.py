"""When Telegram fails: the person still gets through, nothing is lost, and nothing is doubled."""

from __future__ import annotations

import asyncio
import time

import pytest

from tests.service.looks import requests
from tests.service.requester import Requester
from tests.service.town import DELAY, GROUP, Town

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def _through(ann: Requester) -> None:
    """The whole way, with somebody who presses again when nothing happens."""
    await ann.start()
    await _until(ann, ann.say("language-name"), ann.say("begin-button"))
    await _until(ann, ann.say("begin-button"), ann.say("skip-button"))
    await _until(ann, ann.say("skip-button"), ann.say("send-button"))
    await _until(ann, ann.say("send-button"), ann.say("channel-chat-button"))
    await _until(ann, ann.say("channel-chat-button"), ann.say("wipe-button"))


async def _until(ann: Requester, label: str, after: str) -> None:
    """Press until what should come has come."""
    deadline = time.monotonic() + 2 * DELAY
    while time.monotonic() < deadline:
        shown = [m for m in await ann.messages() if m.from_bot]
        if any(after in m.labels for m in shown):
            return
        if offering := [m for m in shown if label in m.labels]:
            await ann.press_seen(offering[-1], label, wait=2)
        await asyncio.sleep(0.1)
    raise AssertionError(f"“{after}” never came")


async def test_people_get_through_whatever_fails_and_each_sends_one_request(quiet_town: Town) -> None:
    before = await quiet_town.data(requests)
    crowd = []
    for kind in ("429", "500", "timeout_after_effect", "drop"):
        await quiet_town.control.add_fault("answerCallbackQuery", kind, times=3, seconds=0.2)
        for method in ("editMessageText", "sendMessage", "deleteMessage"):
            ann = await quiet_town.requester()
            await quiet_town.control.add_fault(method, kind, times=2, chat_id=ann.user_id, seconds=0.2)
            crowd.append(ann)
    await asyncio.gather(*map(_through, crowd))
    assert await quiet_town.data(requests) == before + len(crowd)


async def test_while_everything_fails_presses_are_kept_and_come_through_afterwards(quiet_town: Town) -> None:
    ann = await quiet_town.requester()
    await ann.begin()
    await quiet_town.control.add_fault("*", "500", times=1000)
    await ann.press(ann.say("skip-button"), wait=0)
    await asyncio.sleep(0.5)
    await quiet_town.control.clear_faults()
    await ann.asked(ann.questionnaire.question("time-left"))


async def test_one_card_comes_although_the_group_could_not_be_reached(town: Town) -> None:
    for kind in ("429", "500", "drop"):
        await town.control.add_fault("sendMessage", kind, chat_id=GROUP)
    sent = await (await town.requester()).ask_for_help()
    card = await town.card(sent.reference)
    answer = await town.operators[0].group.press("Claim", message_id=card)
    assert "is yours" in answer.text
    await town.card(sent.reference, "Taken by")
    assert len(await town.cards(sent.reference)) == 1


async def test_a_card_that_arrived_twice_goes_with_the_first_press_on_it(town: Town) -> None:
    """A call that took effect but was never answered can only be made again; then two cards are there."""
    await town.control.add_fault("sendMessage", "timeout_after_effect", chat_id=GROUP, seconds=0.2)
    sent = await (await town.requester()).ask_for_help()
    seat = town.operators[0].group
    shown = await seat.wait_for(lambda ms: sum(sent.reference in m.text for m in ms) == 2, timeout=DELAY)
    lost = next(m for m in shown if sent.reference in m.text)
    answer = await seat.press("Claim", message_id=lost.id)
    assert "is yours" in answer.text
    left = await seat.wait_for(lambda ms: all(m.id != lost.id for m in ms), timeout=DELAY)
    assert sum(sent.reference in m.text for m in left) == 1
    await town.card(sent.reference, "Taken by")


async def test_a_person_who_blocks_the_bot_stops_nothing(quiet_town: Town) -> None:
    ann, ben = await quiet_town.requester(), await quiet_town.requester()
    await ann.begin()
    await ann.answer_all()
    await ann.submit()
    await ann.block()
    await ben.begin()
    await ann.block(False)
    await ann.start()
    await ann.offers(ann.say("wipe-button"))


async def test_the_holder_is_told_when_a_reply_cannot_be_delivered(town: Town) -> None:
    ann, operator = await town.requester(), town.operators[0]
    sent = await ann.ask_for_help()
    await operator.group.press("Claim", message_id=await town.card(sent.reference))
    shown = await operator.phone.wait_for(
        lambda ms: any(m.media and sent.reference in m.text for m in ms), timeout=DELAY
    )
    file = next(m for m in shown if m.media and sent.reference in m.text)
    await ann.block()
    await operator.phone.send("Are you there?", reply_to=file.id)
    await operator.phone.wait_for(
        lambda ms: any(sent.reference in m.text and "Not delivered" in m.text for m in ms),
        timeout=DELAY,
    )


async def test_a_reply_that_telegram_took_unheard_comes_again_and_the_copy_says_so(town: Town) -> None:
    ann, operator = await town.requester(), town.operators[0]
    sent = await ann.ask_for_help()
    await operator.group.press("Claim", message_id=await town.card(sent.reference))
    shown = await operator.phone.wait_for(
        lambda ms: any(m.media and sent.reference in m.text for m in ms), timeout=DELAY
    )
    file = next(m for m in shown if m.media and sent.reference in m.text)
    await town.control.add_fault("sendMessage", "timeout_after_effect", chat_id=ann.user_id, seconds=0.2)
    await operator.phone.send("Come at nine", reply_to=file.id)
    told = await operator.phone.wait_for(
        lambda ms: any(sent.reference in m.text and "two copies" in m.text for m in ms), timeout=DELAY
    )
    copies = [m.text for m in await ann.messages() if "Come at nine" in m.text]
    assert [text.startswith(ann.say("reply-again")) for text in copies] == [False, True]
    await ann.press(ann.say("seen-button"))
    line = next(m.id for m in told if "two copies" in m.text)
    await operator.phone.wait_for(
        lambda ms: any(m.id == line and "Read: " in m.text for m in ms), timeout=DELAY
    )


async def test_a_card_on_its_way_is_not_sent_again_because_somebody_else_blocked_the_bot(town: Town) -> None:
    ben, operator = await town.requester(), town.operators[0]
    held = await ben.ask_for_help()
    await operator.group.press("Claim", message_id=await town.card(held.reference))
    shown = await operator.phone.wait_for(
        lambda ms: any(m.media and held.reference in m.text for m in ms), timeout=DELAY
    )
    file = next(m for m in shown if m.media and held.reference in m.text)
    await town.card(held.reference, "Taken by")
    await ben.block()
    await town.control.add_fault("sendMessage", "slow", chat_id=GROUP, seconds=3)
    sent = await (await town.requester()).ask_for_help()
    await operator.phone.send("Are you there?", reply_to=file.id)
    await operator.phone.wait_for(
        lambda ms: any(held.reference in m.text and "Not delivered" in m.text for m in ms),
        timeout=DELAY,
    )
    await town.card(sent.reference)
    await asyncio.sleep(1.5)  # a second one would be next in the group's queue
    assert len(await town.cards(sent.reference)) == 1
