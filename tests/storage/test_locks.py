"""Locks and blocks: what was swapped behind the server's back is never used; what is erased is gone."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from nacl.public import PrivateKey
from sqlalchemy import func, select, update

from intake.errors import Tampered, WrongKey
from storage import locks
from storage.database import Database, Tx
from storage.schema import blocks, cases, thread
from storage.schema import locks as table
from storage.sealing import BOX_BYTES, Opener, Sealer, key_id, make_lock

A, B = b"A" * 16, b"B" * 16
ANN, BEN = PrivateKey.generate(), PrivateKey.generate()
KEYS = [bytes(key.public_key) for key in (ANN, BEN)]


def fill(tx: Tx) -> None:
    for case in (A, B):
        lock = make_lock(case, KEYS)
        locks.add(tx, lock)
        sealer = Sealer(case, lock.public)
        locks.put_block(tx, case, 0, sealer.seal("answers", 0, b"the answers"))
        locks.put_block(tx, case, 1, sealer.dummy("more", 0))


def rows(tx: Tx) -> tuple[int, ...]:
    tables = (table, blocks, thread, cases)
    return tuple(tx.conn.execute(select(func.count()).select_from(t)).scalar_one() for t in tables)


async def test_a_lock_and_its_blocks_open_with_a_recipients_key(db: Database) -> None:
    await db.write(fill)
    lock = await db.read(lambda tx: locks.get(tx, A))
    boxes = await db.read(lambda tx: locks.get_blocks(tx, A))
    opener = Opener(ANN).unlock(lock.case, lock.public, lock.slots)
    assert [
        opener.open(b, question=q, sequence=0) for b, q in zip(boxes, ("answers", "more"), strict=True)
    ] == [
        b"the answers",
        b"",
    ]
    assert {len(box) for box in boxes} == {BOX_BYTES}


async def test_a_block_is_replaced_in_its_place(db: Database) -> None:
    def work(tx: Tx) -> int:
        fill(tx)
        locks.put_block(tx, A, 1, Sealer(A, locks.get(tx, A).public).seal("more", 0, b"new"))
        return len(locks.get_blocks(tx, A))

    assert await db.write(work) == 2


def swap_boxes_between_cases(tx: Tx) -> None:
    mine = select(blocks.c.box).where(blocks.c.case_id == B, blocks.c.position == 0).scalar_subquery()
    tx.conn.execute(update(blocks).where(blocks.c.case_id == A, blocks.c.position == 0).values(box=mine))


def move_a_row_with_its_mac(tx: Tx) -> None:
    row = tx.conn.execute(select(blocks).where(blocks.c.case_id == B, blocks.c.position == 0)).one()
    there = (blocks.c.case_id == A) & (blocks.c.position == 0)
    tx.conn.execute(update(blocks).where(there).values(box=row.box, mac=row.mac))


def repeat_a_box_in_another_place(tx: Tx) -> None:
    row = tx.conn.execute(select(blocks).where(blocks.c.case_id == A, blocks.c.position == 0)).one()
    there = (blocks.c.case_id == A) & (blocks.c.position == 1)
    tx.conn.execute(update(blocks).where(there).values(box=row.box, mac=row.mac))


def flip_a_bit(tx: Tx) -> None:
    row = tx.conn.execute(select(blocks).where(blocks.c.case_id == A, blocks.c.position == 1)).one()
    there = (blocks.c.case_id == A) & (blocks.c.position == 1)
    tx.conn.execute(update(blocks).where(there).values(box=bytes([row.box[0] ^ 1]) + row.box[1:]))


@pytest.mark.parametrize(
    "tamper", [swap_boxes_between_cases, move_a_row_with_its_mac, repeat_a_box_in_another_place, flip_a_bit]
)
async def test_a_block_that_was_changed_moved_or_repeated_is_not_handed_out(
    db: Database, tamper: Callable[[Tx], None]
) -> None:
    await db.write(fill)
    await db.write(tamper)
    with pytest.raises(Tampered):
        await db.read(lambda tx: locks.get_blocks(tx, A))


def own_public_key(tx: Tx) -> None:
    mine = bytes(PrivateKey.generate().public_key)
    tx.conn.execute(update(table).where(table.c.case_id == A).values(public_key=mine))


def own_lock_for_the_same_case(tx: Tx) -> None:
    lock = make_lock(A, [bytes(PrivateKey.generate().public_key)])
    tx.conn.execute(
        update(table).where(table.c.case_id == A).values(public_key=lock.public, slots=lock.slots)
    )


def anothers_lock_with_its_mac(tx: Tx) -> None:
    row = tx.conn.execute(select(table).where(table.c.case_id == B)).one()
    values = {"public_key": row.public_key, "slots": row.slots, "mac": row.mac}
    tx.conn.execute(update(table).where(table.c.case_id == A).values(values))


def a_revoked_slot_back(tx: Tx) -> None:
    before = tx.conn.execute(select(table.c.slots).where(table.c.case_id == A)).scalar_one()
    locks.revoke(tx, KEYS[0])
    tx.conn.execute(update(table).where(table.c.case_id == A).values(slots=before))


@pytest.mark.parametrize(
    "tamper", [own_public_key, own_lock_for_the_same_case, anothers_lock_with_its_mac, a_revoked_slot_back]
)
async def test_nothing_is_sealed_to_a_lock_that_was_exchanged(
    db: Database, tamper: Callable[[Tx], None]
) -> None:
    await db.write(fill)
    await db.write(tamper)
    with pytest.raises(Tampered):
        await db.read(lambda tx: locks.get(tx, A))


async def test_a_case_without_a_lock_is_an_error_and_not_a_new_lock(db: Database) -> None:
    with pytest.raises(Tampered):
        await db.read(lambda tx: locks.get(tx, A))


@pytest.mark.parametrize("at_once", [1, 500])
async def test_a_revoked_key_opens_no_stored_case_and_the_others_still_do(
    db: Database, at_once: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(locks, "AT_ONCE", at_once)
    await db.write(fill)
    assert await db.write(lambda tx: locks.revoke(tx, KEYS[0])) == 2
    assert await db.write(lambda tx: locks.revoke(tx, KEYS[0])) == 0
    for case in (A, B):
        lock = await db.read(lambda tx, c=case: locks.get(tx, c))  # type: ignore[misc]
        with pytest.raises(WrongKey):
            Opener(ANN).unlock(lock.case, lock.public, lock.slots)
        Opener(BEN).unlock(lock.case, lock.public, lock.slots)


async def test_nobody_keeps_a_slot_by_spoiling_a_row(db: Database) -> None:
    def work(tx: Tx) -> tuple[int, list[bytes]]:
        fill(tx)
        own_public_key(tx)
        longer = locks.get(tx, B).slots + b"x"
        tx.conn.execute(update(table).where(table.c.case_id == B).values(slots=longer))
        return locks.revoke(tx, KEYS[0]), list(tx.conn.execute(select(table.c.slots)).scalars())

    removed, slots = await db.write(work)
    assert removed == 2
    assert not any(key_id(KEYS[0]) in each for each in slots)
    for case in (A, B):
        with pytest.raises(Tampered):
            await db.read(lambda tx, c=case: locks.get(tx, c))  # type: ignore[misc]


async def test_only_the_named_keys_keep_a_slot(db: Database) -> None:
    await db.write(fill)
    await db.write(lambda tx: locks.keep_only(tx, A, [KEYS[1], bytes(PrivateKey.generate().public_key)]))
    lock = await db.read(lambda tx: locks.get(tx, A))
    Opener(BEN).unlock(lock.case, lock.public, lock.slots)
    with pytest.raises(WrongKey):
        Opener(ANN).unlock(lock.case, lock.public, lock.slots)


async def test_erasing_takes_lock_and_blocks_of_these_cases_only(db: Database) -> None:
    await db.write(fill)
    await db.write(lambda tx: locks.erase(tx, [A]))
    assert await db.read(rows) == (1, 2, 0, 0)
    assert len(await db.read(lambda tx: locks.get_blocks(tx, B))) == 2
