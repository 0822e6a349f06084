"""What the holder decides alone, and what takes a second person."""

from __future__ import annotations

import pytest

from intake.lifecycle import Outcome, Status
from intake.questionnaire import Level
from intake.roles import Role
from storage import audit, outbox
from storage.cases import Case
from storage.envelope import Who
from tests.handlers.desk import GROUP, Person, World, ask, join
from tests.handlers.test_operator_turn import ANN, claimed
from tests.handlers.test_requester_turn import only_case

DAY = 86_400


async def found(world: World) -> Case:
    case: Case = await world.read(only_case)
    return case


async def emergency(world: World) -> Person:
    heron = await join(world, 900, Role.OPERATOR, "Heron")
    await ask(Person(world, ANN), held=True, until="chat")
    await world.deliver()
    await heron.press("Claim", chat=GROUP)
    await world.deliver()
    return heron


async def chosen(world: World, person: Person, *buttons: str) -> str:
    """What the last press was answered."""
    for button in buttons:
        answer = await person.press(world.say(button))
        await world.deliver()
    return answer.text


async def events(world: World) -> list[tuple[str, str, str]]:
    return [
        (e.event.value, e.name, e.whom) for e in (await world.read(lambda tx: audit.latest(tx, 100)))[::-1]
    ]


async def test_the_holder_raises_a_level_at_once_and_alone(world: World) -> None:
    heron, _ = await claimed(world)
    told = await chosen(world, heron, "more-button", "raise-button", "reason-time")
    case = await found(world)
    assert told == world.say("raised", reference=case.reference, level="urgent")
    assert case.facts.level is Level.URGENT
    assert "🟠" in world.shown(GROUP)[0].text
    await chosen(world, heron, "more-button", "raise-button", "reason-danger")
    assert (await found(world)).facts.level is Level.EMERGENCY
    assert "🔴" in world.shown(GROUP)[0].text
    last = (await world.read(lambda tx: audit.latest(tx, 1)))[0]
    assert (last.event, last.detail) == ("escalated", "emergency"), "the reason is the requester's"
    await heron.send("/mine")
    await heron.press(world.say("file-button", reference=case.reference))
    await world.deliver()
    notes = [m.text for m in heron.open().thread if m.who is Who.NOTE]
    assert [world.say("reason-time") in notes[0], world.say("reason-danger") in notes[1]] == [True, True]
    assert not any(world.say("reason-time") in m.text for m in world.shown(ANN))
    wren = await join(world, 800, Role.ADMIN, "Wren")
    await wren.send("/audit")
    assert world.say("reason-danger") not in world.shown(800)[-1].text


async def test_nobody_lowers_an_emergency_alone(world: World) -> None:
    heron = await emergency(world)
    told = await chosen(world, heron, "more-button", "lower-button")
    assert (await found(world)).facts.level is Level.EMERGENCY
    assert told == world.say("lower-nobody", reference=(await found(world)).reference)
    ibis = await join(world, 901, Role.OPERATOR, "Ibis")
    await chosen(world, heron, "more-button", "lower-button")
    case = await found(world)
    on, yes = heron.find(world.say("second-yes-button"), chat=GROUP)
    assert (await heron.press_data(yes, on)).text == world.say("second-not-you", reference=case.reference)
    assert (await found(world)).facts.level is Level.EMERGENCY
    await ibis.press_data(yes, on)
    await world.deliver()
    assert (await found(world)).facts.level is Level.URGENT
    assert on.text == world.say("second-yes", reference=case.reference)
    assert not on.keyboard
    assert "🟠" in world.shown(GROUP)[0].text
    assert (await events(world))[-2:] == [("downgrade-asked", "Heron", ""), ("downgraded", "Ibis", "Heron")]
    assert await world.read(outbox.waiting) == []


async def test_an_urgent_case_is_lowered_by_its_holder(world: World) -> None:
    heron, _ = await claimed(world)
    await chosen(world, heron, "more-button", "raise-button", "reason-time", "more-button", "lower-button")
    assert (await found(world)).facts.level is Level.STANDARD


async def test_we_cannot_help_you_is_said_by_two_of_whom_one_is_a_lead(world: World) -> None:
    heron, _ = await claimed(world)
    case = await found(world)
    told = await chosen(world, heron, "close-button", "outcome-out-of-scope")
    assert told == world.say("exclude-nobody", reference=case.reference)
    ibis = await join(world, 901, Role.LEAD, "Ibis")
    auk = await join(world, 902, Role.OPERATOR, "Auk")
    await chosen(world, heron, "close-button", "outcome-out-of-scope")
    assert (await found(world)).status is Status.CLAIMED
    on, yes = ibis.find(world.say("second-yes-button"))
    assert (await auk.press_data(yes, on)).text == world.say("second-lead", reference=case.reference)
    assert (await heron.press_data(yes, on)).text == world.say("second-not-you", reference=case.reference)
    assert (await found(world)).status is Status.CLAIMED
    await ibis.press_data(yes, on)
    await world.deliver()
    case = await found(world)
    assert (case.status, case.outcome) == (Status.CLOSED, Outcome.OUT_OF_SCOPE)
    assert (await events(world))[-1] == ("closed", "Ibis", "Heron")
    assert any("closed" in m.text for m in world.shown(ANN))
    assert not any(m.document for m in world.shown(900))
    assert (await ibis.press_data(yes, on)).text == world.say("second-over", reference=case.reference)


