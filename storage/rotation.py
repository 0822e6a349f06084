"""Exchanging the server key while the service runs.

1. The key file gets the new key in front of the old one (`storage.server_key.write_keys`).
2. `switch`: the stored secrets are wrapped under the new key. Every transaction that writes looks there first, so from
   this commit on nobody makes a box under the old key; boxes of both can be read.
3. `rewrap_all`: what is left under the old key is wrapped anew, some rows at a time.
4. Only when nothing is left, the old key leaves the file.

Each step can be repeated, and what is still to do can be told from the boxes themselves: after a kill at any point,
doing it again goes on where it stopped. Where this ends: a copy of the database from before opens with the old key for
ever, so an exchange helps against a key that leaked, not against one that leaked together with a copy.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, LargeBinary, Row, func, select, tuple_, update

from intake.errors import SealingError
from storage import meta
from storage.database import Database, Tx
from storage.server_key import ServerKey
from storage.trouble import is_trouble
from storage.vault import HEADER_BYTES
from storage.wrapped import WRAPPED, Wrapped

T = TypeVar("T")

AT_ONCE = 200
"""Rows of one transaction: turns wait meanwhile, for some tens of milliseconds."""
MOST_TRIES = 15
"""Of one transaction while the database is in use; each waits for as long as SQLite waits, some 20 s."""
PAUSE_SECONDS = 0.05
"""Between two of them: SQLite keeps no queue, so whoever waits to write needs a gap to get in."""


@dataclass(frozen=True, slots=True)
class Batch:
    """What one transaction did."""

    rewrapped: int = 0
    damaged: int = 0
    """Boxes that don't open under the key they name; they are left as they are."""
    last: tuple[Any, ...] | None = None
    """Primary key of its last row; None: no row was left."""


def switch(tx: Tx, new: ServerKey) -> None:
    """Put this key in force, here and, from their next transaction on, in every other process."""
    wrapped = tx.vault.rewrap_secrets(new)
    meta.put(tx, meta.VAULT_SECRETS, wrapped)
    tx.vault.follow(wrapped)


def left(tx: Tx) -> int:
    """Boxes under a key that is not in force any more."""
    return sum(
        tx.conn.execute(select(func.count()).where(_is_former(tx, each))).scalar_one() for each in WRAPPED
    )


async def rewrap_all(db: Database, tell: Callable[[int], None], at_once: int = AT_ONCE) -> Counter[str]:
    """Wrap everything anew that is under a former key. `tell` hears how many boxes each transaction saw to.

    Returns how many of which place could not be opened, and so are as they were.
    """
    damaged = Counter[str]()
    for wrapped in WRAPPED:
        last: tuple[Any, ...] | None = None
        while True:
            batch = await patiently(db, partial(rewrap_some, wrapped=wrapped, after=last, at_once=at_once))
            last = batch.last
            if last is None:
                break
            damaged.update({wrapped.place: batch.damaged} if batch.damaged else {})
            tell(batch.rewrapped + batch.damaged)
            await asyncio.sleep(PAUSE_SECONDS)
    return damaged


async def patiently(db: Database, work: Callable[[Tx], T]) -> T:
    """A transaction of an exchange, tried again while the database is in use.

    SQLite keeps no queue: a service that writes without a gap can keep everybody else from it for long.
    """
    for _ in range(MOST_TRIES):
        try:
            return await db.write(work)
        except Exception as error:
            if not is_trouble(error):
                raise
    return await db.write(work)


def rewrap_some(tx: Tx, wrapped: Wrapped, after: tuple[Any, ...] | None, at_once: int) -> Batch:
    """The next rows of a column, in the order of the primary key."""
    rows = _former_rows(tx, wrapped, after, at_once)
    done = [_rewrap(tx, wrapped, row) for row in rows]
    return Batch(done.count(True), done.count(False), _key_of(wrapped, rows[-1]) if rows else None)


def _former_rows(tx: Tx, wrapped: Wrapped, after: tuple[Any, ...] | None, most: int) -> list[Row[Any]]:
    key = list(wrapped.column.table.primary_key)
    query = select(wrapped.column.table).where(_is_former(tx, wrapped)).order_by(*key).limit(most)
    if after is not None:
        query = query.where(tuple_(*key) > tuple_(*after))
    return list(tx.conn.execute(query).all())


def _rewrap(tx: Tx, wrapped: Wrapped, row: Row[Any]) -> bool:
    """False: the box is damaged.

    Compare and set: on PostgreSQL the row may have changed since it was read; then its writer used the key in force.
    """
    box = row._mapping[wrapped.column]
    try:
        anew = tx.vault.rewrap(wrapped.place, wrapped.row(row), box)
    except SealingError:
        return False
    same = [column == value for column, value in zip(_columns(wrapped), _key_of(wrapped, row), strict=True)]
    tx.conn.execute(
        update(wrapped.column.table).where(*same, wrapped.column == box).values({wrapped.column: anew})
    )
    return True


def _is_former(tx: Tx, wrapped: Wrapped) -> ColumnElement[bool]:
    beginning = func.substr(wrapped.column, 1, HEADER_BYTES, type_=LargeBinary)
    return beginning.in_(tx.vault.former_headers())


def _key_of(wrapped: Wrapped, row: Row[Any]) -> tuple[Any, ...]:
    return tuple(row._mapping[column] for column in _columns(wrapped))


def _columns(wrapped: Wrapped) -> Iterator[Any]:
    return iter(wrapped.column.table.primary_key)
