"""Letting somebody in later: a slot made on a device, the leads' copies, and what only the paper still opens."""

from __future__ import annotations

import pytest
from nacl.public import PrivateKey

from bot.opening import rewrap
from handlers import deliveries
from handlers.outgoing import Delete, Remove
from intake.errors import WrongKey
from intake.lifecycle import Act, Outcome, Status
from intake.roles import Role
from storage import cases, custody, locks, outbox, staff, traces
from storage.cases import Case
from storage.database import Tx
from storage.document import parse
from storage.document_opening import open_document
from storage.sealing import Opener, has_slot, key_id, slot_ids
from storage.slot_line import encode_slot
from storage.slots import KEY_ID_BYTES, SLOT_BYTES
from storage.traces import LONGEST_TRACE
from tests.handlers.desk import GROUP, OWN_WORDS, Message, Person, World, ask, join
from tests.handlers.test_operator_turn import file_of
from tests.handlers.test_requester_turn import only_case

ANN = 5551


async def a_case(world: World) -> Case:
    """Sealed for those who have joined so far."""
    await ask(Person(world, ANN), until="chat")
    await world.deliver()
    return await the_case(world)


async def the_case(world: World) -> Case:
    case: Case = await world.read(only_case)
    return case


def said(world: World, person: Person) -> str:
    return world.shown(person.id)[-1].text


def files(world: World, person: Person) -> list[Message]:
    return [m for m in world.shown(person.id) if m.document]


async def opens(world: World, person: Person, case: Case) -> bool:
    lock = await world.read(lambda tx: locks.get(tx, case.case))
    return has_slot(lock.slots, bytes(person.private.public_key))


def line_for(file: Message, owner: PrivateKey, receiver: Person) -> str:
    assert file.document is not None
    return rewrap(file.document, owner, bytes(receiver.private.public_key))


async def test_the_holder_lets_in_a_colleague_who_joined_later_and_hands_over(world: World) -> None:
    heron = await join(world, 900, Role.OPERATOR, "Heron")
    case = await a_case(world)
    wren = await join(world, 901, Role.OPERATOR, "Wren")
    await wren.press("Claim", chat=GROUP)
    assert (await the_case(world)).status is Status.OPEN
    await heron.press("Claim", chat=GROUP)
    await world.deliver()
    await heron.send("  " + line_for(file_of(world, heron.id), heron.private, wren) + "\n")
    assert said(world, heron) == world.say("slot-kept", reference=case.reference, name="Wren")
    assert not any("postern-slot-1" in m.text for m in world.shown(heron.id))
    await world.deliver()
    assert said(world, wren) == world.say("slot-for-you", reference=case.reference)
    await heron.press("Release")
    await world.deliver()
    await wren.press("Claim", chat=GROUP)
    await world.deliver()
    assert list(wren.open().texts.values()) == [OWN_WORDS]


async def test_a_line_whose_broken_copy_was_pasted_goes_from_the_chat_as_well(world: World) -> None:
    heron = await join(world, 900, Role.OPERATOR, "Heron")
    await heron.send("postern-slot-1 K7QM-4ZDP aaaa")
    assert said(world, heron) == world.say("slot-unread")
    assert not any("K7QM-4ZDP" in m.text for m in world.shown(heron.id))


async def test_the_line_is_deleted_also_if_we_go_down_right_after_it(world: World) -> None:
    heron = await join(world, 900, Role.OPERATOR, "Heron")
    update = heron.message("postern-slot-1 K7QM-4ZDP aaaa")
    await world.turn(update)
    due = await world.read(lambda tx: traces.due(tx, world.now))
    deleted = [call for call in world.posted if isinstance(call, Delete)]
    assert [call.messages for call in deleted] == [(update["message"]["message_id"],)]
    assert due == []  # it was, until Telegram had deleted it


async def refused(world: World, sender: Person, line: str, why: str, /, **values: str) -> None:
    """This line changes nothing, and the text `why` says why."""
    before = (await world.tables())["locks"]
    await sender.send(line)
    assert said(world, sender) == world.say(why, **values)
    assert (await world.tables())["locks"] == before
    assert not any("postern-slot-1" in m.text for m in world.shown(sender.id))


async def test_only_the_holder_or_a_lead_may_let_somebody_in(world: World) -> None:
    heron, other = (
        await join(world, 900, Role.OPERATOR, "Heron"),
        await join(world, 902, Role.OPERATOR, "Owl"),
    )
    lead = await join(world, 903, Role.LEAD, "Lark")
    case = await a_case(world)
    wren = await join(world, 901, Role.OPERATOR, "Wren")
    await heron.press("Claim", chat=GROUP)
    await world.deliver()
    line = line_for(file_of(world, heron.id), heron.private, wren)
    await refused(world, other, line, "slot-not-yours", reference=case.reference)
    unknown = encode_slot("AAAA-BBBB", b"\1" * SLOT_BYTES)
    await refused(world, other, unknown, "slot-not-yours", reference="AAAA-BBBB")
    await lead.send(line)
    assert await opens(world, wren, case)


