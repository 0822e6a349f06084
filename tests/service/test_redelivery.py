"""The same thing twice: quick presses, a double send, an older message."""

from __future__ import annotations

import asyncio
from typing import Any

import aiohttp
import pytest

from tests.service.looks import cards_owed, messages_kept, references, requests
from tests.service.requester import REFERENCE, Requester
from tests.service.town import SECRET, Town

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def _twice(ann: Requester, label: str, times: int = 2) -> list[Any]:
    """The same button, several times, faster than any answer."""
    screen = await ann.offers(label)
    button = screen.find(label)
    assert button is not None
    presses = [ann.press(button.data or "", message_id=screen.id, force=True, wait=10) for _ in range(times)]
    return await asyncio.gather(*presses)


async def test_sending_with_two_quick_presses_makes_one_case_one_card_one_count(quiet_town: Town) -> None:
    ann = await quiet_town.requester()
    await ann.begin()
    await ann.answer_all()
    before, known = await quiet_town.data(requests), await quiet_town.data(references)
    owed = await quiet_town.data(cards_owed)
    await _twice(ann, ann.say("send-button"))
    answers = await _twice(ann, ann.say("channel-chat-button"), times=4)
    assert all(answer.answered for answer in answers)
    home = await ann.offers(ann.say("wipe-button"))
    found = REFERENCE.search(home.text)
    assert found is not None
    assert await quiet_town.data(requests) == before + 1
    assert await quiet_town.data(references) - known == {found[0]}
    assert await quiet_town.data(cards_owed) == owed + 1


async def test_two_quick_presses_on_a_question_answer_it_once(quiet_town: Town) -> None:
    ann = await quiet_town.requester()
    await ann.begin()
    answers = await _twice(ann, ann.say("skip-button"), times=3)
    assert [a.answered for a in answers] == [True] * 3
    await ann.asked(ann.questionnaire.question("time-left"))


async def test_two_quick_presses_on_a_return_code_make_one_case_and_one_code(quiet_town: Town) -> None:
    ann = await quiet_town.requester()
    await ann.begin()
    await ann.answer_all()
    await ann.tap(ann.say("send-button"))
    before = await quiet_town.data(requests)
    answers = await _twice(ann, ann.say("channel-code-button"), times=3)
    assert all(answer.answered for answer in answers)
    await ann.offers(ann.say("code-written-button"))
    await quiet_town.control.settle()
    assert await quiet_town.data(requests) == before + 1
    assert sum(ann.say("code-written-button") in m.labels for m in await ann.messages()) == 1


async def test_the_emergency_button_pressed_twice_makes_one_case(town: Town) -> None:
    ann = await town.requester()
    await ann.begin()
    before = await town.data(requests)
    await _twice(ann, ann.label(ann.questionnaire.question("status"), "held"), times=3)
    screen = await ann.shows(lambda m: REFERENCE.search(m.text), "the reference")
    found = REFERENCE.search(screen.text)
    assert found is not None
    await town.card(found[0], "emergency")
    assert await town.data(requests) == before + 1
    assert len(await town.cards(found[0])) == 1


async def test_an_older_message_of_ours_becomes_the_screen_when_it_is_pressed(quiet_town: Town) -> None:
    ann = await quiet_town.requester()
    await ann.start()
    old = await ann.offers(ann.say("language-name"))
    await quiet_town.control.add_fault("deleteMessage", "drop", times=9, chat_id=ann.user_id)
    await ann.start()  # a new screen comes; the old one can't be deleted for now
    new = await ann.shows(lambda m: m.id > old.id and m.buttons, "a new screen")
    await quiet_town.control.clear_faults()
    answer = await ann.press(ann.say("language-name"), message_id=new.id)
    assert answer.answered
    await ann.tap(ann.say("begin-button"))
    await ann.asked(ann.questionnaire.questions[0])


async def _deliver(quiet_town: Town, update: dict[str, Any], secret: str = SECRET) -> int:
    """Bring the service an update as Telegram does; the status it answers."""
    url = quiet_town.place.settings["WEBHOOK_URL"]
    headers = {"X-Telegram-Bot-Api-Secret-Token": secret}
    async with aiohttp.request("POST", url, json=update, headers=headers) as answer:
        return answer.status


async def test_an_update_that_comes_again_changes_nothing_and_shows_the_screen(quiet_town: Town) -> None:
    ann = await quiet_town.requester()
    await ann.begin()
    await ann.answer_all()
    await ann.tap(ann.say("send-button"))
    screen = await ann.offers(ann.say("channel-chat-button"))
    chat = screen.find(ann.say("channel-chat-button"))
    assert chat is not None
    before = await quiet_town.data(requests)
    update = {
        "update_id": 77_000_000 + screen.id,
        "callback_query": {
            "id": "1",
            "from": {"id": ann.user_id, "is_bot": False, "first_name": "x"},
            "message": {"message_id": screen.id, "date": 1, "chat": {"id": ann.user_id, "type": "private"}},
            "data": chat.data,
        },
    }
    answers = await asyncio.gather(*(_deliver(quiet_town, update) for _ in range(3)))
    assert answers == [200, 200, 200]
    await ann.offers(ann.say("wipe-button"))
    assert await _deliver(quiet_town, update) == 200
    await ann.offers(ann.say("wipe-button"))
    assert await quiet_town.data(requests) == before + 1


async def test_without_the_secret_nothing_is_taken(quiet_town: Town) -> None:
    ann = await quiet_town.requester()
    start = {
        "update_id": 78_000_000,
        "message": {
            "message_id": 5,
            "date": 1,
            "chat": {"id": ann.user_id, "type": "private"},
            "from": {"id": ann.user_id, "is_bot": False, "first_name": "x"},
            "text": "/start",
        },
    }
    for wrong in ("", "x" * len(SECRET), "\xe9"):
        assert await _deliver(quiet_town, start, wrong) == 403
    assert await ann.messages() == []


async def test_text_that_comes_again_is_sealed_once(quiet_town: Town) -> None:
    ann = await quiet_town.requester()
    await ann.ask_for_help()
    before = await quiet_town.data(messages_kept)
    message = {
        "update_id": 79_000_000 + ann.user_id % 1000,
        "message": {
            "message_id": 900_000,
            "date": 1,
            "chat": {"id": ann.user_id, "type": "private"},
            "from": {"id": ann.user_id, "is_bot": False, "first_name": "x"},
            "text": "once",
        },
    }
    for _ in range(3):
        assert await _deliver(quiet_town, message) == 200
    await ann.offers(ann.say("wipe-button"))
    assert await quiet_town.data(messages_kept) == before + 1
