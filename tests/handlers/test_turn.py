"""The one way in: who it is from, and what comes too fast."""

from __future__ import annotations

from dataclasses import replace

import pytest

from handlers.throttle import Throttle
from handlers.turn import take_turn
from intake.roles import Role
from storage import staff, traces
from storage.database import Tx
from tests.handlers.desk import GROUP, Person, World, ask, join

ANN = 4_400_000_001


@pytest.fixture
def impatient(world: World) -> World:
    """A desk whose throttle lets a burst pass, and then nothing for an hour."""
    world.desk = replace(world.desk, throttle=Throttle(1 / 3_600))
    return world


async def _hasty(world: World) -> Person:
    ann = Person(world, ANN)
    await ann.send("/start")
    for _ in range(25):
        await ann.send("too fast")
    return ann


async def test_a_message_that_comes_too_fast_is_noted_and_not_answered(impatient: World) -> None:
    ann = await _hasty(impatient)
    before = len(impatient.posted)
    await ann.send("and once more")
    assert len(impatient.posted) == before
    last = max(m.id for m in impatient.shown(ANN))
    noted = {trace.message for _, trace in await impatient.read(lambda tx: traces.of_chat(tx, ANN))}
    assert last in noted


async def test_a_contact_that_comes_too_fast_is_deleted_all_the_same(impatient: World) -> None:
    ann = await _hasty(impatient)
    update = ann.message("x", contact={"phone_number": "+1", "first_name": "x"})
    del update["message"]["text"]
    await impatient.turn(update)
    await impatient.deliver()
    assert update["message"]["message_id"] not in {m.id for m in impatient.shown(ANN)}


@pytest.mark.parametrize(("spoken", "language"), [("ru", "ru"), ("xx", "en")])
async def test_a_press_that_comes_too_fast_is_answered_with_a_word(
    impatient: World, spoken: str, language: str
) -> None:
    ann = await _hasty(impatient)
    update = ann.pressing("1.stop", ann.screen)
    update["callback_query"]["from"]["language_code"] = spoken
    await impatient.turn(update)
    answer = impatient.answers[update["callback_query"]["id"]]
    assert answer.text == impatient.desk.texts.say(language, "hint-too-fast")


@pytest.mark.parametrize("update", [{}, {"update_id": 1}, {"update_id": 2, "inline_query": {"id": "1"}}])
async def test_what_nobody_waits_for_is_passed_over(world: World, update: dict[str, object]) -> None:
    await take_turn(world.desk, "bot", update)
    assert world.wire.waiting == []


async def test_what_is_written_in_a_group_is_not_answered(world: World) -> None:
    heron = await join(world, 90, Role.OPERATOR, "Heron")
    update = heron.message("Good morning, all")
    update["message"]["chat"] = {"id": GROUP, "type": "supergroup"}
    await world.turn(update)
    assert world.posted == []


async def test_a_change_of_our_standing_in_a_group_is_taken_note_of_without_a_word(world: World) -> None:
    change = {"chat": {"id": GROUP, "type": "supergroup"}, "from": {"id": 90}, "date": 1}
    change |= {"new_chat_member": {"status": "administrator"}}
    await world.turn({"update_id": 77, "my_chat_member": change})
    assert [call for call in world.posted if getattr(call, "text", "")] == []


async def test_a_member_whose_key_waits_is_shown_no_case(world: World) -> None:
    finch = Person(world, 93)

    def enrol(tx: Tx) -> None:
        member = staff.add(tx, "Finch", Role.OPERATOR)
        staff.enrol(tx, member, finch.account, finch.id, "en")

    await world.write(enrol)
    await ask(Person(world, ANN), until="chat")
    await world.deliver()
    await finch.send("/queue")
    told = " ".join(m.text for m in world.shown(93))
    card = next(m for m in world.shown(GROUP) if "·" in m.text)
    assert card.text.split()[1] not in told
    answer = await finch.press("Claim", chat=GROUP)
    assert answer.text == ""
