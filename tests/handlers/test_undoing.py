"""For a minute a claim, a release and a raise can be undone, by whoever did it, and only what they did last."""

from __future__ import annotations

from dataclasses import replace

import pytest

from intake.lifecycle import Status
from intake.questionnaire import Level
from intake.roles import Role
from storage import audit, outbox
from storage.cases import Case
from tests.handlers.desk import GROUP, Person, World, join
from tests.handlers.test_duty import go_on_duty
from tests.handlers.test_operator_turn import ANN, claimed, file_of, waiting_case
from tests.handlers.test_requester_turn import only_case


@pytest.fixture
def timed(world: World) -> World:
    world.change(terms=replace(world.desk.terms, lease_seconds=86_400, undo_seconds=60))
    return world


async def found(world: World) -> Case:
    case: Case = await world.read(only_case)
    return case


async def press(world: World, person: Person, button: str, chat: int | None = None) -> str:
    answer = await person.press(world.say(button), chat=chat)
    await world.deliver()
    return answer.text


async def last_event(world: World) -> tuple[str, str]:
    [entry] = await world.read(lambda tx: audit.latest(tx, 1))
    return entry.event.value, entry.detail


async def test_a_claim_is_undone_without_a_trace_and_the_queue_knows_what_it_knew(timed: World) -> None:
    heron = await join(timed, 900, Role.OPERATOR, "Heron")
    ann = await waiting_case(timed)
    await ann.send("One thing more")
    before = [m.text for m in timed.shown(ANN)]
    await press(timed, heron, "claim-button", GROUP)
    reference = (await found(timed)).reference
    assert await press(timed, heron, "undo-button") == timed.say("undone-claim", reference=reference)
    case = await found(timed)
    assert (case.status, case.holder, timed.shown(900)) == (Status.OPEN, None, [])
    assert timed.say("card-wrote-again") in timed.shown(GROUP)[0].text
    assert [m.text for m in timed.shown(ANN)] == before
    assert await last_event(timed) == ("undone", "claimed")
    await heron.send("/queue")  # nothing is left of it in the outbox
    assert await timed.read(outbox.waiting) == []


async def test_the_button_goes_with_the_minute_and_does_nothing_after_it(timed: World) -> None:
    heron, _ = await claimed(timed)
    on, data = heron.find(timed.say("undo-button"))
    timed.wait(60)
    await timed.deliver()
    assert on.id not in timed.chats[900]
    answer = await heron.press_data(data, on)
    case = await found(timed)
    assert answer.text == timed.say("undo-too-late", reference=case.reference)
    assert (case.status, answer.alert) == (Status.CLAIMED, True)


@pytest.mark.parametrize("act", ["reply", "requester"])
async def test_a_claim_is_not_undone_once_something_has_come_of_it(timed: World, act: str) -> None:
    heron, ann = await claimed(timed)
    if act == "reply":
        await heron.send("Come at nine", reply_to=file_of(timed, 900).id)
    else:
        await ann.send("One thing more")
    case = await found(timed)
    told = await press(timed, heron, "undo-button")
    assert told == timed.say("undo-too-late", reference=case.reference)
    assert (await found(timed)).status is Status.CLAIMED


async def test_a_release_is_undone_unless_somebody_has_taken_it(timed: World) -> None:
    ibis = await join(timed, 901, Role.OPERATOR, "Ibis")
    heron, _ = await claimed(timed)
    case = await found(timed)
    await press(timed, heron, "release-button")
    assert not any(m.document for m in timed.shown(900))
    assert await press(timed, heron, "undo-button") == timed.say("undone-release", reference=case.reference)
    assert (await found(timed)).holder == case.holder
    assert file_of(timed, 900)
    assert await last_event(timed) == ("opened", ""), "handed out anew, and counted"
    await press(timed, heron, "release-button")
    undo = heron.find(timed.say("undo-button"))
    await press(timed, ibis, "claim-button", GROUP)
    theirs = await found(timed)
    answer = await heron.press_data(undo[1], undo[0])
    assert answer.text == timed.say("claim-taken", reference=case.reference, name="Ibis")
    await press(timed, ibis, "release-button")
    assert theirs.holder != case.holder
    answer = await heron.press_data(undo[1], undo[0])
    assert answer.text == timed.say("undo-too-late", reference=case.reference)
    assert (await found(timed)).holder is None


async def test_a_raise_is_undone_by_whoever_raised_and_those_it_rang_hear_of_it(timed: World) -> None:
    ibis = await join(timed, 901, Role.OPERATOR, "Ibis")
    await go_on_duty(timed, ibis)
    heron, _ = await claimed(timed)
    for _ in range(2):
        for button in ("more-button", "raise-button", "reason-time"):
            await press(timed, heron, button)
    case = await found(timed)
    assert timed.say("ring-raised", reference=case.reference, name="Heron") in [
        m.text for m in timed.shown(901)
    ]
    undo = heron.find(timed.say("undo-button"))
    assert (await ibis.press_data(undo[1], undo[0])).alert
    assert (await found(timed)).facts.level is Level.EMERGENCY
    told = await press(timed, heron, "undo-button")
    assert told == timed.say("undone-raise", reference=case.reference, level=timed.say("level-urgent"))
    assert (await found(timed)).facts.level is Level.URGENT
    texts = [m.text for m in timed.shown(901)]
    assert timed.say("ring-raised-undone", reference=case.reference, name="Heron") in texts
    assert timed.say("ring-raised", reference=case.reference, name="Heron") not in texts
    assert await last_event(timed) == ("undone", "emergency")
