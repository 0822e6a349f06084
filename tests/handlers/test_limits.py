"""How much one of the staff may hold, and be handed in an hour; and that an emergency is never refused for it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from intake.lifecycle import Status
from intake.roles import Role
from storage import audit, cases, openings, staff
from storage import files as stored_files
from storage.file_seal import SealedFile
from storage.openings import Count
from tests.handlers.desk import GROUP, Person, World, ask, join
from tests.handlers.test_operator_turn import claimed, waiting_case

HOUR = 3_600


def limited(world: World, **terms: Any) -> None:
    world.change(terms=replace(world.desk.terms, **terms))


async def claim(world: World, heron: Person) -> str:
    """The newest card; what answered, if it was refused."""
    answer = await heron.press("Claim", chat=GROUP)
    await world.deliver()
    return answer.text if answer.alert else ""


def files(world: World, chat: int = 900) -> int:
    return sum(m.document is not None for m in world.shown(chat))


async def test_nobody_holds_more_than_the_limit_but_an_emergency_can_be_taken(world: World) -> None:
    limited(world, hold_limit=2)
    heron = await join(world, 900, Role.OPERATOR, "Heron")
    for person in (1, 2, 3):
        await waiting_case(world, person)
        told = await claim(world, heron)
    assert told == world.say("hold-limit", n=2)
    emergency = Person(world, 4)
    await ask(emergency, held=True, until="chat")
    await world.deliver()
    assert await claim(world, heron) == ""
    held = await world.read(lambda tx: cases.held_by(tx, cases.holders(tx)[0]))
    assert sorted(case.facts.level for case in held) == ["emergency", "standard", "standard"]


async def test_nobody_is_handed_more_files_in_an_hour_and_the_admins_hear_of_it_once(world: World) -> None:
    limited(world, openings_per_hour=2)
    await join(world, 800, Role.ADMIN, "Wren")
    heron = await join(world, 900, Role.OPERATOR, "Heron")
    await waiting_case(world, 1)
    assert await claim(world, heron) == ""
    file = world.shown(900)[-1]
    reference = file.keyboard[0][0].data.partition(".")[2]
    for _ in range(3):
        answer = await heron.press_data(f"file.{reference}", file)
    await world.deliver()
    assert (answer.alert, answer.text) == (True, world.say("openings-limit", n=2))
    assert files(world) == 2
    assert [m.text for m in world.shown(800)] == [world.say("openings-limit-admin", name="Heron", n=2)]
    await waiting_case(world, 2)
    assert await claim(world, heron) == world.say("openings-limit", n=2)
    assert len(world.shown(800)) == 1
    seen = [e.event.value for e in await world.read(lambda tx: audit.latest(tx, 50))]
    assert (seen.count("opened"), seen.count("limit-hit")) == (2, 1)
    world.wait(HOUR)
    assert await claim(world, heron) == ""


async def test_an_emergency_is_handed_out_all_the_same_and_counts(world: World) -> None:
    limited(world, openings_per_hour=1)
    await join(world, 800, Role.ADMIN, "Wren")
    heron = await join(world, 900, Role.OPERATOR, "Heron")
    for person in (1, 2):
        await ask(Person(world, person), held=True, until="chat")
        await world.deliver()
        assert await claim(world, heron) == ""
    assert files(world) == 2
    assert len(world.shown(800)) == 1
    member = (await world.read(cases.holders))[0]
    assert await world.read(lambda tx: openings.read(tx, member, world.now)) == Count(
        world.now // HOUR, 2, told=True
    )


async def test_a_lead_who_looks_into_cases_is_counted_as_well(world: World) -> None:
    limited(world, openings_per_hour=1)
    ibis = await join(world, 901, Role.LEAD, "Ibis")
    await waiting_case(world, 1)
    reference = world.shown(GROUP)[0].keyboard[0][0].data.partition(".")[2]
    for _ in range(2):
        await ibis.send(f"/case {reference}")
        await world.deliver()
    assert files(world, 901) == 1
    assert world.say("openings-limit", n=1) in [m.text for m in world.shown(901)]


async def test_a_lead_cannot_walk_round_it_by_giving_themselves_what_others_hold(world: World) -> None:
    limited(world, openings_per_hour=1)
    await waiting_case(world, 1)
    ibis = await join(world, 901, Role.LEAD, "Ibis")
    heron = await join(world, 900, Role.OPERATOR, "Heron")
    await waiting_case(world, 2)
    assert await claim(world, heron) == ""
    member = await world.read(lambda tx: staff.by_account(tx, ibis.account))
    [case] = await world.read(lambda tx: cases.with_status(tx, Status.CLAIMED))
    await world.write(lambda tx: openings.save(tx, member.id, Count(world.now // HOUR, 1, told=True)))
    answer = await ibis.press_data(f"give.{case.reference}.{member.id}", world.put(901, "cases"))
    assert answer.text == world.say("openings-limit", n=1)


async def test_having_all_files_of_a_case_sent_counts(world: World) -> None:
    heron, _ = await claimed(world)
    [case] = await world.read(lambda tx: cases.with_status(tx, Status.CLAIMED))
    await world.write(
        lambda tx: stored_files.add(
            tx, case.case, 7, world.now // 86_400, SealedFile(b"h" * 64, (b"x" * 64,))
        )
    )
    limited(world, openings_per_hour=1)
    await world.write(lambda tx: openings.save(tx, case.holder, Count(world.now // HOUR, 1, told=True)))
    answer = await heron.press_data(f"files.{case.reference}", heron.screen)
    assert answer.text == world.say("openings-limit", n=1)