async def test_a_key_that_is_unknown_or_unconfirmed_is_let_in_nowhere(world: World) -> None:
    heron = await join(world, 900, Role.OPERATOR, "Heron")
    case = await a_case(world)
    await heron.press("Claim", chat=GROUP)
    await world.deliver()
    stranger, fresh = Person(world, 7001), Person(world, 7002)
    await world.write(
        lambda tx: staff.add(tx, "Fresh", Role.OPERATOR, bytes(fresh.private.public_key), confirmed=False)
    )
    for each in (stranger, fresh):
        line = line_for(file_of(world, heron.id), heron.private, each)
        await refused(world, heron, line, "slot-unknown-key", reference=case.reference)


async def test_a_slot_is_added_and_never_replaced(world: World) -> None:
    """Nobody can see from outside what it holds: rubbish would lock its owner out."""
    heron, wren = (
        await join(world, 900, Role.OPERATOR, "Heron"),
        await join(world, 901, Role.OPERATOR, "Wren"),
    )
    case = await a_case(world)
    await heron.press("Claim", chat=GROUP)
    await world.deliver()
    rubbish = encode_slot(
        case.reference, key_id(bytes(wren.private.public_key)) + bytes(SLOT_BYTES - KEY_ID_BYTES)
    )
    await refused(world, heron, rubbish, "slot-known", reference=case.reference, name="Wren")


async def test_a_closed_case_lets_in_leads_alone(world: World) -> None:
    lead, heron = await join(world, 903, Role.LEAD, "Lark"), await join(world, 900, Role.OPERATOR, "Heron")
    case = await a_case(world)
    late, wren = await join(world, 904, Role.LEAD, "Late"), await join(world, 901, Role.OPERATOR, "Wren")
    await world.write(lambda tx: close(tx, case, heron))
    await lead.send(f"/case {case.reference}")
    await world.deliver()
    file = file_of(world, lead.id)
    line = line_for(file, lead.private, wren)
    await refused(world, lead, line, "slot-closed", reference=case.reference)
    await lead.send(line_for(file, lead.private, late))
    assert await opens(world, late, case)
    assert not await opens(world, heron, case)


def close(tx: Tx, case: Case, holder: Person) -> None:
    member = staff.by_account(tx, holder.account)
    assert member is not None
    assert cases.move(tx, case, Act.CLAIM, holder=member.id)
    claimed = cases.by_id(tx, case.case)
    assert claimed is not None
    assert cases.close(tx, claimed, Outcome.HELPED, 20_000)
    custody.narrow_slots(tx, claimed)


# The leads' copies


async def test_a_lead_gets_the_file_of_any_case_without_holding_it(world: World) -> None:
    lead, heron = await join(world, 903, Role.LEAD, "Lark"), await join(world, 900, Role.OPERATOR, "Heron")
    case = await a_case(world)
    await heron.press("Claim", chat=GROUP)
    await world.deliver()
    await lead.send(f"/case  {case.reference.lower()} ")
    assert said(world, lead) == world.say("file-coming", reference=case.reference)
    await world.deliver()
    file = file_of(world, lead.id)
    assert file.text == world.say("document-copy", reference=case.reference)
    assert not file.keyboard
    assert list(lead.open().texts.values()) == [OWN_WORDS]
    held = await the_case(world)
    assert held.holder == (await world.read(lambda tx: staff.by_account(tx, heron.account))).id
    assert file.id not in held.facts.documents
    shown = len(world.shown(ANN))
    await lead.send("a reply to nobody", reply_to=file.id)
    await world.deliver()
    assert len(world.shown(ANN)) == shown
    world.wait(LONGEST_TRACE)
    await world.deliver()
    assert files(world, lead) == []


async def test_a_lead_reads_closed_cases_too(world: World) -> None:
    lead, heron = await join(world, 903, Role.LEAD, "Lark"), await join(world, 900, Role.OPERATOR, "Heron")
    case = await a_case(world)
    await world.write(lambda tx: close(tx, case, heron))
    await lead.send(f"/case {case.reference}")
    await world.deliver()
    assert list(lead.open().texts.values()) == [OWN_WORDS]


async def test_the_command_delivered_twice_hands_out_one_file(world: World) -> None:
    lead = await join(world, 903, Role.LEAD, "Lark")
    case = await a_case(world)
    await lead.send(f"/case {case.reference}")
    await lead.again()
    await world.deliver()
    assert len(files(world, lead)) == 1


async def test_an_operator_who_is_no_lead_gets_no_file_by_it(world: World) -> None:
    owl = await join(world, 902, Role.OPERATOR, "Owl")
    case = await a_case(world)
    await owl.send(f"/case {case.reference}")
    await world.deliver()
    assert files(world, owl) == []
    assert said(world, owl) == world.say("operator-help", name="Owl")


