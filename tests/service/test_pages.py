"""Help, privacy, verify, status, language; and leaving no trace: /wipe, /stop, /erase."""

from __future__ import annotations

import asyncio
import re

import pytest

from handlers.texts import LANGUAGES
from storage.keywords import key_words
from tests.service.town import DELAY, ORGANISATION, RECOVERY, Town

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_the_privacy_page_shows_the_numbers_of_the_settings_in_force(quiet_town: Town) -> None:
    ann = await quiet_town.requester()
    await ann.begin()
    await ann.send("/privacy")
    page = await ann.shows(lambda m: "Who can read what" in m.text, "the page")
    settings = quiet_town.place.loaded
    for number, unit in (
        (settings.draft_minutes, "min"),
        (settings.reply_hours, "h"),
    ):
        assert re.search(rf"\b{number} {unit}\b", page.text)
    assert f"day {settings.retention_days.closed} " in page.text
    assert f"day {settings.retention_days.open} " in page.text
    assert f"day {settings.retention_days.replies} " in page.text
    assert f"at least {settings.anonymity_k} of them" in page.text
    assert ann.say("privacy-relay-sealed") in page.text
    await ann.tap(ann.say("back-button"))
    await ann.asked(ann.questionnaire.questions[0])


async def test_verify_shows_the_words_that_the_shell_lists(quiet_town: Town) -> None:
    ann = await quiet_town.requester("uk")
    await ann.send("/verify")
    words = " ".join(key_words(bytes(RECOVERY.public_key)))
    await ann.reads(words)
    listed = await asyncio.to_thread(quiet_town.place.run, "operators", "list")
    assert f"offline  {words}" in re.sub(" {2,}", "  ", listed.out)


@pytest.mark.parametrize("language", LANGUAGES)
async def test_pages_lie_over_the_question_and_back_returns_to_it(quiet_town: Town, language: str) -> None:
    ann = await quiet_town.requester(language)
    await ann.begin()
    for command in ("help", "privacy", "verify"):
        await ann.send(f"/{command}")
        await ann.offers(ann.say("back-button"))
        await ann.shows(lambda m: ann.say("skip-button") not in m.labels, command)
        await ann.tap(ann.say("back-button"))
        await ann.asked(ann.questionnaire.questions[0])
    await ann.tap(ann.say("skip-button"))
    await ann.asked(ann.questionnaire.questions[1 if language == "" else 2])
    await ann.send("/status")
    await ann.reads(ann.say("status-drafting", draft_minutes=30))
    await ann.tap(ann.say("back-button"))
    await ann.send("/start")
    await ann.asked(ann.questionnaire.question("time-left"))


async def test_the_language_can_be_changed_in_the_middle_and_answers_stay(quiet_town: Town) -> None:
    ann = await quiet_town.requester("en")
    await ann.begin()
    status = ann.questionnaire.question("status")
    await ann.tap(ann.label(status, "on-leave"))
    await ann.asked(ann.questionnaire.question("time-left"))
    await ann.send("/language")
    await ann.tap("Русский")
    ann.language = "ru"
    await ann.asked(ann.questionnaire.question("time-left"))
    await ann.tap(ann.say("back-button"))
    await ann.offers(f"● {ann.label(status, 'on-leave')}")


async def test_stop_leaves_one_neutral_line_and_the_answers_are_gone(quiet_town: Town) -> None:
    ann = await quiet_town.requester()
    await ann.begin()
    await ann.send("this stays until now")
    await ann.send("/help")
    await ann.send("/stop")
    left = await ann.wait_for(lambda ms: len(ms) == 1 and ms[0].text == ann.say("stopped"), timeout=DELAY)
    assert ORGANISATION not in left[0].text
    await ann.tap(ann.say("start-button"))
    await ann.offers(ann.say("language-name"))


async def test_wipe_deletes_both_sides_and_says_what_remains(quiet_town: Town) -> None:
    ann = await quiet_town.requester("ru")
    sent = await ann.ask_for_help()
    await ann.send("/privacy")
    await ann.send("/nonsense")
    await ann.send_media("poll")
    await ann.reads(ann.say("hint-unexpected-other"))
    await ann.send("/wipe")
    left = await ann.wait_for(lambda ms: len(ms) == 1 and ms[0].text == ann.say("wiped"), timeout=DELAY)
    assert sent.reference not in left[0].text
    await ann.tap(ann.say("again-button"))
    await ann.reads(sent.reference)


async def test_erasing_takes_two_presses_and_leaves_nothing_to_claim(town: Town) -> None:
    ann = await town.requester("kk")
    sent = await ann.ask_for_help()
    card = await town.card(sent.reference)
    await ann.tap(ann.say("erase-button"))
    await ann.tap(ann.say("erase-no-button"))
    await ann.tap(ann.say("erase-button"))
    await ann.tap(ann.say("erase-yes-button"))
    await ann.wait_for(lambda ms: len(ms) == 1 and ms[0].text == ann.say("erased"), timeout=DELAY)
    await town.card(sent.reference, "withdrawn")
    seat = town.operators[0].group
    answer = await seat.press(f"claim.{sent.reference}", message_id=card, force=True)
    assert "gone" in answer.text
    await ann.send("/status")
    await ann.reads(ann.say("code-ask"))
