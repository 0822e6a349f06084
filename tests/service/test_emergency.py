"""Somebody who has no time: the third tap alerts the operators, and the rest is added to the same case."""

from __future__ import annotations

import pytest

from bot.opening import open_text
from tests.service.requester import PICKS, REFERENCE, TEXT
from tests.service.town import DELAY, Town

pytestmark = pytest.mark.asyncio(loop_scope="session")


@pytest.mark.parametrize(
    "taps", [[("status", "held")], [("status", ""), ("time-left", "now")]], ids=["held", "now"]
)
async def test_at_most_three_taps_from_consent_alert_the_operators(
    town: Town, taps: list[tuple[str, str]]
) -> None:
    ann = await town.requester()
    await ann.start()
    await ann.tap(ann.say("language-name"))
    await ann.tap(ann.say("begin-button"))  # the first tap, and at most two follow
    for name, option in taps:
        question = ann.questionnaire.question(name)
        await ann.asked(question)
        await ann.tap(ann.label(question, option) if option else ann.say("skip-button"))
    screen = await ann.shows(lambda m: REFERENCE.search(m.text), "the reference")
    found = REFERENCE.search(screen.text)
    assert found is not None
    await town.card(found[0], "emergency")


async def test_what_is_answered_after_the_alert_renews_the_card_and_the_holders_file(town: Town) -> None:
    ann, operator = await town.requester(), town.operators[0]
    await ann.begin()
    await ann.tap(ann.label(ann.questionnaire.question("status"), "held"))
    screen = await ann.shows(lambda m: REFERENCE.search(m.text), "the reference")
    found = REFERENCE.search(screen.text)
    assert found is not None
    reference = found[0]
    card = await town.card(reference, "emergency")
    await operator.group.press("Claim", message_id=card)
    first = await operator.phone.wait_for(
        lambda ms: any(m.media and reference in m.text for m in ms), timeout=DELAY
    )
    await ann.answer_all(PICKS)
    await ann.submit()
    files = await operator.phone.wait_for(
        lambda ms: sum(1 for m in ms if m.media and reference in m.text) == 2, timeout=DELAY
    )
    old = next(m for m in first if m.media and reference in m.text)
    new = next(m for m in reversed(files) if m.media and reference in m.text)
    assert old.file_id
    assert new.file_id
    before = open_text(await operator.phone.download(old.file_id), operator.private)
    after = open_text(await operator.phone.download(new.file_id), operator.private)
    assert TEXT not in before
    assert TEXT in after
    assert "Armenia" in after
    await town.card(reference, "Armenia")
    assert len(await town.cards(reference)) == 1


async def test_an_emergency_that_is_left_half_answered_stays_sent(town: Town) -> None:
    ann = await town.requester()
    await ann.begin()
    await ann.tap(ann.label(ann.questionnaire.question("status"), "held"))
    screen = await ann.shows(lambda m: REFERENCE.search(m.text), "the reference")
    found = REFERENCE.search(screen.text)
    assert found is not None
    await ann.tap(ann.say("stop-button"))
    await ann.reads(ann.say("stopped"))
    await town.card(found[0])
    assert len(await town.cards(found[0])) == 1
    await ann.tap(ann.say("start-button"))
    await ann.reads(found[0])


async def test_an_emergency_may_still_choose_a_return_code(town: Town) -> None:
    ann = await town.requester()
    await ann.begin()
    await ann.tap(ann.label(ann.questionnaire.question("status"), "held"))
    await ann.answer_all()
    sent = await ann.submit("code")
    await ann.tap(ann.say("code-written-button"))
    other = await town.requester()
    await other.start()
    await other.send(sent.code)
    await other.reads(other.say("code-no-reply"))
    assert len(await town.cards(sent.reference)) == 1
