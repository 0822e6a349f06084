"""Over HTTP: what a text should not have held, and an account that an operator blocks and an admin lets back in."""

from __future__ import annotations

import pytest

from intake.answers import asked
from tests.service.requester import TEXT
from tests.service.town import DELAY, Town

pytestmark = pytest.mark.asyncio(loop_scope="session")
PHONE = "+7 916 123-45-67"


async def test_a_phone_number_is_noticed_where_it_was_typed_and_left_out(town: Town) -> None:
    ann = await town.requester()
    await ann.begin()
    question = next(q for q in town.questionnaire.questions if not q.options)
    for each in asked(town.questionnaire, {q.id: () for q in town.questionnaire.questions}):
        if each.id != question.id:
            await ann.answer(each, ())
    await ann.send(f"{TEXT} {PHONE}")
    screen = await ann.offers(ann.say("omit-button"))
    assert ann.say("sensitive-phone") in screen.text
    await ann.wait_for(lambda ms: all(PHONE not in m.text for m in ms), timeout=DELAY)
    await ann.tap(ann.say("omit-button"))
    await ann.reads(question.ask["en"])
    await ann.send(f"{TEXT} a@example.org")
    await ann.tap(ann.say("keep-button"))
    await ann.offers(ann.say("send-button"))
    log = town.service.log_path.read_text()
    assert "916" not in log
    assert "example.org" not in log
    assert "noticed" not in log


async def test_an_operator_blocks_an_account_and_an_admin_lets_it_back_in(town: Town) -> None:
    ann, operator = await town.requester(), town.operators[0]
    sent = await ann.ask_for_help()
    await operator.group.press("Claim", message_id=await town.card(sent.reference))
    shown = await operator.phone.wait_for(
        lambda ms: any(m.media and sent.reference in m.text for m in ms), timeout=DELAY
    )
    file = next(m for m in shown if m.media and sent.reference in m.text)
    await operator.phone.press(ann.say("block-button"), message_id=file.id)
    label = ann.say("block-yes-button")
    shown = await operator.phone.wait_for(
        lambda ms: any(label in m.labels and sent.reference in m.text for m in ms), timeout=DELAY
    )
    question = next(m for m in shown if label in m.labels and sent.reference in m.text)
    assert sent.reference in (await operator.phone.press(label, message_id=question.id)).text

    await ann.send("Answer me")
    barred = await ann.reads(ann.say("barred"))
    assert barred.labels == [ann.say("stop-button")]
    await ann.send("/privacy")
    await ann.offers(ann.say("back-button"))
    await ann.send("/wipe")
    await ann.reads(ann.say("wiped"))

    await town.admin.send("/blocked")
    lift = ann.say("lift-button", reference=sent.reference)
    shown = await town.admin.wait_for(lambda ms: any(lift in m.labels for m in ms), timeout=DELAY)
    listed = next(m for m in shown if lift in m.labels)
    assert str(ann.user_id) not in listed.text
    assert sent.reference in (await town.admin.press(lift, message_id=listed.id)).text
    await ann.start()
    await ann.offers(ann.say("refresh-button"))
