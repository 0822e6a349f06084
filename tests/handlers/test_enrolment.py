"""Joining the staff: one invitation, one key, and the very key whose words were compared."""

from __future__ import annotations

import asyncio

from nacl.public import PrivateKey

from handlers.turn import take_turn
from intake.roles import Role
from storage import cases, custody, meta, outbox, staff
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


# A key that was added from the shell: its public line is no secret.


async def from_the_shell(world: World, name: str = "Kestrel") -> PrivateKey:
    key = PrivateKey.generate()
    await world.write(lambda tx: staff.add(tx, name, Role.LEAD, bytes(key.public_key), confirmed=True))
    return key


async def test_who_sends_a_key_that_was_added_from_the_shell_acts_after_an_admin_has_agreed(
    world: World,
) -> None:
    admin, key = await join(world, ADMIN, Role.ADMIN, "Elm"), await from_the_shell(world)
    ibis = await invited(world, Role.OPERATOR, IBIS)
    before = await member(world, ibis)
    await ibis.send(public(key))
    claiming = await member(world, ibis)
    assert (claiming.id, claiming.active, claiming.public_key) == (before.id, False, None)
    assert await recipients(world) == {bytes(key.public_key)}, "a claim must not turn the key off"
    await world.deliver()
    asked = world.shown(ADMIN)[-1]
    for part in (
        "Kestrel",
        before.name,
        " ".join(key_words(bytes(key.public_key))),
        world.say("role-operator"),
    ):
        assert part in asked.text
    await admin.press(world.say("confirm-button"))
    now = await member(world, ibis)
    assert (now.name, now.role, now.active, now.claims) == ("Kestrel", Role.OPERATOR, True, None)
    assert len((await world.tables())["staff"]) == 2
    await world.deliver()
    assert any(world.say("key-confirmed", name="Kestrel") == m.text for m in world.shown(IBIS))


async def test_a_claim_that_is_refused_leaves_the_key_with_its_owner(world: World) -> None:
    admin, key = await join(world, ADMIN, Role.ADMIN, "Elm"), await from_the_shell(world)
    eve = await invited(world, Role.OPERATOR, IBIS)
    await eve.send(public(key))
    await world.deliver()
    await eve.send("/queue")
    assert world.say("key-waiting") in world.shown(IBIS)[-1].text
    await admin.press(world.say("refuse-button"))
    refused = await member(world, eve)
    assert (refused.active, refused.claims, refused.offered) == (False, None, None)
    owner = await world.read(lambda tx: staff.by_name(tx, "Kestrel"))
    assert (owner.public_key, owner.confirmed, owner.chat) == (bytes(key.public_key), True, None)
    await eve.send(public(eve.private))
    assert (await member(world, eve)).public_key == bytes(eve.private.public_key)


async def test_of_two_who_claim_a_key_the_second_cannot_be_confirmed_any_more(world: World) -> None:
    admin, key = await join(world, ADMIN, Role.ADMIN, "Elm"), await from_the_shell(world)
    one, two = await invited(world, Role.OPERATOR, IBIS), await invited(world, Role.LEAD, OTHER)
    for each in (one, two):
        await each.send(public(key))
    await world.deliver()
    first, second = [m for m in world.shown(ADMIN) if m.keyboard]
    assert not (await admin.press_data(first.keyboard[0][0].data, first)).alert
    answer = await admin.press_data(second.keyboard[0][0].data, second)
    assert (answer.alert, answer.text) == (True, world.say("key-settled"))
    both = [await member(world, one), await member(world, two)]
    assert sorted(each.active for each in both) == [False, True]
    assert [each.name for each in both if each.active] == ["Kestrel"]


async def test_people_shows_whose_key_is_claimed_and_lets_an_admin_agree(world: World) -> None:
    admin, key = await join(world, ADMIN, Role.ADMIN, "Elm"), await from_the_shell(world)
    ibis = await invited(world, Role.OPERATOR, IBIS)
    await ibis.send(public(key))
    await admin.send("/people")
    listed = world.shown(ADMIN)[-1]
    assert world.say("claims-key", known="Kestrel") in listed.text
    assert len(listed.keyboard) == 1
    await admin.press_data(listed.keyboard[0][0].data, listed)
    assert (await member(world, ibis)).name == "Kestrel"


async def test_a_claim_on_somebody_who_was_revoked_meanwhile_makes_nobody(world: World) -> None:
    admin, key = await join(world, ADMIN, Role.ADMIN, "Elm"), await from_the_shell(world)
    ibis = await invited(world, Role.OPERATOR, IBIS)
    await ibis.send(public(key))
    await world.deliver()
    owner = await world.read(lambda tx: staff.by_name(tx, "Kestrel"))
    await world.write(lambda tx: custody.revoke(tx, owner, world.now))
    assert (await admin.press(world.say("confirm-button"))).alert
    assert not (await member(world, ibis)).active
    assert await recipients(world) == set()


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
