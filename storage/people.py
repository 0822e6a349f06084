"""How many different people sent a request this month, without a list of who.

An account is remembered by a hash under a key that exists for this month only. When the month is over, key and hashes
go: then not even whoever has the server key can tell who was among them. Where this ends: during the month the ids of
accounts can be tried one by one by whoever has the server key and the database; and a copy made during the month stays
readable with the server key of that time.
"""

from __future__ import annotations

import secrets

from sqlalchemy import delete, func, or_, select

from intake.counts import earlier
from storage import meta
from storage.database import Tx, hold_counts, insert_new
from storage.purpose import Purpose, digest
from storage.schema import people
from storage.vault import TAG_BYTES

KEY_BYTES = 32
MONTH_BYTES = 7
AT_ONCE = 1_000
"""Rows forgotten in one transaction."""


def is_new(tx: Tx, month: str, account: bytes) -> bool:
    """Whether this account (its keyed hash) sends its first request of the month; it is remembered from now on."""
    month, key = _key(tx, month)
    tag = digest(Purpose.PERSON, account, size=TAG_BYTES, key=key)
    return insert_new(tx, people, {"tag": tag, "month": month})


def forget(tx: Tx, month: str) -> int:
    """Throw away what earlier months than this have left; how many rows. To be called again until there are none."""
    found = _read(tx, meta.get(tx, meta.PEOPLE_KEY))
    if found is not None and _is_not_for(found[0], month):
        meta.drop(tx, meta.PEOPLE_KEY)
    gone = or_(people.c.month < month, people.c.month > earlier(month, -1))
    some = select(people.c.tag).where(gone).limit(AT_ONCE)
    return tx.conn.execute(delete(people).where(people.c.tag.in_(some))).rowcount


def of_earlier(tx: Tx, month: str) -> int:
    """Rows of earlier months than this."""
    found = select(func.count()).select_from(people).where(people.c.month < month)
    return tx.conn.execute(found).scalar_one()


def _key(tx: Tx, month: str) -> tuple[str, bytes]:
    """The month's key, made if there is none. A clock that is behind by a month at most gets the newer month's: there
    is only one. A key from further ahead was made while a clock was wrong."""
    found = _read(tx, tx.standing.get(meta.PEOPLE_KEY))
    if found is None or _is_not_for(found[0], month):
        hold_counts(tx)  # two that begin the month at once must not make two keys
        found = _read(tx, meta.get(tx, meta.PEOPLE_KEY))
    if found is None or _is_not_for(found[0], month):
        found = month, secrets.token_bytes(KEY_BYTES)
        name = meta.PEOPLE_KEY.encode()
        meta.put(tx, meta.PEOPLE_KEY, tx.vault.wrap(meta.VALUE, name, month.encode() + found[1]))
    return found


def _is_not_for(made: str, month: str) -> bool:
    return made < month or made > earlier(month, -1)


def _read(tx: Tx, box: bytes | None) -> tuple[str, bytes] | None:
    if box is None:
        return None
    plain = tx.vault.unwrap(meta.VALUE, meta.PEOPLE_KEY.encode(), box)
    return plain[:MONTH_BYTES].decode(), plain[MONTH_BYTES:]
