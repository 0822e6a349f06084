"""Files of a case, from its requester or to them, sealed to the case (`storage.file_seal`)."""

from __future__ import annotations

import secrets
from collections.abc import Sequence

from sqlalchemy import ColumnElement, delete, insert, select

from storage import handouts
from storage.database import Tx
from storage.envelope import Who
from storage.file_seal import SealedFile
from storage.purpose import Purpose, digest
from storage.schema import file_blocks, files

HEAD = "files.head"


def new_sequence() -> int:
    """Random: it is never given twice, and tells nothing of how many there were."""
    return secrets.randbelow(2**31)


def add(tx: Tx, case: bytes, sequence: int, day: int, sealed: SealedFile) -> None:
    place = _place(case, sequence)
    tx.conn.execute(
        insert(files).values(
            case_id=case,
            sequence=sequence,
            day=day,
            author=sealed.who.value,
            head=sealed.head,
            mac=tx.vault.mac(HEAD, place, _whole(sealed)),
        )
    )
    rows = [
        {"case_id": case, "sequence": sequence, "position": n, "box": box}
        for n, box in enumerate(sealed.blocks)
    ]
    tx.conn.execute(insert(file_blocks), rows)


def sequences(tx: Tx, case: bytes) -> list[int]:
    """Of a case's files, in the order of the days on which they came."""
    rows = select(files.c.sequence).where(files.c.case_id == case).order_by(files.c.day, files.c.sequence)
    return list(tx.conn.execute(rows).scalars())


def get(tx: Tx, case: bytes, sequence: int) -> SealedFile | None:
    """Raises Tampered if it was altered."""
    here = (files.c.case_id == case) & (files.c.sequence == sequence)
    row = tx.conn.execute(select(files).where(here)).one_or_none()
    if row is None:
        return None
    blocks = (file_blocks.c.case_id == case) & (file_blocks.c.sequence == sequence)
    boxes = tx.conn.execute(
        select(file_blocks.c.box).where(blocks).order_by(file_blocks.c.position)
    ).scalars()
    sealed = SealedFile(row.head, tuple(boxes), Who(row.author or Who.REQUESTER))
    tx.vault.check_mac(HEAD, _place(case, sequence), _whole(sealed), row.mac)
    return sealed


def erase_of(tx: Tx, cases: Sequence[bytes]) -> None:
    handouts.erase_of(tx, cases)
    tx.conn.execute(delete(file_blocks).where(file_blocks.c.case_id.in_(cases)))
    tx.conn.execute(delete(files).where(files.c.case_id.in_(cases)))


def come_until(until: int) -> ColumnElement[bool]:
    """Come on that day or earlier."""
    return files.c.day <= until


def erase(tx: Tx, chosen: ColumnElement[bool], most: int) -> int:
    found = tx.conn.execute(select(files.c.case_id, files.c.sequence).where(chosen).limit(most)).all()
    for case, sequence in found:
        handouts.erase(tx, case, sequence)
        for table in (file_blocks, files):
            here = (table.c.case_id == case) & (table.c.sequence == sequence)
            tx.conn.execute(delete(table).where(here))
    return len(found)


def _whole(sealed: SealedFile) -> bytes:
    return sealed.head + digest(Purpose.FILE, b"".join(sealed.blocks), size=32)


def _place(case: bytes, sequence: int) -> bytes:
    return case + sequence.to_bytes(4, "big")
