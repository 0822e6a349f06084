"""Who is on duty, whom an emergency rings and when that stops; first replies; the board."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest

from handlers import board, deliveries
from handlers.outgoing import Edit, Pin, Send
from intake.counts import month_of
from intake.lifecycle import Outcome, Status
from intake.questionnaire import Level
from intake.roles import Role
from storage import cases, outbox, served, staff, tallies, traces
from storage.cases import Case
from storage.database import Tx
from storage.outbox import Job, Task
from tests.handlers.desk import GROUP, Person, World, ask, join, make_world

MINUTE, HOUR = 60, 3_600


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with make_world(tmp_path) as made:
        yield made


async def emergency(world: World, number: int = 5551) -> str:
    """Somebody who is held presses that; its reference."""
    person = Person(world, number)
    await person.send("/start")
    await person.answer_all("English", world.say("begin-button"), "Held")
    await world.deliver()
    return newest(world, await all_open(world))


async def all_open(world: World) -> list[Case]:
    found: list[Case] = await world.read(lambda tx: cases.with_status(tx, Status.OPEN))
    return found


def newest(world: World, found: list[Case]) -> str:
    return max(found, key=lambda case: case.facts.received_hour).reference


async def go_on_duty(world: World, person: Person) -> None:
    await person.send("/duty")
    await person.press(world.say("duty-on-button"))


def rung(world: World, person: Person, reference: str) -> int:
    """How many messages in this chat ring for it."""
    heard = [m.text for m in world.shown(person.id) if m.text.startswith(world.say("ring-on-duty")[:12])]
    return sum(reference in text for text in heard)


async def later(world: World, minutes: int) -> None:
    world.wait(minutes * MINUTE)
    await world.deliver()


async def test_those_on_duty_are_rung_at_once_then_everybody_then_the_admins(world: World) -> None:
    heron = await join(world, 900, Role.OPERATOR, "Heron")
    ibis = await join(world, 901, Role.OPERATOR, "Ibis")
    admin = await join(world, 902, Role.ADMIN, "Alder")
    await go_on_duty(world, heron)
    reference = await emergency(world)
    assert (rung(world, heron, reference), rung(world, ibis, reference)) == (1, 0)
    await later(world, 9)
    assert rung(world, ibis, reference) == 0
    await later(world, 1)
    assert (rung(world, heron, reference), rung(world, ibis, reference)) == (1, 1), "nobody is rung twice"
    assert world.shown(admin.id) == []
    await later(world, 10)
    (told,) = world.shown(admin.id)
    assert told.text == world.say("ring-admins", n=20, names="Heron")
    assert reference not in told.text
    assert told.keyboard == ()
    await later(world, 600)
    assert (rung(world, heron, reference), rung(world, ibis, reference)) == (1, 1)
    assert len(world.shown(admin.id)) == 1


async def test_with_nobody_on_duty_everybody_is_rung_at_once(world: World) -> None:
    people = [await join(world, 900 + n, Role.OPERATOR, name) for n, name in enumerate(("Heron", "Ibis"))]
    admin = await join(world, 910, Role.ADMIN, "Alder")
    reference = await emergency(world)
    assert [rung(world, each, reference) for each in people] == [1, 1]
    await later(world, 19)
    assert world.shown(admin.id) == []
    await later(world, 1)
    assert len(world.shown(admin.id)) == 1


async def test_once_claimed_every_ring_says_so_and_none_follows(world: World) -> None:
    heron = await join(world, 900, Role.OPERATOR, "Heron")
    ibis = await join(world, 901, Role.OPERATOR, "Ibis")
    admin = await join(world, 902, Role.ADMIN, "Alder")
    reference = await emergency(world)
    await heron.press("Claim")
    await world.deliver()
    taken = world.say("claim-taken", reference=reference, name="Heron")
    assert [m.text for m in world.shown(ibis.id)] == [taken]
    assert world.shown(ibis.id)[0].keyboard == ()
    await later(world, 60)
    assert world.shown(admin.id) == []
    assert rung(world, ibis, reference) == 0


async def test_a_ring_that_was_on_its_way_while_it_was_claimed_says_so(world: World) -> None:
    heron = await join(world, 900, Role.OPERATOR, "Heron")
    ibis = await join(world, 901, Role.OPERATOR, "Ibis")
    reference = await emergency(world)
    await heron.press("Claim")
    await world.deliver()
    before = world.shown(ibis.id)[0]
    note = f"ring|{(await only(world, reference)).case.hex()}|{47 * HOUR}|"
    late = world.put(ibis.id, "An emergency.")
    call = Send(ibis.id, late.text, note=note + "00")
    await world.write(lambda tx: deliveries.settle(tx, world.desk, call, late.id, world.now))
    await world.deliver()
    assert late.text == before.text == world.say("claim-taken", reference=reference, name="Heron")


async def only(world: World, reference: str) -> Case:
    found: Case = await world.read(lambda tx: cases.by_reference(tx, reference))
    return found


async def test_released_it_rings_anew_and_erased_it_stops(world: World) -> None:
    heron = await join(world, 900, Role.OPERATOR, "Heron")
    ibis = await join(world, 901, Role.OPERATOR, "Ibis")
    reference = await emergency(world)
    await heron.press("Claim")
    await world.deliver()
    await heron.press(world.say("release-button"))
    await world.deliver()
    assert rung(world, ibis, reference) == 1
    ann = Person(world, 5551)
    await ann.send("/erase")
    await ann.press(world.say("erase-yes-button"))
    await world.deliver()
    assert rung(world, ibis, reference) == 0
    assert world.say("ring-over", reference=reference) in [m.text for m in world.shown(ibis.id)]
    await later(world, 60)
    assert (await world.tables())["outbox"] == []


async def test_rings_go_from_the_chat_by_themselves(world: World) -> None:
    heron = await join(world, 900, Role.OPERATOR, "Heron")
    await emergency(world)
    assert len(world.shown(heron.id)) == 1
    world.wait(traces.LONGEST_TRACE + 1)
    await world.deliver()
    assert world.shown(heron.id) == []


async def test_a_flood_of_emergencies_does_not_flood_a_chat(world: World) -> None:
    heron = await join(world, 900, Role.OPERATOR, "Heron")
    for number in range(8):
        await emergency(world, 6_000 + number)
    assert len(world.shown(heron.id)) == 5


async def test_duty_ends_by_itself_and_says_so(world: World) -> None:
    heron = await join(world, 900, Role.OPERATOR, "Heron")
    ibis = await join(world, 901, Role.OPERATOR, "Ibis")
    await go_on_duty(world, heron)
    assert heron.screen.text.startswith(world.say("duty-is-on", n=12))
    assert "Heron" in heron.screen.text
    await go_on_duty(world, ibis)
    await ibis.press(world.say("duty-off-button"))
    world.wait(12 * HOUR - 1)
    assert [each.name for each in await world.read(lambda tx: staff.on_duty(tx, world.now))] == ["Heron"]
    world.wait(1)
    await world.deliver()
    assert await world.read(lambda tx: staff.on_duty(tx, world.now)) == []
    assert world.shown(heron.id)[-1].text == world.say("duty-ended", n=12)
    assert world.say("duty-ended", n=12) not in [m.text for m in world.shown(ibis.id)], (
        "whoever ended it knows"
    )


async def test_until_when_somebody_is_on_duty_is_not_to_be_read_in_the_tables(world: World) -> None:
    heron = await join(world, 900, Role.OPERATOR, "Heron")
    await go_on_duty(world, heron)
    until = str(world.now + 12 * HOUR).encode()
    assert until not in repr(await world.tables()).encode()


# First replies.


def counted(tx: Tx, now: int) -> dict[str, int]:
    found = tallies.read(tx)
    return {name: n for (month, name), n in found.items() if month == month_of(now) and "service" in name}


@pytest.mark.parametrize(
    ("hours", "level", "kept"),
    [
        (1, Level.EMERGENCY, True),
        (2, Level.EMERGENCY, False),
        (24, Level.URGENT, True),
        (26, Level.URGENT, False),
    ],
)
async def test_the_first_reply_is_kept_or_missed_once(
    world: World, hours: int, level: Level, kept: bool
) -> None:
    await join(world, 900, Role.OPERATOR, "Heron")
    reference = await emergency(world)
    case = await only(world, reference)
    start = world.now - world.now % HOUR
    facts = replace(case.facts, level=level, received_hour=start)
    await world.write(lambda tx: cases.save_facts(tx, case, facts))

    def reply(tx: Tx) -> None:
        for later in (0, 30 * 24 * HOUR):
            found = cases.by_reference(tx, reference)
            assert found is not None
            served.replied(tx, found, start + hours * HOUR + later, world.desk.terms.service)

    await world.write(reply)
    assert (await only(world, reference)).facts.replied_hour == start + hours * HOUR
    name = f"service.{'kept' if kept else 'missed'}.{level}"
    assert await world.read(lambda tx: counted(tx, start + hours * HOUR)) == {name: 1}


@pytest.mark.parametrize(
    ("outcome", "hours", "missed"),
    [
        (Outcome.HELPED, 1, True),
        (Outcome.DUPLICATE, 99, False),
        (Outcome.WITHDRAWN, 1, False),
        (Outcome.WITHDRAWN, 99, True),
    ],
)
async def test_an_end_without_a_reply_counts_as_missed_where_somebody_waited(
    world: World, outcome: Outcome, hours: int, missed: bool
) -> None:
    case = await only(world, await emergency(world))
    now = world.now + hours * HOUR
    await world.write(lambda tx: served.ended(tx, case, outcome, now, world.desk.terms.service))
    expected = {"service.missed.emergency": 1} if missed else {}
    assert await world.read(lambda tx: counted(tx, now)) == expected


# The board.


async def show_board(world: World) -> str:
    """As the background has it edited; its text."""
    if await world.read(lambda tx: board.is_behind(tx, world.desk, world.now)):
        await world.write(lambda tx: outbox.add(tx, Job(Task.BOARD, world.now)))
    await world.deliver()
    return world.shown(GROUP)[0].text if world.shown(GROUP) else ""


async def test_the_board_says_how_things_stand_and_is_edited_only_when_that_changes(world: World) -> None:
    assert await show_board(world) == ""
    heron = await join(world, 900, Role.OPERATOR, "Heron")
    await go_on_duty(world, heron)
    text = await show_board(world)
    assert text == "\n".join([world.say("board-clear"), world.say("board-duty", names="Heron")])
    assert any(isinstance(call, Pin) for call in world.posted)
    reference = await emergency(world)
    await ask(Person(world, 1), until="chat")
    text = await show_board(world)
    assert world.say("board-title", n=2) in text
    assert f"emergency: 1, {world.say('waiting-now')}" in text
    assert reference not in text, "nobody is named on it"
    posted = len(world.posted)
    assert await show_board(world) == text
    assert len(world.posted) == posted
    world.wait(3 * HOUR)
    text = await show_board(world)
    assert world.say("board-late", counts="🔴 1") in text
    assert f"emergency: 1, {world.say('waiting-hours', n=3)}" in text
    await heron.press("Claim", chat=heron.id)
    assert world.say("board-late", counts="🔴 1") in await show_board(world), "taken, but not answered yet"
    await heron.send("We are on it", reply_to=[m for m in world.shown(heron.id) if m.document][-1].id)
    assert "No reply" not in await show_board(world)
    boards = [call for call in world.posted if isinstance(call, Edit) and call.chat == GROUP]
    assert all(a.text != b.text for a, b in pairwise(boards) if a.message == b.message)


async def test_the_board_tells_no_more_than_the_cards_when_somebody_came(tmp_path: Path) -> None:
    """A lesser request is counted from its card's batch on: nobody sees on the board at which moment it came."""
    async with make_world(tmp_path, card_delay_seconds=1_800) as world:
        await join(world, 900, Role.OPERATOR, "Heron")
        await ask(Person(world, 1), until="chat")
        assert await show_board(world) == ""
        world.wait(1_801)
        await show_board(world)
        assert any(world.say("board-title", n=1) in message.text for message in world.shown(GROUP))


