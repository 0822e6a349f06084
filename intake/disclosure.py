"""Disclosure control: which numbers of a table may be shown, so that nobody can find a small one.

Whoever reads has every table that was ever shown, and the months' totals. See docs/decisions/0014 for what is promised,
and where it ends. `protect` takes milliseconds for a table that touches little of what was shown before, seconds where
all was shown of many months, and a minute or more for years of them: call it in a thread.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from intake.breakdowns import total
from intake.disclosure_check import Check
from intake.disclosure_coarser import coarser
from intake.disclosure_follows import follows
from intake.disclosure_world import number_of
from intake.register import lasting
from intake.tables import (
    Cell,
    Column,
    Fact,
    Follows,
    Period,
    Protected,
    Reason,
    Refusal,
    Release,
    Rounding,
    Table,
)

__all__ = [
    "Cell",
    "Column",
    "Fact",
    "Follows",
    "Period",
    "Protected",
    "Reason",
    "Refusal",
    "Release",
    "Rounding",
    "Table",
    "permits",
    "protect",
]


def protect(
    table: Table, released_before: Sequence[Release], below: int, rounding: Rounding | None = None
) -> Protected:
    """What of the table may be shown after all that was shown before; or why nothing, and what instead.

    Raises ValueError if a period has gaps, or if options that don't exclude each other are to be counted together.
    """
    _well_formed(table)
    found = _checked(table, released_before, below, rounding)
    if found.refusal is None:
        return found
    instead = next(
        (each for each in coarser(table) if _checked(each, released_before, below, rounding).refusal is None),
        None,
    )
    return replace(found, refusal=replace(found.refusal, coarser=instead))


def _checked(table: Table, before: Sequence[Release], below: int, rounding: Rounding | None) -> Protected:
    if not table.question:
        return _totals(table, before)
    if any(month > table.over for period in table.periods for month in period):
        return _refused(table, Reason.RUNNING, below)
    again = _again(table, before, below) if rounding is None else None
    if again is not None:
        return again
    check = Check(table, before, below, rounding)
    reason = check.run()
    if reason is not None:
        return _refused(table, reason, below)
    return check.outcome(before)


def permits(release: Release, counts: Mapping[Cell, int], before: Sequence[Release], below: int) -> bool:
    """Whether facts about a question may be told that are no table of it: whether no small number follows from them,
    after all that was shown before."""
    periods = tuple(dict.fromkeys(fact.period for fact in release.facts))
    columns = tuple(dict.fromkeys(fact.column for fact in release.facts))
    table = Table(periods, counts, release.question, columns, release.exclusive)
    return not release.facts or Check(table, before, below, None, release.facts).run() is None


def _again(table: Table, before: Sequence[Release], below: int) -> Protected | None:
    """If all of it was shown or hidden before, exactly: the same again, which says nothing new. Not what was shown
    under a lower threshold."""

    def count(period: Period, column: Column) -> int:
        return sum(
            table.counts.get((month, table.question, option), 0) for month in period for option in column
        )

    about = [release for release in before if release.question == table.question]
    earlier = [fact for release in about for fact in release.facts]
    told = {(fact.period, fact.column): fact for fact in earlier if fact.least == fact.most}
    hidden = {place for release in about for place in release.hidden}
    places = [(period, column) for period in table.periods for column in table.columns]
    facts = tuple(told[place] for place in places if place in told)
    rest = tuple(place for place in places if place not in told)
    if not facts or not hidden.issuperset(rest):
        return None
    if any(fact.least < below or fact.least != count(fact.period, fact.column) for fact in facts):
        return None
    cells = tuple(
        tuple(told[period, column].least if (period, column) in told else None for column in table.columns)
        for period in table.periods
    )
    release = Release(table.question, table.exclusive, facts, rest)
    return Protected(table, cells, release, follows(facts, earlier, count))


def _totals(table: Table, before: Iterable[Release]) -> Protected:
    """Totals are shown to the number; the reader is told what follows from them."""

    def count(period: Period, _: Column) -> int:
        return sum(total(table.counts, "", month) for month in period)

    facts = tuple(Fact(period, (), n, n) for period in table.periods for n in (count(period, ()),))
    earlier = [fact for release in before if not release.question for fact in release.facts]
    return Protected(
        table,
        tuple((fact.least,) for fact in facts),
        Release("", True, lasting(facts, table.over), ()),
        follows(facts, earlier, count),
    )


def _refused(table: Table, reason: Reason, below: int) -> Protected:
    nothing = tuple((None,) * len(table.columns) for _ in table.periods)
    hidden = tuple((period, column) for period in table.periods for column in table.columns)
    release = Release(table.question, table.exclusive, (), hidden)
    return Protected(table, nothing, release, refusal=Refusal(reason, below, None))


def _well_formed(table: Table) -> None:
    for period in table.periods:
        numbers = [number_of(month) for month in period]
        if not numbers or numbers != list(range(numbers[0], numbers[0] + len(numbers))):
            raise ValueError("a period is one month or more, in order and without gaps")
    if not table.exclusive and any(len(column) > 1 for column in table.columns):
        raise ValueError("options that don't exclude each other can't be counted together")
    if bool(table.question) != bool(table.columns):
        raise ValueError("a breakdown has columns, and totals have none")
