"""Files that wait for their requester: what opens each, sealed to a code, so that nobody here can open it meanwhile.

To the return code, where the case has one; otherwise to a code of the file's own (`code_tag`), which was shown to one
operator and is stored nowhere. The file itself lies in `storage.files`, and takes its row here along when it goes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from sqlalchemy import Row, delete, insert, select

from storage.database import Tx
from storage.schema import handouts

HEAD = "handouts.head"


@dataclass(frozen=True, slots=True)
class Handout:
    case: bytes
    sequence: int
    """Of the file."""
    reply: bytes
    head: bytes = field(repr=False)
    code_tag: bytes | None = field(default=None, repr=False)


def add(tx: Tx, handout: Handout) -> None:
    tx.conn.execute(
        insert(handouts).values(
            case_id=handout.case,
            sequence=handout.sequence,
            reply=handout.reply,
            code_tag=handout.code_tag,
            head=handout.head,
            mac=tx.vault.mac(HEAD, _place(handout), _whole(handout)),
        )
    )


def of(tx: Tx, case: bytes) -> list[Handout]:
    """All of a case. Raises Tampered if one was altered."""
    rows = tx.conn.execute(select(handouts).where(handouts.c.case_id == case).order_by(handouts.c.sequence))
    return [_read(tx, row) for row in rows]


def by_tag(tx: Tx, code_tag: bytes) -> Handout | None:
    """The one that a code of its own opens. Raises Tampered if it was altered."""
    row = tx.conn.execute(select(handouts).where(handouts.c.code_tag == code_tag)).one_or_none()
    return None if row is None else _read(tx, row)


def erase(tx: Tx, case: bytes, sequence: int) -> None:
    here = (handouts.c.case_id == case) & (handouts.c.sequence == sequence)
    tx.conn.execute(delete(handouts).where(here))


def forget_own_of(tx: Tx, cases: Sequence[bytes]) -> None:
    """Those with a code of their own: they are handed out in the case's chat, which is forgotten."""
    own = handouts.c.code_tag.is_not(None)
    tx.conn.execute(delete(handouts).where(own, handouts.c.case_id.in_(cases)))


def erase_of(tx: Tx, cases: Sequence[bytes]) -> None:
    tx.conn.execute(delete(handouts).where(handouts.c.case_id.in_(cases)))


def _read(tx: Tx, row: Row[tuple[object, ...]]) -> Handout:
    found = Handout(row.case_id, row.sequence, row.reply, row.head, row.code_tag)
    tx.vault.check_mac(HEAD, _place(found), _whole(found), row.mac)
    return found


def _whole(handout: Handout) -> bytes:
    return handout.reply + handout.head + (handout.code_tag or b"")


def _place(handout: Handout) -> bytes:
    return handout.case + handout.sequence.to_bytes(4, "big")
