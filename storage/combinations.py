"""How many recent requests share a combination of summary values: keyed hashes with counts, no rows of people."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import delete, func, select, tuple_

from storage.database import Tx, hold_counts, upsert
from storage.schema import combinations


def count(tx: Tx, day: int, tags: Iterable[bytes], since: int) -> dict[bytes, int]:
    """Count one request in each combination; returns how many since that day share each, this one included."""
    hold_counts(tx)
    found = {}
    for tag in tags:
        here = {"day": day, "combination": tag}
        upsert(tx, combinations, here, {"count": 1}, again={"count": combinations.c.count + 1})
        total = select(func.sum(combinations.c.count)).where(
            combinations.c.combination == tag, combinations.c.day >= since
        )
        found[tag] = int(tx.conn.execute(total).scalar_one())
    return found


def forget(tx: Tx, before: int, most: int) -> int:
    """Drop some of what was counted before that day; how much."""
    key = tuple_(combinations.c.combination, combinations.c.day)
    old = select(combinations.c.combination, combinations.c.day).where(combinations.c.day < before)
    return tx.conn.execute(delete(combinations).where(key.in_(old.limit(most)))).rowcount


def uncount(tx: Tx, day: int, tags: Iterable[bytes]) -> None:
    """Take one request out again: its answers have changed and it no longer shares these."""
    hold_counts(tx)
    for tag in tags:
        here = (combinations.c.day == day) & (combinations.c.combination == tag)
        tx.conn.execute(combinations.update().where(here).values(count=combinations.c.count - 1))
        tx.conn.execute(delete(combinations).where(here, combinations.c.count <= 0))
