"""A lead sees who holds what, and moves a case; an operator can't, and an admin sees no case at all."""

from __future__ import annotations

import pytest

from intake.lifecycle import Status
from intake.roles import Role
from storage import audit
from tests.handlers.desk import GROUP, World, join
from tests.handlers.test_hand_over import holder
from tests.handlers.test_operator_turn import claimed, file_of
from tests.handlers.test_requester_turn import only_case


async def test_a_lead_gives_a_held_case_to_somebody_else_at_once(world: World) -> None:
    ibis = await join(world, 901, Role.LEAD, "Ibis")
    await join(world, 902, Role.OPERATOR, "Auk")
    await claimed(world)
    await ibis.send("/cases")
    case = await world.read(only_case)
    assert f"{case.reference} · standard · Heron" in world.shown(901)[-1].text
    await ibis.press("Heron")
    await world.deliver()
    assert world.say("assign-ask", reference=case.reference, name="Heron") == world.shown(901)[-1].text
    await ibis.press("Auk")
    await world.deliver()
    assert await holder(world) == "Auk"
    told = world.say("assigned", reference=case.reference, name="Auk", lead="Ibis")
    assert told in [m.text for m in world.shown(900)]
    assert told in [m.text for m in world.shown(902)]
    assert not any(m.document for m in world.shown(900))
    assert any(m.document for m in world.shown(902))
    assert "Auk" in world.shown(GROUP)[0].text
    found = await world.read(lambda tx: audit.latest(tx, 2))
    assert [(e.event.value, e.name, e.whom) for e in found[::-1]] == [
        ("reassigned", "Ibis", "Auk"),
        ("opened", "Auk", ""),
    ]


async def test_a_lead_puts_a_held_case_back_into_the_queue(world: World) -> None:
    ibis = await join(world, 901, Role.LEAD, "Ibis")
    await claimed(world)
    await ibis.send("/cases")
    await ibis.press("Heron")
    await world.deliver()
    await ibis.press(world.say("assign-queue-button"))
    await world.deliver()
    case = await world.read(only_case)
    assert (case.status, case.holder) == (Status.OPEN, None)
    assert world.say("requeued", reference=case.reference, lead="Ibis") in [m.text for m in world.shown(900)]
    await ibis.send("/cases")
    assert world.shown(901)[-1].text == world.say("cases-none")


@pytest.mark.parametrize("role", [Role.OPERATOR, Role.ADMIN])
async def test_nobody_else_can(world: World, role: Role) -> None:
    ibis = await join(world, 901, role, "Ibis")
    await claimed(world)
    case = await world.read(only_case)
    on = file_of(world, 900)
    before = len(world.shown(901))
    await ibis.send("/cases")
    await ibis.send(f"/case {case.reference}")
    for data in (f"assign.{case.reference}", f"requeue.{case.reference}", f"give.{case.reference}.x"):
        await ibis.press_data(data, on)
    await world.deliver()
    assert await holder(world) == "Heron"
    theirs = world.shown(901)[before:]
    assert not any(m.document or case.reference in m.text for m in theirs if not m.text.startswith("/"))


async def test_an_admin_sees_people_and_counts_and_no_answers(world: World) -> None:
    """Whatever an admin presses of what belongs to operators, and in whatever message."""
    wren = await join(world, 800, Role.ADMIN, "Wren")
    heron, _ = await claimed(world)
    case = await world.read(only_case)
    await heron.send("We can meet on Monday", reply_to=file_of(world, 900).id)
    await world.deliver()
    for command in ("queue", "next", "mine", "cases", f"case {case.reference}", "note x", "stats", "people"):
        await wren.send(f"/{command}")
    for verb in ("claim", "file", "more", "hand", "accept", "close", "outcome.helped", "undo", "second.yes"):
        await wren.press_data(f"{verb}.{case.reference}", world.shown(GROUP)[0])
    await world.deliver()
    assert await holder(world) == "Heron"
    shown = "\n".join(m.text for m in world.shown(800) if not m.text.startswith("/"))
    files = [m.document for m in world.shown(800) if m.document]
    assert all(file.startswith(b"\x89PNG") for file in files), "charts are all that an admin is sent"
    assert "Monday" not in shown
    assert case.reference not in shown
    assert "lawyer" not in shown.lower()
