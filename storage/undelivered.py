"""The dead letters: what was given up for good, one by one, so that an admin sees what did not arrive.

Each says what kind of message it was, the hour, why, and of a reply the reference of its case, for its holder has to
act; never to whom it was to go, nor what it said. Kept for thirty days; of a case that is erased or closed, not at all.
The numbers, which nothing takes away sooner, are in `storage.given_up`.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Collection
from contextlib import suppress
from dataclasses import asdict, dataclass

from sqlalchemy import delete, func, insert, select

from storage import given_up
from storage.database import Tx
from storage.other_versions import SENSELESS, saved_otherwise
from storage.schema import undelivered

ENTRY = "undelivered.entry"
ENTRY_BYTES = 160
KEPT_DAYS = given_up.KEPT_DAYS
MOST_KEPT = 500
"""A bot that Telegram refuses for a day must not fill the disk with it; all are counted."""
DAY, HOUR = 86_400, 3_600


@dataclass(frozen=True, slots=True)
class Letter:
    kind: str
    """As `storage.given_up` counts it."""
    why: str
    """One of a few fixed words."""
    hour: int
    """Unix seconds, cut to the hour."""
    reference: str = ""
    """Of the case of a reply; of nothing else."""


def note(
    tx: Tx, kind: str, why: str, now: int, *, letter: bytes = b"", case: str = "", reference: str = ""
) -> None:
    """Count it and list it, in the transaction that gives it up.

    `letter`: by which it can be struck off again (16 bytes). `case`: hexadecimal id of what it was about.
    """
    given_up.note(tx, kind, now)
    kept = tx.conn.execute(select(func.count()).select_from(undelivered)).scalar_one()
    if kept >= MOST_KEPT:
        oldest = select(undelivered.c.id).order_by(undelivered.c.day).limit(kept - MOST_KEPT + 1)
        tx.conn.execute(delete(undelivered).where(undelivered.c.id.in_(oldest)))
    letter = letter or secrets.token_bytes(16)
    strike(tx, letter)
    plain = json.dumps(asdict(Letter(kind, why, now - now % HOUR, reference)), separators=(",", ":"))
    tx.conn.execute(
        insert(undelivered).values(
            id=letter,
            day=now // DAY,
            about=_about(tx, case),
            entry=tx.vault.wrap_padded(ENTRY, letter, plain.encode(), ENTRY_BYTES),
        )
    )


def strike(tx: Tx, letter: bytes) -> None:
    """It has arrived after all."""
    tx.conn.execute(delete(undelivered).where(undelivered.c.id == letter))


def forget_about(tx: Tx, cases: Collection[str]) -> None:
    """Nothing is said any longer of these cases (hexadecimal ids)."""
    tags = [_about(tx, case) for case in cases]
    tx.conn.execute(delete(undelivered).where(undelivered.c.about.in_(tags)))


def forget_before(tx: Tx, day: int, most: int) -> int:
    some = select(undelivered.c.id).where(undelivered.c.day < day).limit(most)
    return tx.conn.execute(delete(undelivered).where(undelivered.c.id.in_(some))).rowcount


def everything(tx: Tx) -> list[Letter]:
    """The newest first."""
    rows = tx.conn.execute(select(undelivered)).all()
    return sorted((_unwrap(tx, row.id, row.entry) for row in rows), key=lambda one: -one.hour)


def _about(tx: Tx, case: str) -> bytes:
    """As in `storage.outbox`: it leads nowhere without the server's keys."""
    return tx.vault.tag("letter", case.encode())


def _unwrap(tx: Tx, letter: bytes, box: bytes) -> Letter:
    plain = tx.vault.unwrap_padded(ENTRY, letter, box)
    with suppress(*SENSELESS):
        return Letter(**json.loads(plain))
    raise saved_otherwise("A note of what was given up")
