"""A held case goes back to the queue when its holder does nothing; closing can be undone for a minute."""

from __future__ import annotations

from dataclasses import replace

import pytest

from handlers import timers
from intake.lifecycle import Outcome, Status
from intake.roles import Role
from storage import audit, cases, outbox
from storage.cases import Case
from storage.database import Tx
from storage.outbox import Task
from tests.handlers.desk import GROUP, Person, World, ask, join
from tests.handlers.test_files import send_file
from tests.handlers.test_operator_turn import ANN, claimed, file_of
from tests.handlers.test_requester_turn import only_case

HOUR = 3_600


@pytest.fixture
def timed(world: World) -> World:
    world.change(terms=replace(world.desk.terms, lease_seconds=24 * HOUR, undo_seconds=60))
    return world


async def after(world: World, seconds: int) -> Case:
    world.wait(seconds)
    await world.deliver()
    return await found(world)


async def found(world: World) -> Case:
    case: Case = await world.read(only_case)
    return case


def reminders(world: World) -> list[str]:
    return [m.text for m in world.shown(900) if world.say("still-on-it-button") in m.labels]


async def events(world: World) -> list[str]:
    return [e.event.value for e in (await world.read(lambda tx: audit.latest(tx, 100)))[::-1]]


async def test_whoever_does_nothing_is_reminded_once_and_then_the_case_goes_back(timed: World) -> None:
    await claimed(timed)
    case = await after(timed, 17 * HOUR)
    assert (case.status, reminders(timed)) == (Status.CLAIMED, [])
    case = await after(timed, HOUR + 60)
    assert reminders(timed) == [
        timed.say("lease-reminder", reference=case.reference, idle="18 h", left="6 h")
    ]
    case = await after(timed, 5 * HOUR)
    assert (case.status, len(reminders(timed))) == (Status.CLAIMED, 1)
    case = await after(timed, HOUR)
    assert (case.status, case.holder, case.facts.documents) == (Status.OPEN, None, ())
    assert [m.text for m in timed.shown(900)] == [timed.say("lease-over", reference=case.reference)]
    assert any("Claim" in label for label in timed.shown(GROUP)[0].labels)
    assert (await events(timed))[-1] == "expired"
    assert await timed.read(outbox.waiting) == []


@pytest.mark.parametrize("act", ["reply", "file", "keep"])
async def test_whatever_the_holder_does_begins_the_time_anew(timed: World, act: str) -> None:
    heron, _ = await claimed(timed)
    await after(timed, 19 * HOUR)
    match act:
        case "reply":
            await heron.send("Wait for a call", reply_to=file_of(timed, 900).id)
        case "file":
            case = await found(timed)
            await heron.press_data(f"file.{case.reference}", file_of(timed, 900))
        case _:
            await heron.press(timed.say("still-on-it-button"))
    case = await after(timed, 17 * HOUR)
    assert (case.status, case.facts.reminded) == (Status.CLAIMED, 0)
    await after(timed, HOUR + 60)
    assert (await after(timed, 6 * HOUR)).status is Status.OPEN


async def test_after_days_of_being_down_there_is_a_reminder_before_it_goes(timed: World) -> None:
    await claimed(timed)
    case = await after(timed, 5 * 24 * HOUR)
    assert (case.status, len(reminders(timed))) == (Status.CLAIMED, 1)
    case = await after(timed, 6 * HOUR)
    assert case.status is Status.OPEN


async def test_a_timer_that_comes_twice_or_late_does_nothing_to_the_next_holder(timed: World) -> None:
    heron, _ = await claimed(timed)
    left = [job for _, job in await timed.read(outbox.waiting) if job.task is Task.TIMER]
    ibis = await join(timed, 901, Role.LEAD, "Ibis")
    await heron.press(timed.say("release-button"))
    timed.wait(23 * HOUR)
    await _claim_by(timed, ibis)
    for job in left * 2:
        again = await timed.write(lambda tx, job=job: outbox.add(tx, job))
        await timed.write(lambda tx, i=again, j=job: timers.run(tx, timed.desk, i, j, timed.now))
    case = await after(timed, 2 * HOUR)
    assert case.status is Status.CLAIMED
    timers_left = [job for _, job in await timed.read(outbox.waiting) if job.task is Task.TIMER]
    assert [job.tag for job in timers_left] == ["lease"]


async def _claim_by(world: World, person: Person) -> None:
    from handlers.operator_claim import claim
    from storage import locks, staff
    from storage.sealing import Lock

    def work(tx: Tx) -> None:
        member = staff.by_account(tx, person.account)
        case = only_case(tx)
        assert member is not None
        assert member.public_key is not None
        lock = locks.get(tx, case.case)
        from storage.slots import SLOT_BYTES, key_id, with_slot

        slot = key_id(member.public_key) + bytes(SLOT_BYTES - 8)
        locks.replace_slots(tx, Lock(lock.case, lock.public, with_slot(lock.slots, member.public_key, slot)))
        assert not claim(tx, world.desk, member, case.reference, world.now)[1]

    await world.write(work)


