"""The register of all breakdowns that were ever shown, in a chat or by the command: a new table is checked against it.

It is kept for as long as there are counts, which is for ever: a number that was shown is not forgotten by those who saw
it. It grows with what was not shown before, and not with each time that something is looked at: months that are over
have one number each, and those of a month that runs on are not kept (`intake.register`).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence

from sqlalchemy import select

from intake.register import new_in
from intake.tables import Fact, Protected, Release, Rounding
from storage.database import Tx, insert_new
from storage.schema import releases

SHOWN = "releases.shown"
STEP_BYTES = 4096
"""Boxes are multiples of this: how many numbers a table has is told roughly."""


def everything(tx: Tx) -> tuple[Release, ...]:
    """What was shown so far, always in the same order. Raises WrongKey or Tampered."""
    rows = tx.conn.execute(select(releases).order_by(releases.c.id)).all()
    return tuple(_read(tx.vault.unwrap_padded(SHOWN, row.id, row.shown)) for row in rows)


def add(tx: Tx, protected: Protected, before: Sequence[Release]) -> bool:
    """Record a table, before it is shown; `before` is what it was checked against.

    False: something else was recorded meanwhile. Nothing was done, and the table must be checked anew.
    """
    if protected.refusal is not None:
        raise ValueError("a table that was refused is not shown")
    return remember(tx, [protected.release], before)


def remember(tx: Tx, told: Iterable[Release], before: Sequence[Release]) -> bool:
    """Record what is about to be told, as `add` does. Of each only what the register doesn't say yet."""
    if set(everything(tx)) != set(before):
        return False
    for release in told:
        new = new_in(release, before)
        if new is not None:
            _insert(tx, new)
    return True


def _insert(tx: Tx, release: Release) -> None:
    plain = _written(release)
    identity = tx.vault.tag("release", plain)
    size = -(-len(plain) // STEP_BYTES) * STEP_BYTES
    box = tx.vault.wrap_padded(SHOWN, identity, plain, size)
    insert_new(tx, releases, {"id": identity, "shown": box})


def rounding(tx: Tx, base: int) -> Rounding:
    """Rounding to multiples of `base` that stays the same for ever: its key comes from the stored hash key, which an
    exchange of the server key doesn't change."""
    return Rounding(base, tx.vault.tag("rounding", b""))


def _written(release: Release) -> bytes:
    """As JSON, in which each period and column stands once."""
    places = [(fact.period, fact.column) for fact in release.facts] + list(release.hidden)
    periods = sorted({period for period, _ in places})
    columns = sorted({column for _, column in places})
    return json.dumps(
        {
            "question": release.question,
            "exclusive": release.exclusive,
            "periods": periods,
            "columns": columns,
            "facts": [
                (periods.index(fact.period), columns.index(fact.column), fact.least, fact.most)
                for fact in release.facts
            ],
            "hidden": [(periods.index(period), columns.index(column)) for period, column in release.hidden],
        },
        separators=(",", ":"),
    ).encode()


def _read(plain: bytes) -> Release:
    kept = json.loads(plain)
    periods = [tuple(period) for period in kept["periods"]]
    columns = [tuple(column) for column in kept["columns"]]
    return Release(
        kept["question"],
        kept["exclusive"],
        tuple(Fact(periods[p], columns[c], least, most) for p, c, least, most in kept["facts"]),
        tuple((periods[p], columns[c]) for p, c in kept["hidden"]),
    )