@pytest.mark.parametrize("how", ["refused", "run out", "released"])
async def test_what_is_not_agreed_on_is_not_done(world: World, how: str) -> None:
    ibis = await join(world, 901, Role.LEAD, "Ibis")
    heron, _ = await claimed(world)
    await chosen(world, heron, "close-button", "outcome-out-of-scope")
    on, yes = ibis.find(world.say("second-yes-button"))
    match how:
        case "refused":
            await ibis.press(world.say("second-no-button"))
        case "run out":
            world.wait(DAY)
        case _:
            await heron.press(world.say("release-button"))
    await world.deliver()
    case = await found(world)
    assert (await ibis.press_data(yes, on)).text == world.say("second-over", reference=case.reference)
    case = await found(world)
    assert (case.outcome, case.facts.asked) == (None, "")
    assert case.status is (Status.OPEN if how == "released" else Status.CLAIMED)


@pytest.mark.parametrize("first", ["lower", "exclude"])
async def test_whoever_agrees_agrees_to_what_they_were_asked(world: World, first: str) -> None:
    """A question that has run out must not confirm the next one about the same case."""
    ibis = await join(world, 901, Role.LEAD, "Ibis")
    heron = await emergency(world)
    asking = {"lower": ("more-button", "lower-button"), "exclude": ("close-button", "outcome-out-of-scope")}
    await chosen(world, heron, *asking.pop(first))
    case = await found(world)
    on, yes = ibis.find(world.say("second-yes-button"), chat=GROUP if first == "lower" else 901)
    [other] = asking.values()
    told = await chosen(world, heron, *other)
    assert told == world.say("second-already", reference=case.reference)
    assert (await found(world)).facts.asked == case.facts.asked
    world.wait(DAY)
    await world.deliver()
    await chosen(world, heron, *other)
    answer = await ibis.press_data(yes, on)
    await world.deliver()
    assert answer.text == world.say("second-over", reference=case.reference)
    case = await found(world)
    assert (case.status, case.facts.level) == (Status.CLAIMED, Level.EMERGENCY)
    assert case.facts.asked


async def test_an_answer_of_the_requester_undoes_nothing_that_two_have_decided(world: World) -> None:
    """Nor does it lose a document that was asked for meanwhile."""
    heron, ann = await join(world, 900, Role.OPERATOR, "Heron"), Person(world, ANN)
    ibis = await join(world, 901, Role.OPERATOR, "Ibis")
    await ask(ann, held=True)
    await world.deliver()
    await heron.press("Claim", chat=GROUP)
    await world.deliver()
    await chosen(world, heron, "more-button", "lower-button")
    await ibis.press(world.say("second-yes-button"), chat=GROUP)
    await world.deliver()
    await heron.press(world.say("file-ask-button"))
    await world.deliver()
    before = await found(world)
    assert (before.facts.level, before.facts.file_until) == (Level.URGENT, world.now + DAY)
    await ann.press(world.say("send-button"))
    await ann.press(world.say("channel-chat-button"))
    await world.deliver()
    case = await found(world)
    assert (case.facts.level, case.facts.file_until) == (Level.URGENT, world.now + DAY)


@pytest.mark.parametrize("how", ["agreed", "run out", "released", "late"])
async def test_a_question_has_no_buttons_once_it_is_settled_wherever_it_was_asked(
    world: World, how: str
) -> None:
    """Also where it arrives only then."""
    ibis = await join(world, 901, Role.LEAD, "Ibis")
    await join(world, 902, Role.LEAD, "Auk")
    heron, _ = await claimed(world)
    await heron.press(world.say("close-button"))
    await world.deliver()
    await heron.press(world.say("outcome-out-of-scope"))
    if how != "late":
        await world.deliver()
    match how:
        case "agreed":
            await ibis.press(world.say("second-yes-button"))
        case "run out":
            world.wait(DAY)
        case _:
            await heron.press(world.say("release-button"))
    await world.deliver()
    reference = (await found(world)).reference
    told = world.say("second-yes" if how == "agreed" else "second-lapsed", reference=reference)
    for chat in (901, 902):
        assert [(m.text, m.labels) for m in world.shown(chat)][-1:] == [(told, [])]


async def test_the_question_in_the_group_says_that_it_has_lapsed(world: World) -> None:
    await join(world, 901, Role.OPERATOR, "Ibis")
    heron = await emergency(world)
    await chosen(world, heron, "more-button", "lower-button")
    on, _ = heron.find(world.say("second-yes-button"), chat=GROUP)
    world.wait(DAY)
    await world.deliver()
    assert (on.text, on.keyboard) == (
        world.say("second-lapsed", reference=(await found(world)).reference),
        (),
    )
