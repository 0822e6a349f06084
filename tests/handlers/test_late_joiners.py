"""A lead lets a late joiner in to everything at once: locks out, slots in, and nothing that they should not open."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from nacl.public import PrivateKey
from sqlalchemy import update

from bot.opening import rewrap_all
from handlers import operator_slots
from handlers.enrolment import key_button
from handlers.requester_scene import fresh
from intake.lifecycle import Status
from intake.questionnaire import Level
from intake.roles import Role
from storage import audit, cases, custody, locks, meta, openings, outbox, staff
from storage.cases import Case
from storage.database import Tx
from storage.envelope import ANSWERS
from storage.facts import Facts
from storage.lock_bundle import parse_bundle
from storage.outbox import Task
from storage.schema import locks as stored
from storage.sealing import Sealer, has_slot, make_lock, slot_ids
from storage.slot_bundle import MAX_SLOTS_CHARS, encode_slots
from storage.slots import SLOT_BYTES, key_id
from storage.traces import LONGEST_TRACE
from tests.handlers.desk import Person, World, join
from tests.handlers.test_operator_slot import close, the_case
from tests.handlers.test_operator_turn import file_of

LEAD, HERON, WREN, ADMIN = 91, 92, 93, 800


async def team(world: World) -> tuple[Person, Person]:
    """A lead and an operator, who are there from the beginning."""
    return await join(world, LEAD, Role.LEAD, "Lark"), await join(world, HERON, Role.OPERATOR, "Heron")


async def requests(world: World, count: int, *, level: Level = Level.STANDARD) -> list[Case]:
    """As they stand once they are sent, without a word in them; all that are open."""

    texts = [name for name, words in world.desk.labels["questions"].items() if not words["options"]]

    def work(tx: Tx) -> list[Case]:
        for _ in range(count):
            made = fresh()
            case = bytes.fromhex(made.case)
            lock = make_lock(case, staff.recipients(tx, meta.get(tx, meta.RECOVERY_KEY)))
            locks.add(tx, lock)
            for position, question in enumerate((ANSWERS, *texts)):
                locks.put_block(tx, case, position, Sealer(case, lock.public).dummy(question, 0))
            facts = Facts(level, world.now, "en")
            cases.add(tx, Case(case, made.reference, Status.OPEN, None, facts, world.now // 86_400))
        return cases.with_status(tx, Status.OPEN)

    found: list[Case] = await world.write(work)
    return found


async def claim(world: World, person: Person, case: Case) -> None:
    await person.press_data(f"claim.{case.reference}", world.put(person.id, "any message"))


async def handed_out(world: World, lead: Person, name: str = "Wren") -> bytes:
    """The bundle that the button brings."""
    await lead.send("/rewrap")
    await lead.press(name)
    await world.deliver()
    document = file_of(world, lead.id).document
    assert document is not None
    return document


async def send_back(world: World, sender: Person, content: bytes | str, **more: Any) -> None:
    """As a document, as the app sends it."""
    data = content.encode() if isinstance(content, str) else content
    world.files["slots"] = data
    update = sender.message("", **more)
    del update["message"]["text"]
    update["message"]["document"] = {"file_id": "slots", "file_size": len(data), "mime_type": "text/plain"}
    await world.turn(update)
    await world.deliver()


async def opened_by(world: World, person: Person) -> set[bytes]:
    public = bytes(person.private.public_key)

    def work(tx: Tx) -> set[bytes]:
        everything = [case for status in Status for case in cases.with_status(tx, status)]
        return {case.case for case in everything if has_slot(locks.get(tx, case.case).slots, public)}

    found: set[bytes] = await world.read(work)
    return found


async def trail(world: World, event: str) -> list[tuple[str, str, str]]:
    found = await world.read(lambda tx: audit.latest(tx, 100, wanted=audit.Wanted(event=event)))
    return [(entry.name, entry.whom, entry.detail) for entry in found]


def said(world: World, person: Person) -> list[str]:
    return [message.text for message in world.shown(person.id)]


async def test_a_lead_lets_a_late_joiner_in_to_all_that_is_not_closed(world: World) -> None:
    await join(world, ADMIN, Role.ADMIN, "Owl")
    lead, heron = await team(world)
    [first] = await requests(world, 1)
    await world.write(lambda tx: close(tx, first, heron))
    held, free = await requests(world, 2)
    await claim(world, heron, held)
    wren = await join(world, WREN, Role.OPERATOR, "Wren")
    bundle = await handed_out(world, lead)
    opens = {key_id(bytes(lead.private.public_key)), key_id(bytes(world.recovery.public_key))}
    assert len(parse_bundle(bundle)) == 2
    assert all(set(slot_ids(each.slots)) == opens for each in parse_bundle(bundle))
    assert world.say("locks-admin", lead="Lark", name="Wren", n=2) in said(world, Person(world, ADMIN))
    made = rewrap_all(bundle, lead.private, bytes(wren.private.public_key))
    await send_back(world, lead, made.text)
    assert world.say("slots-added", n=2, name="Wren") in said(world, lead)
    assert world.say("slots-for-you", n=2) in said(world, wren)
    assert len(await opened_by(world, wren)) == 2
    assert first.case not in await opened_by(world, wren)
    assert await trail(world, "locks-handed") == [("Lark", "Wren", "2")]
    assert await trail(world, "slots-added") == [("Lark", "Wren", "2")]
    assert "" not in said(world, lead)  # the message that brought it is gone
    await claim(world, wren, free)
    assert (await world.read(lambda tx: cases.by_id(tx, free.case))).status is Status.CLAIMED
    await lead.send("/rewrap")
    assert said(world, lead)[-1] == world.say("rewrap-none")
    world.wait(LONGEST_TRACE)
    await world.deliver()
    assert not any(message.document for message in world.shown(LEAD))


async def test_a_few_can_be_pasted_and_sent_twice_they_change_nothing(world: World) -> None:
    lead, _ = await team(world)
    await requests(world, 2)
    wren = await join(world, WREN, Role.OPERATOR, "Wren")
    made = rewrap_all(await handed_out(world, lead), lead.private, bytes(wren.private.public_key))
    await lead.send(f"  {made.text.upper().replace('POSTERN-SLOTS-1', 'postern-slots-1')} ")
    assert said(world, lead)[-1] == world.say("slots-added", n=2, name="Wren")
    assert not any("postern-slots-1" in text for text in said(world, lead))
    assert len(await opened_by(world, wren)) == 2
    before = (await world.tables())["locks"]
    await send_back(world, lead, made.text)
    assert (await world.tables())["locks"] == before
    assert said(world, lead)[-1] == "\n".join(
        [world.say("slots-added", n=0, name="Wren"), world.say("slots-known", n=2)]
    )
    assert len(await trail(world, "slots-added")) == 1


async def test_it_is_taken_in_batches_and_each_slot_is_counted_once_whatever_happens(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(operator_slots, "AT_ONCE", 2)
    lead, _ = await team(world)
    await requests(world, 5)
    wren = await join(world, WREN, Role.OPERATOR, "Wren")
    made = rewrap_all(await handed_out(world, lead), lead.private, bytes(wren.private.public_key))
    world.files["slots"] = made.text.encode()
    update = lead.message("")
    del update["message"]["text"]
    update["message"]["document"] = {"file_id": "slots", "file_size": len(made.text)}
    await world.turn(update)
    await lead.again()  # delivered once more
    [(job_id, job)] = await world.read(
        lambda tx: [(i, j) for i, j in outbox.due(tx, world.now) if j.task is Task.SLOTS]
    )
    call = operator_slots.fetch(job_id, job)
    call.into.feed(made.text.encode())
    bundle = operator_slots._read(made.text.encode())
    assert await world.write(lambda tx: operator_slots._one_batch(tx, world.desk, job_id, bundle))
    assert len(await opened_by(world, wren)) == 2  # and here the process dies
    await world.deliver()
    assert len(await opened_by(world, wren)) == 5
    assert said(world, lead)[-1] == world.say("slots-added", n=5, name="Wren")
    assert await trail(world, "slots-added") == [("Lark", "Wren", "5")]


async def test_what_was_closed_or_erased_meanwhile_is_counted_and_left_alone(world: World) -> None:
    lead, heron = await team(world)
    [first, second, _] = await requests(world, 3)
    wren = await join(world, WREN, Role.OPERATOR, "Wren")
    made = rewrap_all(await handed_out(world, lead), lead.private, bytes(wren.private.public_key))
    await world.write(lambda tx: close(tx, first, heron))
    await world.write(lambda tx: cases.erase(tx, [second.case]))
    await send_back(world, lead, made.text)
    assert said(world, lead)[-1].splitlines() == [
        world.say("slots-added", n=1, name="Wren"),
        world.say("slots-closed", n=1),
        world.say("slots-strange", n=1),
    ]
    assert first.case not in await opened_by(world, wren)


async def test_with_slots_for_the_holder_alone_what_somebody_holds_is_left_out(world: World) -> None:
    world.change(terms=replace(world.desk.terms, slots_for_holder_only=True))
    lead, heron = await team(world)
    [one, other, _] = await requests(world, 3)
    await claim(world, heron, one)
    wren = await join(world, WREN, Role.OPERATOR, "Wren")
    bundle = await handed_out(world, lead)
    assert len(parse_bundle(bundle)) == 2
    await claim(world, heron, other)
    await send_back(world, lead, rewrap_all(bundle, lead.private, bytes(wren.private.public_key)).text)
    assert said(world, lead)[-1].splitlines() == [
        world.say("slots-added", n=1, name="Wren"),
        world.say("slots-closed", n=1),
    ]


async def test_a_late_lead_gets_closed_ones_too_and_may_need_the_paper(world: World) -> None:
    heron = await join(world, HERON, Role.OPERATOR, "Heron")
    [first, _] = await requests(world, 2)
    await world.write(lambda tx: close(tx, first, heron))
    lead = await join(world, LEAD, Role.LEAD, "Lark")
    bundle = await handed_out(world, lead, "Lark")
    assert world.say("locks-recovery", n=2) in file_of(world, LEAD).text
    await send_back(world, lead, rewrap_all(bundle, world.recovery, bytes(lead.private.public_key)).text)
    assert said(world, lead)[-1] == world.say("slots-added", n=2, name="Lark")
    assert len(await opened_by(world, lead)) == 2


async def refused(world: World, sender: Person, content: bytes | str, why: str) -> None:
    before = (await world.tables())["locks"]
    await send_back(world, sender, content)
    assert said(world, sender)[-1] == world.say(why)
    assert (await world.tables())["locks"] == before
    assert await trail(world, "slots-added") == []


async def test_what_is_not_taken_is_refused_in_one_line(world: World) -> None:
    lead, _ = await team(world)
    await requests(world, 2)
    wren = await join(world, WREN, Role.OPERATOR, "Wren")
    bundle = await handed_out(world, lead)
    whole = rewrap_all(bundle, lead.private, bytes(wren.private.public_key)).text
    stranger = PrivateKey.generate()
    await refused(world, lead, bundle, "slots-are-locks")
    await refused(world, lead, whole[:-9], "slots-unread")
    await refused(world, lead, b"\xff\xd8 a photo", "slots-unread")
    theirs = rewrap_all(bundle, lead.private, bytes(stranger.public_key)).text
    await refused(world, lead, theirs, "slots-unknown-key")
    await world.write(
        lambda tx: staff.add(tx, "Fresh", Role.OPERATOR, bytes(stranger.public_key), confirmed=False)
    )
    await refused(world, lead, theirs, "slots-unknown-key")
    await refused(world, lead, bytes(MAX_SLOTS_CHARS + 1), "operator-reply-how")
    public = bytes(wren.private.public_key)
    elsewhere = [(bytes([n]) * 16, key_id(public) + bytes(SLOT_BYTES - 8)) for n in (1, 2)]
    await refused(world, lead, encode_slots(public, elsewhere), "slots-strange-all")
    member = await world.read(lambda tx: staff.by_name(tx, "Wren"))
    await world.write(lambda tx: custody.revoke(tx, member, world.now))
    await refused(world, lead, whole, "slots-unknown-key")


async def test_nobody_but_a_lead_can(world: World) -> None:
    lead, heron = await team(world)
    await requests(world, 1)
    wren = await join(world, WREN, Role.OPERATOR, "Wren")
    whole = rewrap_all(await handed_out(world, lead), lead.private, bytes(wren.private.public_key)).text
    await refused(world, heron, whole, "operator-reply-how")
    await heron.send(whole)
    assert said(world, heron)[-1] == world.say("slots-not-lead")
    await heron.send("/rewrap")
    assert said(world, heron)[-1] == world.say("operator-help", name="Heron")
    member = await world.read(lambda tx: staff.by_name(tx, "Wren"))
    await heron.press_data(f"locks.{member.id}", world.put(HERON, "any message"))
    await world.deliver()
    assert not any(message.document for message in world.shown(HERON))
    assert await opened_by(world, wren) == set()


async def test_a_bundle_counts_in_the_hourly_limit_and_is_no_emergency(world: World) -> None:
    world.change(terms=replace(world.desk.terms, openings_per_hour=1))
    await join(world, ADMIN, Role.ADMIN, "Owl")
    lead, _ = await team(world)
    await requests(world, 1, level=Level.EMERGENCY)
    await join(world, WREN, Role.OPERATOR, "Wren")
    await handed_out(world, lead)
    answer = await lead.press("Wren")
    assert (answer.alert, answer.text) == (True, world.say("openings-limit", n=1))
    await world.deliver()
    assert sum(message.document is not None for message in world.shown(LEAD)) == 1
    assert world.say("openings-limit-admin", name="Lark", n=1) in said(world, Person(world, ADMIN))
    member = await world.read(lambda tx: staff.by_name(tx, "Lark"))
    assert (await world.read(lambda tx: openings.read(tx, member.id, world.now))).files == 1


async def test_the_bundle_goes_when_its_reader_is_a_lead_no_longer(world: World) -> None:
    lead, _ = await team(world)
    await requests(world, 1)
    wren = await join(world, WREN, Role.OPERATOR, "Wren")
    whole = rewrap_all(await handed_out(world, lead), lead.private, bytes(wren.private.public_key)).text
    member = await world.read(lambda tx: staff.by_name(tx, "Lark"))
    await world.write(lambda tx: custody.change_role(tx, member, Role.OPERATOR, world.now))
    await world.deliver()
    assert not any(message.document for message in world.shown(LEAD))
    await refused(world, lead, whole, "operator-reply-how")


async def test_a_damaged_lock_is_neither_handed_out_nor_added_to(world: World) -> None:
    lead, _ = await team(world)
    await requests(world, 1)
    case = await the_case(world)
    await requests(world, 1)
    wren = await join(world, WREN, Role.OPERATOR, "Wren")
    bundle = await handed_out(world, lead)

    def spoil(tx: Tx) -> None:
        tx.conn.execute(update(stored).where(stored.c.case_id == case.case).values(mac=bytes(16)))

    await world.write(spoil)
    await send_back(world, lead, rewrap_all(bundle, lead.private, bytes(wren.private.public_key)).text)
    assert said(world, lead)[-1].splitlines() == [
        world.say("slots-added", n=1, name="Wren"),
        world.say("slots-strange", n=1),
    ]


async def test_when_a_key_is_confirmed_the_leads_hear_how_to_let_its_owner_in(world: World) -> None:
    owl, (lead, heron) = await join(world, ADMIN, Role.ADMIN, "Owl"), await team(world)

    async def confirmed(name: str, key: bytes) -> None:
        member = await world.write(lambda tx: staff.add(tx, name, Role.OPERATOR, key))
        await owl.press_data(key_button("yes", member, key), world.put(ADMIN, "whose key is it?"))
        await world.deliver()

    await confirmed("Wren", bytes(PrivateKey.generate().public_key))
    assert said(world, lead) == []  # nothing came before
    await requests(world, 1)
    await confirmed("Teal", bytes(PrivateKey.generate().public_key))
    assert said(world, lead) == [world.say("rewrap-hint", name="Teal")]
    assert said(world, heron) == []
