"""A lead's copy of a case goes from the lead's chat when the case is erased, or they may see it no more."""

from __future__ import annotations

from bot.setting_types import Retention
from handlers.end_notices import DAY
from intake.lifecycle import Status
from intake.roles import Role
from storage import cases, outbox, staff, traces
from storage.outbox import Task
from storage.retention import purge
from tests.handlers.desk import GROUP, Person, World, ask, join
from tests.handlers.test_requester_turn import code_of

LEAD, HERON = 91, 90


async def copied(world: World, channel: str = "chat") -> tuple[Person, Person, str]:
    """A requester whose case was handed out to a lead; the requester, the lead, the reference."""
    lead = await join(world, LEAD, Role.LEAD, "Lark")
    ann = Person(world, 501)
    await ask(ann, until=channel)
    await world.deliver()
    [case] = await world.read(lambda tx: cases.with_status(tx, Status.OPEN))
    await lead.send(f"/case {case.reference}")
    await world.deliver()
    assert len(files(world)) == 1
    return ann, lead, case.reference


def files(world: World, chat: int = LEAD) -> list[int]:
    return [m.id for m in world.shown(chat) if m.document]


async def test_erasing_takes_the_leads_copy_at_once_and_no_other(world: World) -> None:
    ann, lead, reference = await copied(world)
    await ask(Person(world, 502), until="chat")
    await world.deliver()
    others = await world.read(lambda tx: cases.with_status(tx, Status.OPEN))
    [other] = [case for case in others if case.reference != reference]
    await lead.send(f"/case {other.reference}")
    await world.deliver()
    kept = files(world)[-1]
    await ann.send("/erase")
    await ann.press(world.say("erase-yes-button"))
    await world.deliver()
    assert files(world) == [kept]


async def test_erasing_with_the_code_takes_it_also_when_the_case_is_closed(world: World) -> None:
    heron = await join(world, HERON, Role.OPERATOR, "Heron")
    ann, _, _ = await copied(world, "code")
    code = await code_of(ann)
    for button in ("Claim", world.say("close-button"), world.say("outcome-helped")):
        await heron.press(button, chat=GROUP if button == "Claim" else None)
        await world.deliver()
    assert len(files(world)) == 1
    somebody = Person(world, 555)
    await somebody.send("/erase")
    await somebody.send(code)
    await world.deliver()
    assert files(world) == []


async def test_a_copy_that_is_on_its_way_goes_when_it_has_come(world: World) -> None:
    ann, lead, reference = await copied(world)
    await lead.send(f"/case {reference}")
    jobs = await world.read(lambda tx: [job.task for _, job in outbox.waiting(tx)])
    assert Task.COPY in jobs
    await ann.send("/erase")
    await ann.press(world.say("erase-yes-button"))
    await world.deliver()
    assert files(world) == []


async def test_a_lead_who_becomes_an_operator_keeps_no_copy(world: World) -> None:
    _, lead, _ = await copied(world)
    token = await world.write(lambda tx: staff.invite(tx, Role.OPERATOR, world.now))
    await lead.send(f"/start {token}")
    await world.deliver()
    assert files(world) == []


async def test_a_purge_takes_it_and_the_card_says_only_that(world: World) -> None:
    _, lead, reference = await copied(world)
    world.wait(179 * DAY)
    await lead.send(f"/case {reference}")
    await world.deliver()
    world.wait(DAY)
    await purge(world.desk.db, Retention(), world.now)
    world.wait(DAY)
    await world.deliver()
    assert files(world) == []
    [card] = [m for m in world.shown(GROUP) if reference in m.text]
    assert card.text == world.say("card-gone", reference=reference)
    assert card.keyboard == ()


async def test_no_message_of_a_requester_is_tied_to_a_case(world: World) -> None:
    heron = await join(world, HERON, Role.OPERATOR, "Heron")
    ann, _, _ = await copied(world)
    await heron.press("Claim", chat=GROUP)
    await world.deliver()
    await heron.send("Come to the bakery", reply_to=files(world, HERON)[-1])
    await ann.send("/start")
    await world.deliver()
    assert any("bakery" in m.text for m in world.shown(ann.id))
    found = await world.read(lambda tx: traces.due(tx, world.now + 9 * DAY))
    assert len([trace for _, trace in found if trace.chat == ann.id]) > 2
    assert {trace.chat for _, trace in found if trace.case} == {LEAD}


async def test_the_card_of_a_closed_case_says_how_it_ended_and_nothing_of_the_answers(world: World) -> None:
    heron = await join(world, HERON, Role.OPERATOR, "Heron")
    await ask(Person(world, 501), until="chat")
    await world.deliver()
    [card] = [m for m in world.shown(GROUP) if m.keyboard]
    assert "At home" in card.text
    for button in ("Claim", world.say("close-button"), world.say("outcome-helped")):
        await heron.press(button, chat=GROUP if button == "Claim" else None)
        await world.deliver()
    assert "At home" not in card.text
    assert card.text.splitlines()[1:] == [world.say("card-closed", outcome=world.say("outcome-helped"))]
