"""A case changes hands when the receiver accepts, and not before; a note goes with it that the requester never sees."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from handlers.turn import take_turn
from intake.lifecycle import Status
from intake.roles import Role
from storage import audit, outbox, staff, thread
from storage.cases import Case
from storage.envelope import Who
from tests.handlers.desk import GROUP, Person, World, ask, join
from tests.handlers.test_operator_turn import ANN, claimed, file_of, waiting_case
from tests.handlers.test_requester_turn import code_of, only_case

DAY = 86_400


async def holder(world: World) -> str:
    case: Case = await world.read(only_case)
    member = await world.read(lambda tx: staff.by_id(tx, case.holder or ""))
    return member.name if member else ""


async def offered(world: World) -> tuple[Person, Person]:
    """Heron holds a case and has asked Ibis to take it over."""
    ibis = await join(world, 901, Role.OPERATOR, "Ibis")
    heron, _ = await claimed(world)
    for button in ("more-button", "hand-over-button"):
        await heron.press(world.say(button))
        await world.deliver()
    await heron.press("Ibis")
    await world.deliver()
    return heron, ibis


async def test_until_the_receiver_accepts_the_case_stays_where_it_is(world: World) -> None:
    _, ibis = await offered(world)
    assert await holder(world) == "Heron"
    assert not any(m.document for m in world.shown(901))
    await ibis.press(world.say("accept-button"))
    await world.deliver()
    assert await holder(world) == "Ibis"
    assert [m.document is not None for m in world.shown(901)].count(True) == 1
    assert not any(m.document or m.keyboard for m in world.shown(900))
    assert "Ibis" in world.shown(GROUP)[0].text
    events = [
        (e.event.value, e.name, e.whom) for e in (await world.read(lambda tx: audit.latest(tx, 3)))[::-1]
    ]
    assert events == [
        ("offered", "Heron", "Ibis"),
        ("handed-over", "Ibis", "Heron"),
        ("opened", "Ibis", ""),
    ]
    assert await world.read(outbox.waiting) == []


@pytest.mark.parametrize("how", ["declined", "run out"])
async def test_an_offer_that_is_not_taken_leaves_the_case_with_its_holder(world: World, how: str) -> None:
    heron, ibis = await offered(world)
    on, accept = ibis.find(world.say("accept-button"))
    if how == "declined":
        await ibis.press(world.say("decline-button"))
    else:
        world.wait(DAY)
    await world.deliver()
    case = await world.read(only_case)
    answer = await ibis.press_data(accept, on)
    assert answer.text == world.say("offer-over", reference=case.reference)
    assert await holder(world) == "Heron"
    name = "hand-declined" if how == "declined" else "hand-ran-out"
    assert world.say(name, reference=case.reference, name="Ibis") in [m.text for m in world.shown(900)]
    assert heron.id == 900


async def test_an_offer_ends_when_the_holder_gives_the_case_back(world: World) -> None:
    heron, ibis = await offered(world)
    await heron.press_data(f"release.{(await world.read(only_case)).reference}", file_of(world, 900))
    await world.deliver()
    answer = await ibis.press(world.say("accept-button"))
    assert answer.alert
    assert (await world.read(only_case)).status is Status.OPEN


async def test_of_accepting_and_closing_at_once_only_one_happens(world: World) -> None:
    heron, ibis = await offered(world)
    case = await world.read(only_case)
    on, accept = ibis.find(world.say("accept-button"))
    both = (
        ibis.pressing(accept, on),
        heron.pressing(f"outcome.helped.{case.reference}", file_of(world, 900)),
    )
    await asyncio.gather(*(take_turn(world.desk, "bot", each) for each in both))
    await world.apply()
    answers = [world.answers[each["callback_query"]["id"]].alert for each in both]
    assert sorted(answers) == [False, True]


async def test_only_who_can_open_it_is_offered_and_only_who_was_asked_can_accept(world: World) -> None:
    _, ibis = await offered(world)
    late = await join(world, 902, Role.OPERATOR, "Auk")  # after the lock was made
    on, accept = ibis.find(world.say("accept-button"))
    assert (await late.press_data(accept, on)).alert
    assert await holder(world) == "Heron"
    heron = Person(world, 900)
    await heron.press(world.say("more-button"))
    await world.deliver()
    await heron.press(world.say("hand-over-button"))
    await world.deliver()
    labels = [label for m in world.shown(900) for label in m.labels]
    assert "Ibis" in labels
    assert "Auk" not in labels


async def test_the_receiver_is_held_to_the_limit(world: World) -> None:
    world.change(terms=replace(world.desk.terms, hold_limit=1))
    _, ibis = await offered(world)
    await waiting_case(world, 777)
    await ibis.press("Claim", chat=GROUP)
    await world.deliver()
    answer = await ibis.press(world.say("accept-button"))
    assert answer.text == world.say("hold-limit", n=1)


async def test_a_note_is_sealed_gone_from_the_chat_and_for_colleagues_only(world: World) -> None:
    heron, ibis = await offered(world)
    await heron.send("/note Speak to her sister first 🕯", reply_to=file_of(world, 900).id)
    await world.deliver()
    assert not any("sister" in m.text for m in world.shown(900))
    await ibis.press(world.say("accept-button"))
    await world.deliver()
    opened = ibis.open()
    assert [(m.who, m.text) for m in opened.thread] == [(Who.NOTE, "Speak to her sister first 🕯")]
    assert not any("sister" in m.text for m in world.shown(ANN))
    entry = (await world.read(lambda tx: thread.entries(tx, (only_case(tx)).case)))[0]
    assert entry.code_box is None


async def test_a_note_that_was_not_taken_stays_for_some_minutes_and_says_what_to_do(world: World) -> None:
    heron, _ = await claimed(world)
    astray, long = "/note where does this go?", "/note " + "ж" * 1_401
    await heron.send(astray)
    await heron.send(long, reply_to=file_of(world, 900).id)
    await heron.send("/note", reply_to=file_of(world, 900).id)
    await world.deliver()
    assert (await world.tables())["thread"] == []
    told = [
        world.say("note-not-kept", minutes=15),
        world.say("note-too-long", over=1, room=1_400, minutes=15),
        world.say("note-how"),
    ]
    texts = [m.text for m in world.shown(900)]
    assert texts[-5:] == [astray, told[0], long, *told[1:]]
    world.wait(15 * 60)
    await world.deliver()
    assert not any("/note " in m.text and m.text not in told for m in world.shown(900))


async def test_who_asks_by_code_does_not_learn_that_there_are_notes(world: World) -> None:
    """Also not by what can still be taken back."""
    heron = await join(world, 900, Role.OPERATOR, "Heron")
    ann = Person(world, ANN)
    await ask(ann, until="code")
    code = await code_of(ann)
    await world.deliver()
    await heron.press("Claim", chat=GROUP)
    await world.deliver()
    bob = Person(world, 6661)
    await bob.send(f"{code} We are three now")
    await world.deliver()
    await heron.send("/note known to us", reply_to=file_of(world, 900).id)
    await world.deliver()
    await bob.press(world.say("take-back-button"))
    await bob.send(code)
    entries = await world.read(lambda tx: thread.entries(tx, only_case(tx).case))
    assert [entry.who for entry in entries] == [Who.NOTE]
    await bob.send(code)
    assert not any("known to us" in m.text for m in world.shown(6661))
