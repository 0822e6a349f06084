"""A duplicate is closed, and the case that is kept says so; nobody but those who open them learns it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from intake.lifecycle import Outcome, Status
from intake.roles import Role
from storage import audit, cases, thread
from storage.cases import Case
from storage.database import Tx
from storage.document_opening import OpenedCase
from storage.envelope import Who
from tests.handlers.desk import GROUP, Person, World, join
from tests.handlers.test_operator_turn import ANN, BEN, waiting_case


async def two_held(world: World) -> tuple[Person, Case, Case]:
    """Who holds them, and the two, the older one first."""
    heron = await join(world, 900, Role.OPERATOR, "Heron")
    held = list[Case]()
    for person in (ANN, BEN):
        await waiting_case(world, person)
        (case,) = await world.read(lambda tx: cases.with_status(tx, Status.OPEN))
        await heron.press_data(f"claim.{case.reference}", world.shown(GROUP)[-1])
        await world.deliver()
        held.append(case)
    return heron, held[0], held[1]


async def status(world: World, case: Case) -> Case:
    found: Case = await world.read(lambda tx: cases.by_id(tx, case.case))
    return found


def notes(opened: OpenedCase) -> list[str]:
    return [message.text for message in opened.thread if message.who is Who.NOTE]


async def merged(world: World, heron: Person, kept: Case, second: Case) -> str:
    """What the press was answered."""
    world.change(terms=replace(world.desk.terms, undo_seconds=60))
    await heron.press_data(f"close.{second.reference}", world.put(heron.id, "old"))
    await world.deliver()
    await heron.press(world.say("merge-button"))
    await world.deliver()
    answer = await heron.press(kept.reference)
    await world.deliver()
    return answer.text


async def test_the_kept_case_names_the_second_one_and_the_other_way_round(world: World) -> None:
    heron, kept, second = await two_held(world)
    told = await merged(world, heron, kept, second)
    assert told == world.say("merging", reference=second.reference, kept=kept.reference)
    assert (await status(world, second)).status is Status.CLAIMED, "not before the minute is over"
    ann = [m.text for m in world.shown(ANN)]
    world.wait(world.desk.terms.undo_seconds)
    await world.deliver()
    closed = await status(world, second)
    assert (closed.status, closed.outcome) == (Status.CLOSED, Outcome.DUPLICATE)
    assert world.say("request-closed", reference=second.reference) in [m.text for m in world.shown(BEN)]
    assert [m.text for m in world.shown(ANN)] == ann, "the other requester hears nothing"
    assert notes(heron.open()) == [world.say("merged-kept", reference=second.reference)]
    stored = await world.read(lambda tx: [len(thread.entries(tx, c.case)) for c in (kept, second)])
    assert stored == [1, 1]
    last = (await world.read(lambda tx: audit.latest(tx, 1, wanted=audit.Wanted(event="merged"))))[0]
    assert (last.name, last.case) == ("Heron", second.case)
    for requester in (ANN, BEN):
        others = {ANN: second, BEN: kept}[requester].reference
        assert not any(others in m.text for m in world.shown(requester))


async def test_undone_nothing_is_left_of_it(world: World) -> None:
    heron, kept, second = await two_held(world)
    await merged(world, heron, kept, second)
    await heron.press(world.say("undo-button"))
    world.wait(world.desk.terms.undo_seconds)
    await world.deliver()
    again = await status(world, second)
    assert (again.status, again.facts.closing, again.facts.closing_part) == (Status.CLAIMED, "", "")
    assert await world.read(lambda tx: [thread.entries(tx, c.case) for c in (kept, second)]) == [[], []]


async def test_only_with_what_they_hold_and_never_with_itself(world: World) -> None:
    heron, kept, second = await two_held(world)
    await heron.press_data(f"release.{kept.reference}", world.put(heron.id, "old"))
    on = world.put(heron.id, "old")
    for other in (kept.reference, second.reference, "", "WWWW-WWWW"):
        answer = await heron.press_data(f"merge.{second.reference}.{other}", on)
        assert (answer.alert, answer.text) == (True, world.say("merge-none", reference=second.reference))
    assert (await status(world, second)).facts.closing == ""


@pytest.mark.parametrize("verb", ["dup", "merge"])
async def test_only_its_holder_closes_it(world: World, verb: str) -> None:
    ibis = await join(world, 901, Role.LEAD, "Ibis")
    _, kept, second = await two_held(world)
    data = f"{verb}.{second.reference}" + (f".{kept.reference}" if verb == "merge" else "")
    answer = await ibis.press_data(data, world.put(ibis.id, "old"))
    assert (answer.alert, answer.text) == (True, world.say("not-yours", reference=second.reference))


async def test_the_kept_one_released_meanwhile_is_not_written_to(world: World) -> None:
    heron, kept, second = await two_held(world)
    await merged(world, heron, kept, second)
    await heron.press_data(f"release.{kept.reference}", world.put(heron.id, "old"))
    world.wait(world.desk.terms.undo_seconds)
    await world.deliver()

    def both(tx: Tx) -> list[int]:
        return [len(thread.entries(tx, each.case)) for each in (kept, second)]

    assert (await status(world, second)).outcome is Outcome.DUPLICATE
    assert await world.read(both) == [0, 0]