async def test_cases_from_before_there_was_a_time_get_all_of_it_at_the_next_start(timed: World) -> None:
    timed.change(terms=replace(timed.desk.terms, lease_seconds=0, undo_seconds=0))
    await claimed(timed)
    assert await timed.read(outbox.waiting) == []
    timed.change(terms=replace(timed.desk.terms, lease_seconds=24 * HOUR))
    for _ in range(2):
        await timed.write(lambda tx: timers.adopt(tx, timed.desk.terms, timed.now))
    await timed.deliver()
    assert (await after(timed, 17 * HOUR)).facts.reminded == 0
    assert (await after(timed, HOUR + 60)).facts.reminded == timed.now


async def test_an_emergency_is_not_kept_for_as_long_as_others(timed: World) -> None:
    """Nor one that was raised to it while it was held; whoever raised it has just done something about it."""
    timed.change(terms=replace(timed.desk.terms, emergency_lease_seconds=2 * HOUR))
    heron, _ = await claimed(timed)
    case = await after(timed, 10 * HOUR)
    for _ in range(2):
        await heron.press_data(f"up.danger.{case.reference}", timed.put(heron.id, "old"))
    case = await after(timed, HOUR)
    assert (case.status, reminders(timed)) == (Status.CLAIMED, [])
    case = await after(timed, HOUR // 2 + 60)
    told = timed.say("lease-reminder-emergency", reference=case.reference, idle="90 min", left="30 min")
    assert (case.status, reminders(timed)) == (Status.CLAIMED, [told])
    case = await after(timed, HOUR // 2)
    assert (case.status, case.facts.returned) == (Status.OPEN, timed.now - timed.now % 60)


# Closing.


async def close(world: World, heron: Person) -> None:
    await heron.press(world.say("close-button"))
    await world.deliver()
    await heron.press(world.say("outcome-helped"))
    await world.deliver()


def told(world: World) -> bool:
    return any("closed" in m.text for m in world.shown(ANN))


async def test_closing_waits_a_minute_in_which_nothing_is_done(timed: World) -> None:
    heron, _ = await claimed(timed)
    await close(timed, heron)
    case = await after(timed, 59)
    assert (case.status, case.contact is not None, told(timed)) == (Status.CLAIMED, True, False)
    assert "closed" not in await events(timed)
    case = await after(timed, 1)
    assert (case.status, case.outcome, case.account) == (Status.CLOSED, Outcome.HELPED, None)
    assert told(timed)
    assert not timed.shown(900) or all(case.reference not in m.text for m in timed.shown(900))
    assert (await events(timed))[-1] == "closed"


async def test_closing_can_be_undone_within_the_minute_and_not_after_it(timed: World) -> None:
    heron, _ = await claimed(timed)
    await close(timed, heron)
    _, undo = heron.find(timed.say("undo-button"))
    await heron.press(timed.say("undo-button"))
    left = [button.data for m in timed.shown(900) for row in m.keyboard for button in row]
    assert undo not in left, "the question is over"
    case = await after(timed, 120)
    assert (case.status, case.facts.closing, told(timed)) == (Status.CLAIMED, "", False)
    assert (await events(timed))[-1] == "undone"
    await close(timed, heron)
    on = file_of(timed, 900)
    await after(timed, 60)
    answer = await heron.press_data(undo, on)
    assert answer.text == timed.say("undo-too-late", reference=case.reference)
    assert (await found(timed)).status is Status.CLOSED


async def test_a_requester_who_writes_in_that_minute_is_read_first(timed: World) -> None:
    heron, ann = await claimed(timed)
    await close(timed, heron)
    await ann.send("One thing more")
    case = await after(timed, 120)
    assert (case.status, case.facts.closing, told(timed)) == (Status.CLAIMED, "", False)
    texts = [m.text for m in timed.shown(900)]
    assert timed.say("closing-stopped", reference=case.reference) in texts
    assert [m.text for m in heron.open().thread] == ["One thing more"]


async def test_a_case_that_changes_hands_in_that_minute_is_not_closed(timed: World) -> None:
    heron, _ = await claimed(timed)
    await close(timed, heron)
    await heron.press(timed.say("release-button"))
    await timed.deliver()
    await heron.press("Claim", chat=GROUP)
    case = await after(timed, 120)
    assert (case.status, told(timed)) == (Status.CLAIMED, False)


async def test_a_case_that_is_erased_in_that_minute_is_gone(timed: World) -> None:
    heron, _ = await claimed(timed)
    await close(timed, heron)
    case = await found(timed)
    await timed.write(lambda tx: cases.erase(tx, [case.case]))
    timed.wait(120)
    await timed.deliver()
    assert await timed.read(outbox.waiting) == []


async def test_a_file_or_finished_questions_within_that_minute_keep_the_case_open(timed: World) -> None:
    heron = await join(timed, 900, Role.OPERATOR, "Heron")
    ann = Person(timed, ANN)
    await ask(ann, held=True)
    await timed.deliver()
    await heron.press("Claim", chat=GROUP)
    await timed.deliver()
    await close(timed, heron)
    await ann.press(timed.say("send-button"))
    await ann.press(timed.say("channel-chat-button"))
    case = await found(timed)
    assert (case.status, case.facts.closing) == (Status.CLAIMED, "")
    await timed.deliver()

    def asked_and_closing(tx: Tx) -> None:
        case = only_case(tx)
        cases.save_facts(tx, case, replace(case.facts, closing="helped", file_until=timed.now + 60))

    await timed.write(asked_and_closing)
    await send_file(ann, b"a paper")
    case = await found(timed)
    assert (case.facts.closing, case.facts.file_until) == ("", 0)