async def test_a_raise_to_emergency_rings_those_on_duty_and_released_it_rings_like_any_other(
    world: World,
) -> None:
    heron, ibis, crane = [
        await join(world, 900 + n, Role.OPERATOR, name) for n, name in enumerate(("Heron", "Ibis", "Crane"))
    ]
    await go_on_duty(world, ibis)
    await ask(Person(world, 5551), until="chat")
    await world.deliver()
    (case,) = await all_open(world)
    await heron.press_data(f"claim.{case.reference}", world.put(heron.id, "old"))
    await world.deliver()
    told = world.say("ring-raised", reference=case.reference, name="Heron")
    for level in (Level.URGENT, Level.EMERGENCY):
        assert told not in [m.text for m in world.shown(ibis.id)]
        await heron.press_data(f"up.danger.{case.reference}", world.put(heron.id, "old"))
        await world.deliver()
        assert (await only(world, case.reference)).facts.level is level
    assert [told in [m.text for m in world.shown(each.id)] for each in (heron, ibis, crane)] == [
        False,
        True,
        False,
    ]
    await heron.press_data(f"release.{case.reference}", world.put(heron.id, "old"))
    await world.deliver()
    assert rung(world, ibis, case.reference) == 2, "the line from before, and a ring with a button"
    assert ibis.find(world.say("claim-button"))[1] == f"claim.{case.reference}"
