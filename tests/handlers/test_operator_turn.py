"""Operators: one holder, only the holder, only that requester; and nothing twice."""

from __future__ import annotations

import asyncio

import pytest
from nacl.public import PrivateKey

from handlers.turn import take_turn
from intake.errors import WrongKey
from intake.lifecycle import Outcome, Status
from intake.roles import Role
from storage import cases, custody, locks, meta, outbox, staff, thread
from storage.database import Tx
from storage.sealing import Opener
from tests.handlers.desk import GROUP, Message, Person, World, ask, join
from tests.handlers.test_requester_turn import only_case

ANN, BEN = 5551, 5552


async def waiting_case(world: World, person_id: int = ANN, *, until: str = "chat") -> Person:
    person = Person(world, person_id)
    await ask(person, until=until)
    await world.deliver()
    return person


async def claimed(world: World, person_id: int = ANN, *, until: str = "chat") -> tuple[Person, Person]:
    heron = await join(world, 900, Role.OPERATOR, "Heron")
    person = await waiting_case(world, person_id, until=until)
    await heron.press("Claim", chat=GROUP)
    await world.deliver()
    return heron, person


def file_of(world: World, chat: int) -> Message:
    return [m for m in world.shown(chat) if m.document][-1]


async def test_of_fifty_who_claim_at_once_one_holds_and_the_others_are_told_politely(world: World) -> None:
    team = [await join(world, 900 + n, Role.OPERATOR, f"Heron{n}") for n in range(50)]
    await waiting_case(world)
    on, data = team[0].find("Claim", chat=GROUP)
    updates = [each.pressing(data, on) for each in team]
    await asyncio.gather(*(take_turn(world.desk, "bot", each) for each in updates))
    await world.apply()
    answers = [world.answers[each["callback_query"]["id"]] for each in updates]
    assert sorted(answer.alert for answer in answers) == [False] + [True] * 49
    case = await world.read(only_case)
    holder = await world.read(lambda tx: staff.by_id(tx, case.holder or ""))
    assert case.status is Status.CLAIMED
    told = world.say("claim-taken", reference=case.reference, name=holder.name)
    assert [answer.text for answer in answers if answer.alert] == [told] * 49
    await world.deliver()
    assert [m.chat for chat in world.chats for m in world.shown(chat) if m.document] == [holder.chat]
    assert holder.name in world.shown(GROUP)[0].text
    assert not world.shown(GROUP)[0].keyboard


async def test_whoever_has_no_slot_cannot_claim(world: World) -> None:
    await waiting_case(world)
    late = await join(world, 901, Role.OPERATOR, "Ibis")  # after the lock was made
    answer = await late.press("Claim", chat=GROUP)
    case = await world.read(only_case)
    assert (answer.alert, answer.text) == (True, world.say("claim-no-slot", reference=case.reference))
    assert (case.status, case.holder) == (Status.OPEN, None)


@pytest.mark.parametrize("verb", ["release", "close", "file", "outcome.helped"])
async def test_only_the_holder_can_release_close_or_have_the_file(world: World, verb: str) -> None:
    ibis = await join(world, 901, Role.LEAD, "Ibis")
    _, _ = await claimed(world)
    before = await world.tables()
    case = await world.read(only_case)
    answer = await ibis.press_data(f"{verb}.{case.reference}", world.shown(GROUP)[0])
    assert (answer.alert, answer.text) == (True, world.say("not-yours", reference=case.reference))
    after = await world.tables()
    assert {name for name in after if after[name] != before[name]} == {"handled"}


async def test_only_the_holder_can_reply_and_only_to_that_requester(world: World) -> None:
    ibis = await join(world, 901, Role.OPERATOR, "Ibis")
    heron, _ = await claimed(world)
    await waiting_case(world, BEN)
    await ibis.press("Claim", chat=GROUP)
    await world.deliver()
    mine, theirs = file_of(world, 900), file_of(world, 901)
    await heron.send("for the first", reply_to=mine.id)
    await ibis.send("for the second", reply_to=theirs.id)
    await heron.send("astray", reply_to=theirs.id)
    await heron.send("astray too")
    await world.deliver()
    texts = {chat: "\n".join(m.text for m in world.shown(chat)) for chat in (ANN, BEN)}
    assert "for the first" in texts[ANN]
    assert "for the second" in texts[BEN]
    assert "for the first" not in texts[BEN]
    assert "astray" not in texts[ANN] + texts[BEN]
    assert len((await world.tables())["thread"]) == 2


