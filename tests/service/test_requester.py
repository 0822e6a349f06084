"""The whole way of somebody who asks for help, in each language, with a reply in the chat or by a return code."""

from __future__ import annotations

import pytest

from handlers.texts import LANGUAGES
from tests.service.ageing import leave_alone, until_noted
from tests.service.requester import CODE, TEXT
from tests.service.town import DELAY, Town

pytestmark = pytest.mark.asyncio(loop_scope="session")
HALF_AN_HOUR = 31 * 60


@pytest.mark.parametrize("language", LANGUAGES)
async def test_a_request_is_sent_in_every_language_and_leaves_one_message(
    quiet_town: Town, language: str
) -> None:
    ann = await quiet_town.requester(language)
    sent = await ann.ask_for_help()
    left = await ann.wait_for(lambda shown: len(shown) == 1, timeout=DELAY)
    assert left[0].from_bot
    assert sent.reference in left[0].text
    assert all(message.raw["protected"] for message in left)


@pytest.mark.parametrize("language", LANGUAGES)
async def test_a_return_code_is_shown_and_goes_when_it_has_been_written_down(
    quiet_town: Town, language: str
) -> None:
    ann = await quiet_town.requester(language)
    sent = await ann.ask_for_help("code")
    answer = await ann.tap(ann.say("code-longer-button"))
    assert answer.text == ann.say("code-longer-done")
    await ann.tap(ann.say("code-written-button"))
    left = await ann.wait_for(lambda shown: len(shown) == 1, timeout=DELAY)
    assert not CODE.search(left[0].text)
    assert sent.reference in left[0].text


async def test_a_code_that_nobody_pressed_away_goes_after_its_minute(quiet_town: Town) -> None:
    ann = await quiet_town.requester()
    sent = await ann.ask_for_help("code")
    message = await ann.offers(ann.say("code-written-button"))
    await until_noted(quiet_town.data, ann.user_id, message.id)
    await quiet_town.data(lambda tx: leave_alone(tx, ann.user_id, 61), write=True)
    other = await quiet_town.requester()
    await other.start()
    await other.send("/stop")  # what must go at once makes the service look what else is due
    left = await ann.wait_for(lambda shown: len(shown) == 1, timeout=DELAY)
    assert sent.code not in left[0].text


async def test_a_code_reads_the_reply_and_erases_the_case_from_another_account(town: Town) -> None:
    ann, operator = await town.requester(), town.operators[0]
    sent = await ann.ask_for_help("code")
    card = await town.card(sent.reference)
    await operator.group.press("Claim", message_id=card)
    shown = await operator.phone.wait_for(
        lambda ms: any(m.media and sent.reference in m.text for m in ms), timeout=DELAY
    )
    file = next(m for m in shown if m.media and sent.reference in m.text)
    await operator.phone.send("Come on Tuesday.", reply_to=file.id)
    await operator.phone.wait_for(lambda ms: any("with the code" in m.text for m in ms), timeout=DELAY)

    other = await town.requester("ru")
    await other.start()
    await other.offers(other.say("language-name"))
    typed = await other.send(sent.code)
    await other.reads("Come on Tuesday.")
    await other.wait_for(lambda ms: all(m.id != typed.id for m in ms), timeout=DELAY)

    await other.send("/erase")
    await other.reads(other.say("code-erase-ask"))
    await other.send(sent.code)
    await other.reads(other.say("code-erased", reference=sent.reference))
    await town.card(sent.reference, "withdrawn")
    await operator.phone.wait_for(lambda ms: all(m.id != file.id for m in ms), timeout=DELAY)
    await other.send(sent.code)
    await other.reads(other.say("hint-code-unknown"))


