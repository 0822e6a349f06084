"""How many recent requests share a combination of summary values: keyed hashes with counts, no rows of people."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import bindparam, delete, func, select, tuple_

from storage.database import Tx, hold_counts, increment_all
from storage.schema import combinations

_TOTALS = (
    select(combinations.c.combination, func.sum(combinations.c.count).label("total"))
    .where(combinations.c.combination.in_(bindparam("tags", expanding=True)))
    .where(combinations.c.day >= bindparam("since"))
    .group_by(combinations.c.combination)
)


def count(tx: Tx, day: int, tags: Iterable[bytes], since: int) -> dict[bytes, int]:
    """Count one request in each combination; returns how many since that day share each, this one included."""
    hold_counts(tx)
    ordered = sorted(tags)  # always in one order, so that on PostgreSQL no two wait for each other
    increment_all(
        tx, combinations, [{"combination": tag, "day": day, "count": 1} for tag in ordered], "count"
    )
    totals = tx.conn.execute(_TOTALS, {"tags": ordered, "since": since})
    return {row.combination: int(row.total) for row in totals}


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