async def test_the_message_ids_of_the_last_holder_are_no_way_to_reply_for_the_next(world: World) -> None:
    """Ids are only unique within a chat: another chat's number may mean another case here."""
    heron, _ = await claimed(world)
    ibis = await join(world, 901, Role.OPERATOR, "Ibis")
    old = file_of(world, 900)
    await heron.press(world.say("release-button"))
    await world.deliver()
    case = await world.read(only_case)
    await world.write(lambda tx: _move_to(tx, case, ibis))
    await ibis.send("to whom?", reply_to=old.id)
    assert (await world.tables())["thread"] == []


def _move_to(tx: Tx, case: cases.Case, person: Person) -> None:
    from intake.lifecycle import Act

    member = staff.by_account(tx, person.account)
    assert member is not None
    assert cases.move(tx, case, Act.CLAIM, holder=member.id)


async def test_a_reply_is_sealed_to_the_case_and_leaves_the_operators_chat(world: World) -> None:
    heron, _ = await claimed(world)
    await heron.send("Ждите звонка 🕯", reply_to=file_of(world, 900).id)
    await world.deliver()
    assert not any("Ждите" in m.text for m in world.shown(900))
    assert any("Ждите" in m.text for m in world.shown(ANN))
    assert (await world.tables())["outbox"] == []
    case = await world.read(only_case)
    lock = await world.read(lambda tx: locks.get(tx, case.case))
    entry = (await world.read(lambda tx: thread.entries(tx, case.case)))[0]
    opener = Opener(world.recovery).unlock(lock.case, lock.public, lock.slots)
    assert opener.open(entry.box, question="thread.organisation", sequence=1) == "Ждите звонка 🕯".encode()
    world.wait(world.desk.terms.reply_seconds + 1)
    await world.deliver()
    assert not any("Ждите" in m.text for m in world.shown(ANN))


async def test_a_reply_of_any_characters_can_be_delivered(world: World) -> None:
    heron, _ = await claimed(world)
    await heron.send('"\n' * 1_400, reply_to=file_of(world, 900).id)
    await world.deliver()
    assert any('"\n"\n' in m.text for m in world.shown(ANN))


@pytest.mark.parametrize("act", ["claim", "release", "file", "close", "outcome", "reply"])
async def test_an_operators_update_that_comes_again_changes_nothing(world: World, act: str) -> None:
    """Not even when the case has moved on in between: each is undone, then delivered once more."""
    heron = await join(world, 900, Role.OPERATOR, "Heron")
    ann = await waiting_case(world)
    await heron.press("Claim", chat=GROUP)
    if act != "claim":
        await world.deliver()
    match act:
        case "release":
            await heron.press(world.say("release-button"))
        case "file":
            case = await world.read(only_case)
            await heron.press_data(f"file.{case.reference}", file_of(world, 900))
        case "close":
            await heron.press(world.say("close-button"))
        case "outcome":
            await heron.press(world.say("close-button"))
            await world.deliver()
            await heron.press(world.say("outcome-helped"))
        case "reply":
            await heron.send("once", reply_to=file_of(world, 900).id)
    again = heron.last_update
    if act == "claim":
        await world.deliver()
        await heron.press(world.say("release-button"))
    if act == "release":
        await world.deliver()
        await heron.press("Claim", chat=GROUP)
    await world.deliver()
    before = await world.tables()
    await world.turn(again)
    after = await world.tables()
    del before["traces"], after["traces"]  # of what the bot says to the operator
    assert after == before
    if act == "reply":
        await world.deliver()
        assert sum("once" in m.text for m in world.shown(ann.id)) == 1


async def test_releasing_takes_the_file_and_what_belongs_to_it_from_the_chat(world: World) -> None:
    heron, ann = await claimed(world)
    await ann.send("my new phone number is a secret")
    await world.deliver()
    assert world.say("requester-wrote", reference=(await world.read(only_case)).reference) in [
        m.text for m in world.shown(900)
    ]
    await heron.press(world.say("release-button"))
    await world.deliver()
    left = world.shown(900)
    assert not any(m.document or m.keyboard for m in left)
    case = await world.read(only_case)
    assert not any(case.reference in m.text for m in left)
    assert (case.status, case.holder, case.facts.documents) == (Status.OPEN, None, ())
    assert [b for row in world.shown(GROUP)[0].keyboard for b in row]


