"""Monthly counts. They are wrapped, and they outlive the cases."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import bindparam, select

from storage.database import Tx, hold_counts, upsert
from storage.schema import tallies

COUNT = "tallies.count"
COUNT_BYTES = 16
_ONE = select(tallies.c.count).where(
    tallies.c.month == bindparam("month"), tallies.c.name == bindparam("name")
)


def add(tx: Tx, month: str, names: Iterable[str]) -> None:
    """Count one more under each name, in the request's own transaction."""
    hold_counts(tx)
    for name in names:
        total = _get(tx, month, name) + 1
        box = tx.vault.wrap_padded(COUNT, f"{month}|{name}".encode(), str(total).encode(), COUNT_BYTES)
        upsert(tx, tallies, {"month": month, "name": name}, {"count": box})


def read(tx: Tx) -> dict[tuple[str, str], int]:
    rows = tx.conn.execute(select(tallies.c.month, tallies.c.name)).all()
    return {(row.month, row.name): _get(tx, row.month, row.name) for row in rows}


def _get(tx: Tx, month: str, name: str) -> int:
    box = tx.conn.execute(_ONE, {"month": month, "name": name}).scalar()
    return 0 if box is None else int(tx.vault.unwrap_padded(COUNT, f"{month}|{name}".encode(), box))
