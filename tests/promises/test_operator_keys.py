"""An operator's key opens the cases that have a slot for it, and no others; what was forged or moved is noticed."""

from __future__ import annotations

from dataclasses import dataclass, replace

import pytest
from nacl.public import PrivateKey
from sqlalchemy import select, update

from intake.errors import SealingError, Tampered, WrongKey
from intake.roles import Role
from storage import cases, custody, locks, staff, thread
from storage.database import Tx
from storage.envelope import ANSWERS, Who
from storage.schema import blocks
from storage.schema import cases as case_table
from storage.schema import locks as lock_table
from storage.schema import thread as thread_table
from storage.sealing import SLOT_BYTES, Lock, Opener, Sealer, make_lock
from tests.handlers.desk import GROUP, OWN_WORDS, Message, Person, World, ask, join

REPLY = "Come on Tuesday"


@dataclass
class House:
    """Two operators, a lead, and two cases; Wren came when the first was there already."""

    world: World
    heron: Person
    wren: Person
    lead: Person
    references: tuple[str, str]


@pytest.fixture
async def house(world: World) -> House:
    return await _house(world)


async def _house(world: World) -> House:
    heron = await join(world, 90, Role.OPERATOR, "Heron")
    lead = await join(world, 92, Role.LEAD, "Teal")
    await ask(Person(world, 5_000_000_001), until="chat")
    first = str((await world.tables())["cases"][0][1])
    wren = await join(world, 91, Role.OPERATOR, "Wren")
    await ask(Person(world, 5_000_000_002), until="chat")
    second = next(str(row[1]) for row in (await world.tables())["cases"] if row[1] != first)
    await world.deliver()
    return House(world, heron, wren, lead, (first, second))


async def _opens(world: World, private: PrivateKey) -> set[str]:
    """The references of all cases that this key opens, given the whole database."""

    def attempt(tx: Tx) -> set[str]:
        found = set()
        for row in tx.conn.execute(select(case_table)).all():
            lock = locks.get(tx, row.case_id)
            try:
                opened = Opener(private).unlock(lock.case, lock.public, lock.slots)
            except WrongKey:
                continue
            box = locks.get_blocks(tx, row.case_id)[1]
            assert opened.open(box, question="more", sequence=0).decode() == OWN_WORDS
            found.add(row.reference)
        return found

    return set(await world.read(attempt))


async def _revoke(world: World, name: str) -> int:
    def work(tx: Tx) -> int:
        member = next(m for m in staff.everyone(tx) if m.name == name)
        return custody.revoke(tx, member, world.now)

    return int(await world.write(work))


async def _close(house: House, reference: str) -> None:
    await house.heron.press_data(f"claim.{reference}", _card(house, reference))
    await house.world.deliver()
    await house.heron.press_data(f"outcome.helped.{reference}", _card(house, reference))
    await house.world.deliver()


def _card(house: House, reference: str) -> Message:
    return next(m for m in house.world.shown(GROUP) if reference in m.text)


# Who opens what.


async def test_an_active_operators_key_opens_exactly_the_cases_with_a_slot_for_it(house: House) -> None:
    first, second = house.references
    assert await _opens(house.world, house.heron.private) == {first, second}
    assert await _opens(house.world, house.wren.private) == {second}
    assert await _opens(house.world, house.lead.private) == {first, second}
    assert await _opens(house.world, house.world.recovery) == {first, second}
    assert await _opens(house.world, PrivateKey.generate()) == set()


async def test_a_revoked_operators_key_opens_none(house: House) -> None:
    assert await _revoke(house.world, "Heron") == 2
    assert await _opens(house.world, house.heron.private) == set()
    assert len(await _opens(house.world, house.lead.private)) == 2
    await ask(Person(house.world, 5_000_000_003), until="chat")
    assert await _opens(house.world, house.heron.private) == set()


async def test_a_key_that_nobody_confirmed_becomes_no_recipient(house: House) -> None:
    stranger = PrivateKey.generate()
    await house.world.write(
        lambda tx: staff.add(tx, "Finch", Role.OPERATOR, bytes(stranger.public_key), confirmed=False)
    )
    await ask(Person(house.world, 5_000_000_003), until="chat")
    assert await _opens(house.world, stranger) == set()


async def test_after_a_case_is_closed_only_leads_and_recovery_open_it(house: House) -> None:
    first, second = house.references
    await _close(house, first)
    assert await _opens(house.world, house.heron.private) == {second}
    assert await _opens(house.world, house.lead.private) == {first, second}
    assert await _opens(house.world, house.world.recovery) == {first, second}


async def test_by_default_a_claim_leaves_the_others_slots(house: House) -> None:
    _, second = house.references
    await house.heron.press_data(f"claim.{second}", _card(house, second))
    assert second in await _opens(house.world, house.wren.private)


async def test_slots_after_claim_holder_leaves_the_holder_the_leads_and_recovery(world: World) -> None:
    world.change(terms=replace(world.desk.terms, slots_for_holder_only=True))
    house = await _house(world)
    _, second = house.references
    await house.heron.press_data(f"claim.{second}", _card(house, second))
    await world.deliver()
    assert second in await _opens(world, house.heron.private)
    assert second not in await _opens(world, house.wren.private)
    assert second in await _opens(world, house.lead.private)
    assert second in await _opens(world, world.recovery)
    await house.heron.press_data(f"release.{second}", _card(house, second))
    await world.deliver()
    told = await house.wren.press_data(f"claim.{second}", _card(house, second))
    assert told.text == world.say("claim-no-slot", reference=second)
    told = await house.lead.press_data(f"claim.{second}", _card(house, second))
    assert told.text == world.say("claimed", reference=second)