async def test_closing_forgets_the_chat_and_leaves_slots_to_leads_and_recovery_only(world: World) -> None:
    ibis = await join(world, 901, Role.LEAD, "Ibis")
    heron, _ = await claimed(world)
    await heron.press(world.say("close-button"))
    await world.deliver()
    await heron.press(world.say("outcome-referred"))
    await world.deliver()
    case = await world.read(only_case)
    assert (case.status, case.outcome) == (Status.CLOSED, Outcome.REFERRED)
    assert (case.account, case.contact, case.holder) == (None, None, None)
    assert not any(m.document for m in world.shown(900))
    assert any(case.reference in m.text and "closed" in m.text for m in world.shown(ANN))
    lock = await world.read(lambda tx: locks.get(tx, case.case))
    for key in (world.recovery, ibis.private):
        Opener(key).unlock(lock.case, lock.public, lock.slots)
    with pytest.raises(WrongKey):
        Opener(heron.private).unlock(lock.case, lock.public, lock.slots)


async def test_a_revoked_operator_can_do_nothing_and_their_case_waits_again(world: World) -> None:
    heron, _ = await claimed(world)
    old = file_of(world, 900)
    release = old.keyboard[0][0].data
    member = await world.read(lambda tx: staff.by_account(tx, heron.account))
    await world.write(lambda tx: custody.revoke(tx, member, world.now))
    await world.deliver()
    assert not any(m.document for m in world.shown(900))
    assert any("Claim" in label for label in world.shown(GROUP)[0].labels)
    case = await world.read(only_case)
    lock = await world.read(lambda tx: locks.get(tx, case.case))
    with pytest.raises(WrongKey):
        Opener(heron.private).unlock(lock.case, lock.public, lock.slots)
    before = await world.tables()
    on_card = world.shown(GROUP)[0]
    await heron.press_data(on_card.keyboard[0][0].data, on_card)
    await heron.press_data(release, Message(900, old.id, ""))
    await heron.send("still me?", reply_to=old.id)
    after = await world.tables()
    assert [after[name] for name in ("cases", "thread", "outbox")] == [
        before[name] for name in ("cases", "thread", "outbox")
    ]


async def test_a_stranger_in_the_group_gets_an_empty_answer(world: World) -> None:
    await claimed(world)
    stranger = Person(world, 6666)
    before = await world.tables()
    on = world.shown(GROUP)[0]
    for data in ("claim.AAAA-AAAA", "close.AAAA-AAAA", "key.yes.x.y", "nonsense", ""):
        answer = await stranger.press_data(data, on)
        assert (answer.text, answer.alert) == ("", False)
    assert await world.tables() == before


async def test_under_relay_the_requesters_words_reach_the_holder_and_can_be_answered_and_go_on_release(
    world: World,
) -> None:
    from dataclasses import replace

    heron, ann = await claimed(world)
    world.change(terms=replace(world.desk.terms, relay_in_chat=True))
    await ann.send("plain words")
    await world.deliver()
    relayed = next(m for m in world.shown(900) if "plain words" in m.text)
    await heron.send("an answer", reply_to=relayed.id)
    await world.deliver()
    assert any("an answer" in m.text for m in world.shown(ANN))
    await heron.press(world.say("release-button"))
    await world.deliver()
    assert not any("plain words" in m.text for m in world.shown(900))


async def test_recipients_are_confirmed_keys_and_the_recovery_key_only(world: World) -> None:
    heron = await join(world, 900, Role.OPERATOR, "Heron")
    unconfirmed = PrivateKey.generate()
    await world.write(lambda tx: staff.add(tx, "Ibis", Role.OPERATOR, bytes(unconfirmed.public_key)))
    await waiting_case(world)
    case = await world.read(only_case)
    lock = await world.read(lambda tx: locks.get(tx, case.case))
    for key in (heron.private, world.recovery):
        Opener(key).unlock(lock.case, lock.public, lock.slots)
    with pytest.raises(WrongKey):
        Opener(unconfirmed).unlock(lock.case, lock.public, lock.slots)


async def test_without_any_recipient_nobody_can_begin(world: World) -> None:
    await world.write(lambda tx: meta.drop(tx, meta.RECOVERY_KEY))
    ann = Person(world, ANN)
    await ann.send("/start")
    tables = await world.tables()
    assert (tables["drafts"], tables["locks"]) == ([], [])
    assert world.say("closed", organisation="Open Gate").strip() == ann.screen.text.strip()
    assert await world.read(outbox.waiting) == []
