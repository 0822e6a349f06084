"""A table on its way to somebody's eyes: checked against all that was shown before, and recorded before it is shown."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence

from intake.breakdowns import OUTCOME_ID, Breakdown, cases_shown, cells, told_by_cases
from intake.counts import PERSONS
from intake.disclosure import permits, protect
from intake.lifecycle import Outcome
from intake.register import new_in
from intake.tables import Cell, Fact, Period, Protected, Refusal, Release, Table
from storage import releases
from storage.database import Database
from storage.tallies import Known

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


async def remember(db: Database, told: Sequence[Release]) -> None:
    """Record what is about to be said beside the tables, so that they are checked against it."""
    for _ in range(TRIES):
        before = await db.read(releases.everything)
        new = [release for release in told if new_in(release, before)]
        if not new or await db.write(lambda tx, new=new, before=before: releases.remember(tx, new, before)):  # type: ignore[misc]
            return
    raise RuntimeError("the register of tables changes all the time")


def told_of_totals(known: Known, periods: Iterable[Period]) -> Release:
    """What totals of requests say for ever, which are told as they are at this moment."""
    table = Table(tuple(dict.fromkeys(periods)), cells(known.counts), over=known.over or "")
    return protect(table, (), 0).release


def told_of_people(known: Known, periods: Iterable[Period]) -> Release:
    """How many different people there were: a total that nothing is subtracted from, and no breakdown has."""
    facts = (
        Fact(each, (), n, n)
        for each in dict.fromkeys(periods)
        if known.over is not None and each[-1] <= known.over
        for n in (known.total(each, PERSONS),)
    )
    return Release(PERSONS, True, tuple(facts), ())


async def cases_said(db: Database, known: Known, periods: Iterable[Period], below: int) -> dict[Period, int]:
    """The cases closed in those of the periods for which that may be said; it is in the register then.

    Beside how many ended, they tell how many of these were no cases. So they pass the same check as a breakdown.
    """
    counts = cells(known.settled, Breakdown(OUTCOME_ID, tuple(outcome.value for outcome in Outcome)))
    asked = {
        period: n
        for period in dict.fromkeys(periods)
        if (n := cases_shown(known.settled, period, known.over, below)) is not None
    }
    facts = {period: told_by_cases(known.settled, [period]) for period in asked}
    for _ in range(TRIES if facts else 0):
        before = await db.read(releases.everything)
        found = await asyncio.to_thread(_permitted, facts, counts, before, below)
        new = [told_by_cases(known.settled, found)]
        if await db.write(lambda tx, new=new, before=before: releases.remember(tx, new, before)):  # type: ignore[misc]
            return {period: asked[period] for period in found}
    if facts:
        raise RuntimeError("the register of tables changes all the time")
    return {}


def _permitted(
    facts: Mapping[Period, Release], counts: Mapping[Cell, int], before: Sequence[Release], below: int
) -> list[Period]:
    found, so_far = [], list(before)
    for period, release in facts.items():
        if new_in(release, so_far) is None or permits(release, counts, so_far, below):
            found.append(period)
            so_far.append(release)
    return found
