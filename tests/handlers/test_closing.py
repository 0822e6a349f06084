"""A case does not end while something is on its way that somebody would miss."""

from __future__ import annotations

from dataclasses import replace

import pytest

from handlers import deliveries
from intake.lifecycle import Outcome, Status
from intake.roles import Role
from storage import audit, outbox
from storage.cases import Case
from storage.outbox import Job, Task
from storage.replies import Why
from tests.handlers.desk import Person, World, join
from tests.handlers.test_operator_turn import ANN, claimed, file_of
from tests.handlers.test_requester_turn import only_case

HOUR = 3_600
WORDS = "come to the bakery at nine"


@pytest.fixture
def timed(world: World) -> World:
    world.change(terms=replace(world.desk.terms, lease_seconds=24 * HOUR, undo_seconds=60))
    return world


async def found(world: World) -> Case:
    case: Case = await world.read(only_case)
    return case


async def hold_back(world: World, seconds: int) -> tuple[bytes, Job]:
    """Telegram does not take the reply for a while; everything else goes out."""

    def owed(tx: object) -> tuple[bytes, Job]:
        [(job_id, job)] = [(i, j) for i, j in outbox.waiting(tx) if j.reply and j.task is Task.SEND]  # type: ignore[arg-type]
        return job_id, job

    job_id, job = await world.read(owed)
    later = replace(job, due=world.now + seconds)
    await world.write(lambda tx: outbox.postpone(tx, job_id, later))
    await world.deliver()
    return job_id, later


async def replied(world: World) -> tuple[Person, Person]:
    heron, ann = await claimed(world)
    await heron.send(WORDS, reply_to=file_of(world, 900).id)
    return heron, ann


async def close(world: World, heron: Person, outcome: str = "helped") -> None:
    for button in ("close-button", f"outcome-{outcome}"):
        await heron.press(world.say(button))
        if button == "close-button":
            await hold_back(world, HOUR)


async def later(world: World, seconds: int) -> Case:
    world.wait(seconds)
    await world.deliver()
    return await found(world)


def words_of(world: World, chat: int) -> list[str]:
    return [m.text for m in world.shown(chat)]


@pytest.mark.parametrize("undo_seconds", [0, 60])
async def test_a_case_is_not_closed_while_a_reply_is_on_its_way(timed: World, undo_seconds: int) -> None:
    timed.change(terms=replace(timed.desk.terms, undo_seconds=undo_seconds))
    heron, _ = await replied(timed)
    await close(timed, heron)
    case = await later(timed, 600)
    assert (case.status, case.contact is not None) == (Status.CLAIMED, True)
    await later(timed, HOUR)
    case = await later(timed, 60)
    assert (case.status, case.outcome) == (Status.CLOSED, Outcome.HELPED)
    assert any(WORDS in text for text in words_of(timed, ANN))


async def test_a_case_whose_reply_did_not_arrive_stays_with_its_holder(timed: World) -> None:
    heron, _ = await replied(timed)
    await close(timed, heron)
    await later(timed, 120)
    job_id, job = await hold_back(timed, HOUR)
    await timed.write(lambda tx: deliveries.given_up(tx, timed.desk, job_id, job, Why.BLOCKED, timed.now))
    case = await later(timed, 120)
    assert (case.status, case.facts.closing) == (Status.CLAIMED, "")
    told = words_of(timed, 900)
    assert timed.say("closing-stopped-reply", reference=case.reference) in told
    assert any("has blocked the bot" in text for text in told)


async def test_what_a_lead_agrees_to_waits_for_the_reply_and_names_both(timed: World) -> None:
    ibis = await join(timed, 901, Role.LEAD, "Ibis")
    heron, _ = await replied(timed)
    await close(timed, heron, "out-of-scope")
    await timed.deliver()
    await ibis.press(timed.say("second-yes-button"))
    case = await later(timed, 120)
    assert case.status is Status.CLAIMED
    await later(timed, HOUR)
    case = await later(timed, 60)
    assert (case.status, case.outcome) == (Status.CLOSED, Outcome.OUT_OF_SCOPE)
    assert any(WORDS in text for text in words_of(timed, ANN))
    last = (await timed.read(lambda tx: audit.latest(tx, 1)))[0]
    assert (last.event, last.name, last.whom) == ("closed", "Ibis", "Heron")


async def test_the_lease_does_not_run_out_while_a_case_is_being_closed(timed: World) -> None:
    heron, _ = await replied(timed)
    await hold_back(timed, 30 * HOUR)
    await later(timed, 18 * HOUR + 60)
    await later(timed, 6 * HOUR - 90)
    for button in ("close-button", "outcome-helped"):
        await heron.press(timed.say(button))
        if button == "close-button":
            await timed.deliver()
    case = await later(timed, 45)
    assert (case.status, case.facts.closing) == (Status.CLAIMED, "helped")
    case = await later(timed, 3 * HOUR)
    assert case.status is Status.CLAIMED


async def test_what_is_kept_of_a_failed_reply_goes_with_its_case(timed: World) -> None:
    heron, _ = await replied(timed)
    job_id, job = await hold_back(timed, HOUR)
    await timed.write(lambda tx: deliveries.given_up(tx, timed.desk, job_id, job, Why.BLOCKED, timed.now))
    await timed.deliver()
    assert any(job.task is Task.KEPT for _, job in await timed.read(outbox.waiting))
    for button in ("close-button", "outcome-helped"):
        await heron.press(timed.say(button))
        await timed.deliver()
    case = await later(timed, 60)
    assert case.status is Status.CLOSED
    assert await timed.read(outbox.waiting) == []
