"""Accounts from which nothing is taken for some time: a keyed hash each, and, wrapped, the case that led to it.

By that case's reference an admin can lift one block without learning whose it is. Where this ends: while the block
lasts, whoever has the server key and the database can tell which account that one case came from, also after it is
closed.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from sqlalchemy import delete, select

from storage.database import Tx, upsert
from storage.schema import blocked

SOURCE = "blocked.source"
SOURCE_BYTES = 16
LAST_DAYS = 30


@dataclass(frozen=True, slots=True)
class Block:
    account: bytes = field(repr=False)
    reference: str
    until_day: int
    """The first day (since 1970, UTC) on which it no longer holds."""


def add(tx: Tx, block: Block) -> None:
    """A second block of the same account takes the place of the first."""
    source = tx.vault.wrap_padded(SOURCE, block.account, block.reference.encode(), SOURCE_BYTES)
    upsert(tx, blocked, {"account": block.account}, {"until_day": block.until_day, "source": source})


def holds(tx: Tx, account: bytes, today: int) -> bool:
    found = select(blocked.c.account).where(blocked.c.account == account, blocked.c.until_day > today)
    return tx.conn.execute(found).first() is not None


def everyone(tx: Tx, today: int) -> list[Block]:
    """Those that hold, the next to end first."""
    rows = tx.conn.execute(select(blocked).where(blocked.c.until_day > today)).all()
    found = [
        Block(row.account, tx.vault.unwrap_padded(SOURCE, row.account, row.source).decode(), row.until_day)
        for row in rows
    ]
    return sorted(found, key=lambda block: (block.until_day, block.reference))


def lift(tx: Tx, account: bytes) -> None:
    tx.conn.execute(delete(blocked).where(blocked.c.account == account))


def purge(tx: Tx, today: int) -> int:
    """Forget those that have ended; how many."""
    return tx.conn.execute(delete(blocked).where(blocked.c.until_day <= today)).rowcount
