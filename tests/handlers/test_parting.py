"""A requester withdraws what was sent: closed with an outcome of its own, told neutrally, and the chat is forgotten."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import select

from intake.lifecycle import Outcome, Status
from intake.roles import Role
from storage import cases, locks, outbox, tallies
from storage.database import Tx
from storage.outbox import Task
from storage.schema import cases as table
from storage.sealing import has_slot
from tests.handlers.desk import GROUP, OWN_WORDS, Person, World, ask, join, make_world
from tests.handlers.test_requester_turn import only_case

DAY = 86_400


async def withdrawn(ann: Person) -> None:
    await ann.press(ann.world.say("erase-button"))
    await ann.press(ann.world.say("withdraw-button"))


async def held(world: World) -> tuple[Person, Person]:
    """An operator, and a requester whose case they hold."""
    heron, ann = await join(world, 900, Role.OPERATOR, "Heron"), Person(world, 5551)
    await ask(ann, until="chat")
    await world.deliver()
    await heron.press("Claim", chat=GROUP)
    await world.deliver()
    return heron, ann


def texts(world: World, chat: int) -> list[str]:
    return [m.text for m in world.shown(chat)]


async def test_it_is_closed_as_withdrawn_and_nothing_leads_back_to_the_chat(world: World) -> None:
    _, ann = await held(world)
    before = await world.read(only_case)
    await withdrawn(ann)
    case = await world.read(only_case)
    assert (case.status, case.outcome, case.holder) == (Status.CLOSED, Outcome.WITHDRAWN, None)
    assert (case.contact, case.account, case.facts.documents) == (None, None, ())
    assert await world.read(lambda tx: closed_day(tx)) == world.now // DAY
    assert [m.text for m in world.shown(ann.id)] == [
        world.say("withdrawn", reference=before.reference, closed_days=30)
    ]
    assert (await world.tables())["drafts"] == []
    assert ann.account not in {
        value for rows in (await world.tables()).values() for row in rows for value in row
    } - {row[1] for row in (await world.tables())["traces"]}
    await ann.send("/start")
    assert "English" in ann.screen.labels, "another request can be begun"


def closed_day(tx: Tx) -> int:
    return int(tx.conn.execute(select(table.c.closed_day)).scalar_one())


async def test_its_holder_hears_of_it_in_neutral_words_and_the_files_go(world: World) -> None:
    _, ann = await held(world)
    lead = await join(world, 901, Role.LEAD, "Rook")
    reference = (await world.read(only_case)).reference
    await lead.send(f"/case {reference}")
    await world.deliver()
    assert any(m.document for m in world.shown(901))
    await withdrawn(ann)
    await world.deliver()
    assert world.say("withdrawn-by-requester", reference=reference) in texts(world, 900)
    assert not any(m.document for chat in (900, 901) for m in world.shown(chat))
    card = world.shown(GROUP)[0]
    assert world.say("card-closed", outcome=world.say("outcome-withdrawn")) in card.text
    assert not card.keyboard
    assert not any(OWN_WORDS in text for chat in (900, 901, GROUP) for text in texts(world, chat))


async def test_its_slots_narrow_as_at_any_close(world: World) -> None:
    heron = await join(world, 900, Role.OPERATOR, "Heron")
    lead = await join(world, 901, Role.LEAD, "Rook")
    ann = Person(world, 5551)
    await ask(ann, until="chat")
    await withdrawn(ann)
    case = await world.read(only_case)
    lock = await world.read(lambda tx: locks.get(tx, case.case))
    assert not has_slot(lock.slots, bytes(heron.private.public_key))
    for key in (lead.private, world.recovery):
        assert has_slot(lock.slots, bytes(key.public_key))


async def test_what_was_on_its_way_does_not_come_any_more(tmp_path: Path) -> None:
    """Neither a reply to a phone whose owner has said goodbye, nor a card that nobody can act on."""
    async with make_world(tmp_path, card_delay_seconds=1_800) as world:
        heron = await join(world, 900, Role.OPERATOR, "Heron")
        ann = Person(world, 5551)
        await ask(ann, until="chat")
        reference = (await world.read(only_case)).reference
        await heron.send("/queue")
        await heron.press(f"Claim {reference}")
        await world.deliver()
        await heron.send("A way has been found", reply_to=next(m.id for m in world.shown(900) if m.document))
        await withdrawn(ann)
        jobs = [job for _, job in await world.read(outbox.waiting)]
        assert {job.task for job in jobs if job.case} == {Task.CARD}
        assert all(job.chat != ann.id for job in jobs)
        world.wait(1_801)
        await world.deliver()
        assert not any("A way" in text for text in texts(world, ann.id))
        assert texts(world, GROUP) == []


async def test_an_emergency_is_complete_before_it_is_withdrawn(world: World) -> None:
    await join(world, 900, Role.OPERATOR, "Heron")
    ann = Person(world, 5551)
    await ask(ann, held=True)
    await world.deliver()
    await ann.send("/erase")
    await ann.press(world.say("withdraw-button"))
    case = await world.read(only_case)
    assert (case.status, case.outcome) == (Status.CLOSED, Outcome.WITHDRAWN)
    assert "Held" in " ".join(case.facts.card_lines)
    assert (await world.read(tallies.read))["2023-11", "requests"] == 1
    await world.deliver()
    assert world.say("outcome-withdrawn") in texts(world, GROUP)[0]


async def test_of_a_request_on_the_board_the_board_counts_anew(world: World) -> None:
    await join(world, 900, Role.OPERATOR, "Heron")
    people = [Person(world, 5551 + number) for number in range(2)]
    for ann in people:
        await ann.send("/start")
        await ann.answer_all("English", world.say("begin-button"), *[world.say("skip-button")] * 3)
        await ann.answer_all(world.say("send-button"), world.say("channel-chat-button"))
    await world.deliver()
    assert any(world.say("board-title", n=2) in text for text in texts(world, GROUP))
    await withdrawn(people[0])
    await world.deliver()
    assert any(world.say("board-title", n=1) in text for text in texts(world, GROUP))


async def test_operators_cannot_choose_that_outcome_and_no_forged_press_gives_it(world: World) -> None:
    heron, _ = await held(world)
    reference = (await world.read(only_case)).reference
    await heron.press(world.say("close-button"))
    await world.deliver()
    asked = world.shown(900)[-1]
    assert world.say("outcome-withdrawn") not in asked.labels
    assert world.say("outcome-helped") in asked.labels
    answer = await heron.press_data(f"outcome.withdrawn.{reference}", asked)
    assert answer.text == world.say("not-yours", reference=reference)
    assert (await world.read(only_case)).status is Status.CLAIMED


async def test_to_keep_it_leads_back_and_stop_is_on_the_screen_that_asks(world: World) -> None:
    _, ann = await held(world)
    await ann.press(world.say("erase-button"))
    assert ann.screen.labels == [
        world.say(name) for name in ("erase-no-button", "withdraw-button", "erase-yes-button", "stop-button")
    ]
    await ann.press(world.say("erase-no-button"))
    assert world.say("home-state-claimed") in ann.screen.text
    assert (await world.read(only_case)).status is Status.CLAIMED


@pytest.mark.parametrize("again", ["press", "delivery"])
async def test_a_second_press_and_a_second_delivery_withdraw_nothing_twice(world: World, again: str) -> None:
    _, ann = await held(world)
    await ann.press(world.say("erase-button"))
    on, data = ann.find(world.say("withdraw-button"))
    await ann.press_data(data, on)
    before = await world.tables()
    await (ann.press_data(data, on) if again == "press" else ann.again())
    after = await world.tables()
    assert after["cases"] == before["cases"]
    assert after["outbox"] == before["outbox"]


async def test_a_blocked_account_can_withdraw(world: World) -> None:
    heron, ann = await held(world)
    await heron.press(world.say("block-button"))
    await world.deliver()
    await heron.press(world.say("block-yes-button"))
    await ann.send("/erase")
    await ann.press(world.say("withdraw-button"))
    assert (await world.read(only_case)).outcome is Outcome.WITHDRAWN


async def test_a_closed_case_can_be_found_by_nobody_but_its_code(world: World) -> None:
    _, ann = await held(world)
    await withdrawn(ann)
    assert await world.read(lambda tx: cases.by_account(tx, ann.account)) is None
    await ann.send("/status")
    assert world.say("code-none-here") in ann.screen.text