async def test_a_lead_is_told_how_and_what_there_is_not(world: World) -> None:
    lead = await join(world, 903, Role.LEAD, "Lark")
    await lead.send("/case")
    assert said(world, lead) == world.say("case-how")
    await lead.send("/case aaaa-bbbb-and-more")
    assert said(world, lead) == world.say("case-unknown", reference="AAAA-BBBB")
    await lead.send("/help")
    assert world.say("lead-help") in said(world, lead)


async def revoke(world: World, person: Person) -> None:
    member = await world.read(lambda tx: staff.by_account(tx, person.account))
    await world.write(lambda tx: custody.revoke(tx, member, world.now))


@pytest.mark.parametrize("when", ["asked for", "on its way", "there"])
async def test_a_revoked_leads_copies_are_deleted_wherever_they_are(world: World, when: str) -> None:
    lead = await join(world, 903, Role.LEAD, "Lark")
    case = await a_case(world)
    await lead.send(f"/case {case.reference}")
    if when == "asked for":
        await revoke(world, lead)
    elif when == "on its way":
        [(job_id, job)] = await world.read(lambda tx: outbox.due(tx, world.now))
        call = await world.read(lambda tx: deliveries.call_for(tx, world.desk, job_id, job, world.now))
        await revoke(world, lead)
        await world._made(call)
        assert len(files(world, lead)) == 1
    else:
        await world.deliver()
        assert len(files(world, lead)) == 1
        await revoke(world, lead)
    await world.deliver()
    assert files(world, lead) == []


async def test_whoever_is_revoked_is_owed_a_removal_from_the_group(world: World) -> None:
    """Also if they block the bot, and until Telegram has taken it."""
    heron, robin = await join(world, 900, Role.OPERATOR, "Heron"), await join(world, 904, Role.ADMIN, "Robin")
    await revoke(world, heron)
    await world.write(lambda tx: deliveries.chat_gone(tx, world.desk, heron.id, [], "blocked", world.now))
    [(job_id, job)] = await world.read(lambda tx: outbox.due(tx, world.now))
    call = await world.read(lambda tx: deliveries.call_for(tx, world.desk, job_id, job, world.now))
    assert isinstance(call, Remove)
    assert (call.chat, call.user) == (GROUP, heron.id)
    await world.write(lambda tx: deliveries.refused(tx, world.desk, call, "no-rights", world.now))
    await world.deliver()
    assert said(world, robin) == world.say("removal-failed", name="Heron")
    assert not [each for each in world.posted if isinstance(each, Remove)]


# What only the paper opens


async def test_the_recovery_key_opens_every_file_and_lets_a_new_lead_in(world: World) -> None:
    """All who had a slot are gone: a new lead fetches the file, and the paper makes the slot."""
    heron = await join(world, 900, Role.OPERATOR, "Heron")
    case = await a_case(world)
    await heron.press("Claim", chat=GROUP)
    await world.deliver()
    held = file_of(world, heron.id).document
    assert held is not None
    assert open_document(parse(held), Opener(world.recovery)).texts
    await revoke(world, heron)
    lead = await join(world, 903, Role.LEAD, "Lark")
    await lead.send(f"/case {case.reference}")
    await world.deliver()
    file = file_of(world, lead.id)
    assert file.text == world.say("document-copy-recovery", reference=case.reference)
    with pytest.raises(WrongKey):
        lead.open()
    await lead.send(line_for(file, world.recovery, lead))
    assert said(world, lead) == world.say("slot-kept", reference=case.reference, name="Lark")
    await lead.send(f"/case {case.reference}")
    await world.deliver()
    assert list(lead.open().texts.values()) == [OWN_WORDS]


async def test_a_file_holds_no_slots_but_the_readers_and_the_recovery_keys(world: World) -> None:
    heron = await join(world, 900, Role.OPERATOR, "Heron")
    await join(world, 901, Role.OPERATOR, "Wren")
    await a_case(world)
    await heron.press("Claim", chat=GROUP)
    await world.deliver()
    document = file_of(world, heron.id).document
    assert document is not None
    readers = (heron.private, world.recovery)
    assert slot_ids(parse(document).slots) == sorted(key_id(bytes(each.public_key)) for each in readers)


async def test_without_a_key_that_opens_it_no_file_is_handed_out(world: World) -> None:
    heron = await join(world, 900, Role.OPERATOR, "Heron")
    case = await a_case(world)
    await world.write(lambda tx: locks.keep_only(tx, case.case, [bytes(heron.private.public_key)]))
    lead = await join(world, 903, Role.LEAD, "Lark")
    await lead.send(f"/case {case.reference}")
    await world.deliver()
    assert said(world, lead) == world.say("case-closed-to-you", reference=case.reference)
    assert files(world, lead) == []
