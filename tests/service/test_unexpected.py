"""What nobody planned for: one helpful answer or none, never an error, and the conversation goes on."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from sandbox.client import Bubble
from tests.service.requester import Requester
from tests.service.town import DELAY, GROUP, Town

pytestmark = pytest.mark.asyncio(loop_scope="session")
ODD = {
    "photo": "file",
    "document": "file",
    "voice": "file",
    "video": "file",
    "sticker": "file",
    "video_note": "file",
    "audio": "file",
    "animation": "file",
    "contact": "contact",
    "location": "location",
    "venue": "location",
    "poll": "other",
    "dice": "other",
}


async def _goes_on(ann: Requester) -> None:
    """The screen's buttons still work."""
    question = ann.questionnaire.questions[0]
    await ann.tap(ann.say("skip-button"))
    await ann.asked(ann.questionnaire.question("time-left"))
    await ann.tap(ann.say("back-button"))
    await ann.asked(question)


async def _bots(ann: Requester) -> list[Bubble]:
    return [m for m in await ann.messages() if m.from_bot]


async def test_media_get_one_hint_and_what_could_identify_is_deleted_at_once(town: Town) -> None:
    ann = await town.requester()
    await ann.begin()
    for kind, hint in ODD.items():
        sent = await ann.send_media(kind, caption="my passport" if kind == "photo" else None)
        await ann.reads(ann.say(f"hint-unexpected-{hint}"))
        if hint != "other":
            await ann.goes(sent)
        assert len(await _bots(ann)) == 1, f"more than one answer to a {kind}"
        await _goes_on(ann)


async def test_thirty_photos_at_once_are_all_deleted_and_the_screen_goes_on(quiet_town: Town) -> None:
    """More than anybody's share of turns: they are not looked at, but they don't stay either."""
    ann = await quiet_town.requester()
    await ann.begin()
    sent = await asyncio.gather(*(ann.send_media("photo") for _ in range(30)))
    photos = {message.id for message in sent}
    await ann.wait_for(lambda shown: all(m.id not in photos for m in shown), timeout=DELAY)
    answer = await ann.tap(ann.say("skip-button"))
    if answer.text == ann.say("hint-too-fast"):
        await asyncio.sleep(1)
        await ann.tap(ann.say("skip-button"))
    await ann.asked(ann.questionnaire.question("time-left"))


async def test_text_where_a_button_is_due_and_forwarded_text_get_one_hint(quiet_town: Town) -> None:
    ann = await quiet_town.requester()
    await ann.begin()
    for forwarded, hint in ((False, "hint-use-buttons"), (True, "hint-unexpected-other")):
        await ann.send("I need help", forwarded=forwarded)
        await ann.reads(ann.say(hint))
        assert len(await _bots(ann)) == 1
        await _goes_on(ann)


async def test_an_edited_message_and_an_unknown_command_get_one_hint(quiet_town: Town) -> None:
    ann = await quiet_town.requester()
    await ann.begin()
    written = await ann.send("hello")
    await ann.reads(ann.say("hint-use-buttons"))
    await ann.edit(written.id, "hello, hello")
    await ann.reads(ann.say("hint-unexpected-edited"))
    await ann.send("/queue")
    await ann.reads(ann.say("hint-unknown-command"))
    assert len(await _bots(ann)) == 1
    await _goes_on(ann)


async def test_a_press_on_an_old_button_is_answered_and_changes_nothing(quiet_town: Town) -> None:
    ann = await quiet_town.requester()
    await ann.begin()
    screen = (await _bots(ann))[0]
    old = screen.buttons[0].data or ""
    await ann.tap(ann.say("skip-button"))
    after = await ann.asked(ann.questionnaire.question("time-left"))
    answer = await ann.press(old, message_id=screen.id, force=True)
    assert answer.answered
    assert answer.text == ann.say("hint-old-button")
    assert (await _bots(ann))[0].text == after.text
    for data in (
        "",
        "claim.K7QM-4ZDP",
        "9" * 60 + ".o1",
        "1.o99999999999999999",
        "-1.x",
        "ключ",
        "key.yes.x.y",
    ):
        if data:
            assert (await ann.press(data, message_id=screen.id, force=True)).answered, data
    await ann.tap(ann.say("skip-button"))


