"""What was written to a case after it was sent, sealed to the case; replies also to the return code."""

from __future__ import annotations

from dataclasses import dataclass, field

from sqlalchemy import ColumnElement, delete, func, insert, select, update

from storage.database import Tx
from storage.envelope import Who
from storage.schema import thread

BOX = "thread.box"
NOBODY = "nobody"
"""Author of an empty row, which only keeps a number from being given twice."""


@dataclass(frozen=True, slots=True)
class Entry:
    sequence: int
    who: Who
    day: int
    box: bytes = field(repr=False)
    code_box: bytes | None = field(default=None, repr=False)


def next_sequence(tx: Tx, case: bytes) -> int:
    """Sequences start at 1; 0 belongs to the blocks."""
    last = tx.conn.execute(select(func.max(thread.c.sequence)).where(thread.c.case_id == case)).scalar()
    return (last or 0) + 1


def add(tx: Tx, case: bytes, entry: Entry) -> None:
    mac = tx.vault.mac(BOX, _place(case, entry.sequence), _boxes(entry.box, entry.code_box))
    tx.conn.execute(
        insert(thread).values(
            case_id=case,
            sequence=entry.sequence,
            author=entry.who.value,
            day=entry.day,
            box=entry.box,
            mac=mac,
            code_box=entry.code_box,
        )
    )


def drop_last(tx: Tx, case: bytes, who: Who) -> None:
    """Erase the newest entry of this author."""
    mine = (thread.c.case_id == case) & (thread.c.author == who.value)
    last = tx.conn.execute(select(func.max(thread.c.sequence)).where(mine)).scalar()
    if last is not None:
        _empty(tx, case, last)


def entries(tx: Tx, case: bytes) -> list[Entry]:
    rows = tx.conn.execute(select(thread).where(thread.c.case_id == case).order_by(thread.c.sequence)).all()
    for row in rows:
        tx.vault.check_mac(BOX, _place(case, row.sequence), _boxes(row.box, row.code_box), row.mac)
    return [Entry(row.sequence, Who(row.author), row.day, row.box, row.code_box) for row in rows if row.box]


def written_until(until: int) -> ColumnElement[bool]:
    """Written on that day or earlier, and not erased yet."""
    return (thread.c.day <= until) & (thread.c.author != NOBODY)


def erase(tx: Tx, chosen: ColumnElement[bool], most: int) -> int:
    """Erase some of these entries, though their cases stay; how many."""
    some = select(thread.c.case_id, thread.c.sequence).where(chosen).limit(most)
    found = tx.conn.execute(some).all()
    for case, sequence in found:
        _empty(tx, case, sequence)
    return len(found)


def _empty(tx: Tx, case: bytes, sequence: int) -> None:
    """Nothing is left of the entry, but of a case's last one its number: given again, it would let a copy of this
    box, whose MAC stays right for ever, stand in the place of what is written next."""
    here = thread.c.case_id == case
    entry = here & (thread.c.sequence == sequence)
    if next_sequence(tx, case) > sequence + 1:
        tx.conn.execute(delete(thread).where(entry))
        return
    tx.conn.execute(delete(thread).where(here, thread.c.author == NOBODY))
    mac = tx.vault.mac(BOX, _place(case, sequence), b"")
    nothing = {"author": NOBODY, "day": 0, "box": b"", "code_box": None, "mac": mac}
    tx.conn.execute(update(thread).where(entry).values(**nothing))


def _boxes(box: bytes, code_box: bytes | None) -> bytes:
    """Both are of one size, so that no other pair of boxes has the same bytes."""
    return box + (code_box or b"")


def _place(case: bytes, sequence: int) -> bytes:
    return case + sequence.to_bytes(4, "big")