async def test_the_file_for_the_holder_carries_no_slot_but_theirs(house: House) -> None:
    first, _ = house.references
    await house.heron.press_data(f"claim.{first}", _card(house, first))
    await house.world.deliver()
    document = [m.document for m in house.world.shown(90) if m.document][-1]
    assert document is not None
    assert house.heron.open(document)
    with pytest.raises(WrongKey):
        house.lead.open(document)


# What was forged, swapped or replayed.


async def _two(house: House) -> tuple[cases.Case, cases.Case]:
    first, second = [
        await house.world.read(lambda tx, r=r: cases.by_reference(tx, r)) for r in house.references
    ]
    return first, second


async def _file_of(house: House, case: cases.Case) -> None:
    """What the server does whenever it reads the case's sealed parts."""

    def work(tx: Tx) -> None:
        locks.get(tx, case.case)
        locks.get_blocks(tx, case.case)
        thread.entries(tx, case.case)

    await house.world.read(work)


@pytest.mark.parametrize("what", ["a forged box", "a box of another case", "a box of another question"])
async def test_a_box_that_was_exchanged_is_noticed_by_the_server(house: House, what: str) -> None:
    """Anybody can seal to a case's public key; that the server stored it is what the MAC proves."""
    one, two = await _two(house)

    def tamper(tx: Tx) -> None:
        other = {
            row.position: row for row in tx.conn.execute(select(blocks).where(blocks.c.case_id == two.case))
        }
        own = {
            row.position: row for row in tx.conn.execute(select(blocks).where(blocks.c.case_id == one.case))
        }
        forged = Sealer(one.case, locks.get(tx, one.case).public).seal("more", 0, b"I feel safe")
        box, mac = {
            "a forged box": (forged, own[1].mac),
            "a box of another case": (other[1].box, other[1].mac),
            "a box of another question": (own[0].box, own[0].mac),
        }[what]
        place = (blocks.c.case_id == one.case) & (blocks.c.position == 1)
        tx.conn.execute(update(blocks).where(place).values(box=box, mac=mac))

    await house.world.write(tamper)
    with pytest.raises(Tampered):
        await _file_of(house, one)


async def test_a_message_that_was_replayed_is_noticed_by_the_server(house: House) -> None:
    one, _ = await _two(house)

    def say(tx: Tx) -> None:
        sealer = Sealer(one.case, locks.get(tx, one.case).public)
        for sequence in (1, 2):
            box = sealer.seal(Who.ORGANISATION.question, sequence, REPLY.encode())
            thread.add(tx, one.case, thread.Entry(sequence, Who.ORGANISATION, 1, box))
        first = tx.conn.execute(select(thread_table).where(thread_table.c.sequence == 1)).one()
        later = thread_table.c.sequence == 2
        tx.conn.execute(update(thread_table).where(later).values(box=first.box, mac=first.mac))

    await house.world.write(say)
    with pytest.raises(Tampered):
        await _file_of(house, one)


@pytest.mark.parametrize("what", ["slots of another case", "a lock of the thief's own", "an added slot"])
async def test_a_lock_that_was_exchanged_is_noticed_by_server_and_opener(house: House, what: str) -> None:
    one, two = await _two(house)
    mine = make_lock(one.case, [bytes(house.heron.private.public_key)])

    def tamper(tx: Tx) -> Lock:
        lock, other = locks.get(tx, one.case), locks.get(tx, two.case)
        thief = make_lock(one.case, [bytes(PrivateKey.generate().public_key)])
        changed = {
            "slots of another case": Lock(one.case, lock.public, other.slots),
            "a lock of the thief's own": Lock(one.case, lock.public, mine.slots),
            "an added slot": Lock(
                one.case, lock.public, b"".join(sorted([*_entries(lock.slots), thief.slots]))
            ),
        }[what]
        tx.conn.execute(
            update(lock_table)
            .where(lock_table.c.case_id == one.case)
            .values(public_key=changed.public, slots=changed.slots)
        )
        return changed

    changed = await house.world.write(tamper)
    with pytest.raises(Tampered):
        await _file_of(house, one)
    if what != "an added slot":  # an added one locks nobody out and lets nobody in
        with pytest.raises(Tampered):
            Opener(house.heron.private).unlock(one.case, changed.public, changed.slots)


def _entries(slots: bytes) -> list[bytes]:
    return [slots[at : at + SLOT_BYTES] for at in range(0, len(slots), SLOT_BYTES)]


async def test_a_public_key_that_was_exchanged_is_noticed_by_the_opener(house: House) -> None:
    """A server that swaps it would have all that is new sealed to itself."""
    one, _ = await _two(house)
    lock = await house.world.read(lambda tx: locks.get(tx, one.case))
    evil = bytes(PrivateKey.generate().public_key)
    with pytest.raises(Tampered):
        Opener(house.heron.private).unlock(one.case, evil, lock.slots)


async def test_every_box_opens_in_its_own_place_only(house: House) -> None:
    one, two = await _two(house)
    lock = await house.world.read(lambda tx: locks.get(tx, one.case))
    opener = Opener(house.heron.private).unlock(lock.case, lock.public, lock.slots)
    answers, text = await house.world.read(lambda tx: locks.get_blocks(tx, one.case))
    foreign = await house.world.read(lambda tx: locks.get_blocks(tx, two.case))
    assert opener.open(text, question="more", sequence=0).decode() == OWN_WORDS
    for box, question, sequence in (
        (text, ANSWERS, 0),
        (answers, "more", 0),
        (text, "more", 1),
        (foreign[1], "more", 0),
        (text[:-1] + bytes([text[-1] ^ 1]), "more", 0),
        (text[:-1], "more", 0),
    ):
        with pytest.raises(SealingError):
            opener.open(box, question=question, sequence=sequence)
