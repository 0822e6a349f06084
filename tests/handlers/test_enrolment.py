"""Joining the staff: one invitation, one key, and the very key whose words were compared."""

from __future__ import annotations

import asyncio

from nacl.public import PrivateKey

from handlers.turn import take_turn
from intake.roles import Role
from storage import cases, meta, outbox, staff
from storage.keywords import key_words
from storage.public_key import encode_public
from tests.handlers.desk import GROUP, Person, World, ask, join

ADMIN, IBIS, OTHER = 800, 901, 902


async def invited(world: World, role: Role, person_id: int) -> Person:
    person = Person(world, person_id)
    token = await world.write(lambda tx: staff.invite(tx, role, world.now))
    await person.send(f"/start {token}")
    return person


def public(key: PrivateKey) -> str:
    return encode_public(bytes(key.public_key))


async def member(world: World, person: Person) -> staff.Member:
    found = await world.read(lambda tx: staff.by_account(tx, person.account))
    assert isinstance(found, staff.Member)
    return found


async def recipients(world: World) -> set[bytes]:
    return set(await world.read(lambda tx: staff.recipients(tx, None)))


async def test_a_key_becomes_a_recipient_when_an_admin_has_confirmed_its_words(world: World) -> None:
    admin = await join(world, ADMIN, Role.ADMIN, "Elm")
    ibis = await invited(world, Role.OPERATOR, IBIS)
    await ibis.send(public(ibis.private))
    assert not (await member(world, ibis)).active
    assert await recipients(world) == set()
    await world.deliver()
    words = " ".join(key_words(bytes(ibis.private.public_key)))
    assert words in world.shown(ADMIN)[-1].text
    assert any(words in m.text for m in world.shown(IBIS))
    await admin.press(world.say("confirm-button"))
    assert (await member(world, ibis)).active
    assert await recipients(world) == {bytes(ibis.private.public_key)}


async def test_the_words_of_one_key_do_not_confirm_another_that_was_sent_since(world: World) -> None:
    admin = await join(world, ADMIN, Role.ADMIN, "Elm")
    ibis = await invited(world, Role.OPERATOR, IBIS)
    await ibis.send(public(ibis.private))
    await world.deliver()
    shown = world.shown(ADMIN)[-1]
    await admin.send("/people")
    listed = world.shown(ADMIN)[-1]
    swapped = PrivateKey.generate()
    await ibis.send(public(swapped))
    for message in (shown, listed):
        answer = await admin.press_data(message.keyboard[0][0].data, message)
        assert (answer.alert, answer.text) == (True, world.say("key-settled"))
    assert await recipients(world) == set()
    await world.deliver()
    newest = world.shown(ADMIN)[-1]
    await admin.press_data(newest.keyboard[0][0].data, newest)
    assert await recipients(world) == {bytes(swapped.public_key)}


async def test_a_refused_key_opens_nothing_and_another_may_be_sent(world: World) -> None:
    admin = await join(world, ADMIN, Role.ADMIN, "Elm")
    ibis = await invited(world, Role.OPERATOR, IBIS)
    await ibis.send(public(ibis.private))
    first = dict(ibis.last_update)
    await world.deliver()
    await admin.press(world.say("refuse-button"))
    assert (await member(world, ibis)).public_key is None
    await world.deliver()
    await world.turn(first)  # the refused line, delivered once more
    assert (await member(world, ibis)).public_key is None
    assert await world.read(outbox.waiting) == []
    await ibis.send(public(ibis.private))
    assert (await member(world, ibis)).public_key == bytes(ibis.private.public_key)


async def test_an_invitation_is_used_by_the_first_of_two_and_only_once(world: World) -> None:
    token = await world.write(lambda tx: staff.invite(tx, Role.ADMIN, world.now))
    first, second = Person(world, IBIS), Person(world, OTHER)
    updates = [each.message(f"/start {token}") for each in (first, second)]
    await asyncio.gather(*(take_turn(world.desk, "bot", each) for each in updates))
    await world.apply()
    found = [await world.read(lambda tx, p=p: staff.by_account(tx, p.account)) for p in (first, second)]
    assert sum(each is not None for each in found) == 1
    before = (await world.tables())["staff"]
    for each in updates:
        await world.turn(each)
    assert (await world.tables())["staff"] == before


async def test_the_invitation_leaves_the_chat(world: World) -> None:
    ibis = await invited(world, Role.OPERATOR, IBIS)
    await world.deliver()
    assert not any("/start" in m.text for m in world.shown(ibis.id))
    assert (await world.tables())["invites"] == []


async def test_nobody_takes_a_key_that_somebody_uses_or_the_recovery_key(world: World) -> None:
    heron = await join(world, 900, Role.OPERATOR, "Heron")
    ibis = await invited(world, Role.OPERATOR, IBIS)
    for key in (heron.private, world.recovery):
        await ibis.send(public(key))
        assert world.say("key-taken") in world.shown(IBIS)[-1].text
    assert (await member(world, ibis)).public_key is None
    assert (await member(world, heron)).active


async def test_the_owner_of_a_key_that_was_added_from_the_shell_is_ready_at_once(world: World) -> None:
    key = PrivateKey.generate()
    await world.write(
        lambda tx: staff.add(tx, "Kestrel", Role.OPERATOR, bytes(key.public_key), confirmed=True)
    )
    ibis = await invited(world, Role.OPERATOR, IBIS)
    await ibis.send(public(key))
    assert (await member(world, ibis)).name == "Kestrel"
    assert (await member(world, ibis)).active
    assert len((await world.tables())["staff"]) == 1


async def test_without_a_confirmed_key_nothing_else_is_open(world: World) -> None:
    heron = await join(world, 900, Role.OPERATOR, "Heron")
    await ask(Person(world, 5551), until="chat")
    await world.deliver()
    ibis = await invited(world, Role.OPERATOR, IBIS)
    await ibis.send(public(ibis.private))
    answer = await ibis.press("Claim", chat=GROUP)
    assert (answer.text, answer.alert) == ("", False)
    for words in ("/queue", "/mine", "/stats", "/people"):
        await ibis.send(words)
        assert world.say("key-waiting") in world.shown(IBIS)[-1].text
    assert await world.read(lambda tx: cases.held_by(tx, "")) == []
    assert (await heron.press("Claim", chat=GROUP)).alert is False


async def test_somebody_whose_request_is_open_and_who_joins_withdraws_it(world: World) -> None:
    heron = await join(world, 900, Role.OPERATOR, "Heron")
    ann = Person(world, 5551)
    await ask(ann, until="chat")
    await world.deliver()
    await heron.press("Claim", chat=GROUP)
    await world.deliver()
    token = await world.write(lambda tx: staff.invite(tx, Role.LEAD, world.now))
    await ann.send(f"/start {token}")
    await world.deliver()
    tables = await world.tables()
    assert [tables[name] for name in ("cases", "locks", "blocks", "drafts")] == [[], [], [], []]
    assert not any(m.document for m in world.shown(900))
    assert any("withdrawn" in m.text for m in world.shown(900))


async def test_an_operator_who_becomes_an_admin_is_no_longer_a_recipient(world: World) -> None:
    heron = await join(world, 900, Role.OPERATOR, "Heron")
    token = await world.write(lambda tx: staff.invite(tx, Role.ADMIN, world.now))
    await heron.send(f"/start {token}")
    assert (await member(world, heron)).role is Role.ADMIN
    assert await recipients(world) == set()
    assert await world.read(lambda tx: meta.get(tx, meta.RECOVERY_KEY)) is not None
