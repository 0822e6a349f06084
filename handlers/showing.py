"""A table on its way to somebody's eyes: checked against all that was shown before, and recorded before it is shown."""

from __future__ import annotations

import asyncio

from intake.disclosure import protect
from intake.tables import Protected, Refusal, Release, Table
from storage import releases
from storage.database import Database

TRIES = 5
"""As often somebody else may be faster."""


async def protected(db: Database, table: Table, below: int, round_to: int | None = None) -> Protected:
    """What of the table may be shown. Whoever gets it without a refusal may show it: it stands in the register.

    `round_to`: show multiples of this only, the same for the same number whenever it is asked for.
    """
    rounding = None if round_to is None else await db.read(lambda tx: releases.rounding(tx, round_to))
    for _ in range(TRIES):
        before = await db.read(releases.everything)
        found = await asyncio.to_thread(protect, table, before, below, rounding)
        if found.refusal is not None:
            return found
        if await db.write(lambda tx, found=found, before=before: releases.add(tx, found, before)):  # type: ignore[misc]
            return found
    raise RuntimeError("the register of tables changes all the time")


async def finest(
    db: Database, table: Table, below: int, round_to: int | None = None
) -> tuple[Protected, Refusal | None]:
    """As `protected`: of the table, or else of the coarser one that the refusal names; and why not of the table."""
    shown = await protected(db, table, below, round_to)
    refusal = shown.refusal
    if refusal is None or refusal.coarser is None or not refusal.coarser.question:
        return shown, refusal
    # This may be refused as well: something else was shown meanwhile.
    return await protected(db, refusal.coarser, below, round_to), refusal


async def remember(db: Database, release: Release) -> None:
    """Record what is about to be said beside the tables, so that they are checked against it."""
    told = Protected(Table((), {}), (), release)
    for _ in range(TRIES if release.facts else 0):
        before = await db.read(releases.everything)
        if await db.write(lambda tx, before=before: releases.add(tx, told, before)):  # type: ignore[misc]
            return
    if release.facts:
        raise RuntimeError("the register of tables changes all the time")