async def test_with_a_code_one_adds_takes_back_and_withdraws_from_another_account(town: Town) -> None:
    ann, operator = await town.requester(), town.operators[0]
    sent = await ann.ask_for_help("code")
    await operator.group.press("Claim", message_id=await town.card(sent.reference))
    await operator.phone.wait_for(
        lambda ms: any(m.media and sent.reference in m.text for m in ms), timeout=DELAY
    )

    other = await town.requester("uk")
    await other.start()
    await other.offers(other.say("language-name"))
    typed = await other.send(f"{sent.code} +7 916 123-45-67")
    await other.reads(other.say("code-added", reference=sent.reference))
    await other.goes(typed)
    await operator.phone.wait_for(lambda ms: any("added something" in m.text for m in ms), timeout=DELAY)
    await other.tap(other.say("take-back-button"))
    await other.send(sent.code)
    await other.reads(other.say("code-taken-back", reference=sent.reference))

    await other.send(sent.code)
    await other.tap(other.say("withdraw-button"))
    await other.reads(other.say("code-withdraw-ask"))
    await other.send(sent.code)
    await other.reads(other.say("code-withdrawn", reference=sent.reference))
    await town.card(sent.reference, "withdrawn")
    await operator.phone.wait_for(
        lambda ms: (
            any(sent.reference in m.text and "needs no help" in m.text for m in ms)
            and not any(m.media and sent.reference in m.text for m in ms)
        ),
        timeout=DELAY,
    )
    await other.tap(other.say("stop-button"))
    left = await other.wait_for(lambda shown: len(shown) == 1, timeout=DELAY)
    assert left[0].text == other.say("stopped")


async def test_who_needs_no_help_any_more_withdraws_and_the_chat_is_wiped(town: Town) -> None:
    ann, operator = await town.requester("ru"), town.operators[0]
    sent = await ann.ask_for_help()
    await operator.group.press("Claim", message_id=await town.card(sent.reference))
    await ann.tap(ann.say("erase-button"))
    await ann.reads(ann.say("erase-ask", reference=sent.reference))
    await ann.tap(ann.say("withdraw-button"))
    left = await ann.wait_for(lambda shown: len(shown) == 1, timeout=DELAY)
    assert left[0].text == ann.say("withdrawn", reference=sent.reference)
    await town.card(sent.reference, "withdrawn by the requester")
    await ann.begin()


async def test_every_answer_can_be_changed_before_sending_and_going_back_loses_none(quiet_town: Town) -> None:
    ann = await quiet_town.requester()
    await ann.begin()
    await ann.answer_all()
    review = await ann.offers(ann.say("send-button"))
    where = ann.questionnaire.question("where")
    await ann.tap(where.label["en"])
    chosen = await ann.asked(where)
    assert f"● {ann.label(where, 'armenia')}" in chosen.labels
    await ann.tap(ann.label(where, "georgia"))
    changed = await ann.offers(ann.say("send-button"))
    armenia, georgia = ann.label(where, "armenia"), ann.label(where, "georgia")
    assert changed.text.splitlines()[-6:] == review.text.replace(armenia, georgia).splitlines()[-6:]


async def test_a_draft_left_for_too_long_is_gone_and_coming_back_says_so(quiet_town: Town) -> None:
    ann = await quiet_town.requester()
    await ann.begin()
    await ann.tap(ann.label(ann.questionnaire.questions[0], "on-leave"))
    await ann.asked(ann.questionnaire.question("time-left"))
    await quiet_town.data(lambda tx: leave_alone(tx, ann.user_id, HALF_AN_HOUR), write=True)
    # Either the person comes back first, or the sweep comes first and leaves a line that says the same.
    await ann.tap(ann.say("skip-button"))
    await ann.shows(
        lambda m: ann.say("hint-expired") in m.text or m.text == ann.say("expired"), "that the draft is gone"
    )
    await ann.begin()


async def test_a_sent_request_takes_more_text_which_is_deleted_and_reaches_the_holder(town: Town) -> None:
    ann, operator = await town.requester(), town.operators[0]
    sent = await ann.ask_for_help()
    await operator.group.press("Claim", message_id=await town.card(sent.reference))
    await operator.phone.wait_for(
        lambda ms: any(m.media and sent.reference in m.text for m in ms), timeout=DELAY
    )
    typed = await ann.send(TEXT + " More.")
    await ann.reads(ann.say("hint-added"))
    await ann.wait_for(lambda ms: all(m.id != typed.id for m in ms), timeout=DELAY)
    await operator.phone.wait_for(
        lambda ms: sum(1 for m in ms if m.media and sent.reference in m.text) == 2, timeout=DELAY
    )
