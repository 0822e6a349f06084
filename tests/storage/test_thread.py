"""The thread of a case: in order, sealed, and only as it was stored."""

from __future__ import annotations

import pytest
from nacl.public import PrivateKey
from sqlalchemy import update

from intake.errors import Tampered
from storage import locks, thread
from storage.database import Database, Tx
from storage.envelope import Who
from storage.schema import thread as table
from storage.sealing import Opener, Sealer, make_lock
from storage.thread import Entry

CASE, OTHER = b"C" * 16, b"D" * 16
KEY = PrivateKey.generate()
CODE = bytes(PrivateKey.generate().public_key)


def fill(tx: Tx) -> None:
    for case in (CASE, OTHER):
        lock = make_lock(case, [bytes(KEY.public_key)])
        locks.add(tx, lock)
        for who, text in ((Who.REQUESTER, b"first"), (Who.ORGANISATION, b"second")):
            number = thread.next_sequence(tx, case)
            box = Sealer(case, lock.public).seal(who.question, number, text)
            code = Sealer(case, CODE).seal(who.question, number, text) if who is Who.ORGANISATION else None
            thread.add(tx, case, Entry(number, who, 19_675, box, code))


async def test_entries_come_back_in_order_and_open_for_a_recipient(db: Database) -> None:
    await db.write(fill)
    lock = await db.read(lambda tx: locks.get(tx, CASE))
    found = await db.read(lambda tx: thread.entries(tx, CASE))
    opener = Opener(KEY).unlock(lock.case, lock.public, lock.slots)
    texts = [opener.open(e.box, question=e.who.question, sequence=e.sequence) for e in found]
    assert texts == [b"first", b"second"]
    assert [e.sequence for e in found] == [1, 2]
    assert [e.code_box is not None for e in found] == [False, True]
    assert await db.read(lambda tx: thread.next_sequence(tx, CASE)) == 3


@pytest.mark.parametrize("column", ["box", "code_box", "mac"])
async def test_what_was_put_in_anothers_place_is_not_handed_out(db: Database, column: str) -> None:
    def tamper(tx: Tx) -> None:
        fill(tx)
        other = thread.entries(tx, OTHER)[1]
        value = {"box": other.box, "code_box": other.code_box, "mac": b"\0" * 16}[column]
        here = (table.c.case_id == CASE) & (table.c.sequence == 2)
        tx.conn.execute(update(table).where(here).values(**{column: value}))

    await db.write(tamper)
    with pytest.raises(Tampered):
        await db.read(lambda tx: thread.entries(tx, CASE))


async def test_a_reply_cannot_lose_its_copy_for_the_code_unnoticed(db: Database) -> None:
    def tamper(tx: Tx) -> None:
        fill(tx)
        tx.conn.execute(update(table).where(table.c.case_id == CASE).values(code_box=None))

    await db.write(tamper)
    with pytest.raises(Tampered):
        await db.read(lambda tx: thread.entries(tx, CASE))


async def test_a_message_cannot_be_repeated_at_a_later_place(db: Database) -> None:
    def tamper(tx: Tx) -> None:
        fill(tx)
        later = (table.c.case_id == CASE) & (table.c.sequence == 1)
        tx.conn.execute(update(table).where(later).values(sequence=3))

    await db.write(tamper)
    with pytest.raises(Tampered):
        await db.read(lambda tx: thread.entries(tx, CASE))


async def test_who_wrote_it_is_under_the_seal(db: Database) -> None:
    """The column can be changed; whoever opens it notices."""

    def tamper(tx: Tx) -> None:
        fill(tx)
        tx.conn.execute(update(table).where(table.c.case_id == CASE).values(author="organisation"))

    await db.write(tamper)
    lock = await db.read(lambda tx: locks.get(tx, CASE))
    first = (await db.read(lambda tx: thread.entries(tx, CASE)))[0]
    with pytest.raises(Tampered):
        Opener(KEY).unlock(lock.case, lock.public, lock.slots).open(
            first.box, question=first.who.question, sequence=first.sequence
        )