async def test_a_press_on_a_message_that_is_gone_brings_a_screen_to_go_on_with(quiet_town: Town) -> None:
    ann = await quiet_town.requester()
    await ann.begin()
    screen = (await _bots(ann))[0]
    skip = screen.find(ann.say("skip-button"))
    assert skip is not None
    await quiet_town.delete(ann.user_id, screen.id)
    answer = await ann.press(skip.data or "", message_id=screen.id, force=True)
    assert answer.answered
    await ann.asked(ann.questionnaire.question("time-left"))
    await ann.tap(ann.say("skip-button"))
    await ann.asked(ann.questionnaire.question("where"))
    assert len(await _bots(ann)) == 1


async def test_a_screen_that_is_gone_comes_back_with_whatever_is_written(quiet_town: Town) -> None:
    ann = await quiet_town.requester()
    await ann.begin()
    await quiet_town.delete(ann.user_id, (await _bots(ann))[0].id)
    await ann.send("hello?")
    await ann.asked(ann.questionnaire.questions[0])
    await _goes_on(ann)


async def test_groups_and_channels_get_no_answer_to_chatter(town: Town) -> None:
    before = len(await town.control.calls("sendMessage"))
    ann = await town.requester()
    await town.control.set_member(GROUP, ann.user_id, True)
    for who in (ann.user_id, town.operators[0].phone.user_id):
        seat = town.sandbox.phone(who, GROUP)
        for text in ("hello", "/start", "/help", "/queue", "/stats", "/status@postern_sandbox_bot"):
            await seat.send(text)
        await seat.send_media("photo")
    channel = {"id": -100_777, "type": "channel", "title": "News"}
    post = {"message_id": 1, "date": 1, "chat": channel, "sender_chat": channel, "text": "/start"}
    await town.control.raw({"channel_post": post})
    await town.control.raw({"message": post})
    await ann.inline("help")
    await town.control.settle()
    assert len(await town.control.calls("sendMessage")) == before
    await town.control.set_member(GROUP, ann.user_id, False)


GARBAGE: list[dict[str, Any]] = [
    {"message": None},
    {"message": []},
    {"message": {"message_id": 1}},
    {"message": {"message_id": "x", "chat": {"id": "y", "type": 5}, "from": 7, "text": {"a": 1}}},
    {"message": {"message_id": 1, "date": 1, "chat": {"id": 10**30, "type": "private"}, "text": "hi"}},
    {"callback_query": {"id": 5, "from": {"id": True}, "data": ["x"]}},
    {"callback_query": {"id": "no such", "from": {"id": 4}, "data": "1.o0"}},
    {"callback_query": {"id": "no such", "from": {"id": 4}, "message": {"message_id": 4}, "data": "code.x"}},
    {"edited_message": {"message_id": 1, "chat": {"id": 4, "type": "private"}}},
    {"my_chat_member": {"chat": {"id": 4, "type": "private"}, "new_chat_member": "kicked"}},
    {"inline_query": "?"},
    {"something_new": {"from": {"id": 4}}},
]


@pytest.mark.parametrize("update", GARBAGE, ids=lambda update: next(iter(update)))
async def test_garbage_is_passed_over(quiet_town: Town, update: dict[str, Any]) -> None:
    await quiet_town.control.raw(update)
    await quiet_town.control.settle()


async def test_a_message_of_every_odd_shape_from_a_real_chat_is_survived(quiet_town: Town) -> None:
    ann = await quiet_town.requester()
    await ann.begin()
    who = {"id": ann.user_id, "is_bot": False, "first_name": "x"}
    chat = {"id": ann.user_id, "type": "private"}
    shapes: list[dict[str, Any]] = [
        {"text": ""},
        {"text": "\x00 \u202e"},
        {"text": "/" + "a" * 5000},
        {"text": "/start " + "x" * 5000},
        {"photo": []},
        {"new_chat_title": "x"},
        {"web_app_data": {"data": "x", "button_text": "x"}},
        {"successful_payment": {}},
        {"text": "hi", "reply_to_message": {"message_id": "x"}},
    ]
    for body in shapes:
        await quiet_town.control.raw(
            {"message": {"message_id": 900_001, "date": 1, "chat": chat, "from": who} | body}
        )
    await quiet_town.control.settle()
    await ann.offers(ann.say("skip-button"))
    await ann.tap(ann.say("skip-button"))
    await ann.asked(ann.questionnaire.question("time-left"))
