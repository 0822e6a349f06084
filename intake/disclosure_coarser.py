"""What could be shown in place of a table that can't: quarters for months, fewer options, a longer period."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from intake.disclosure_world import number_of
from intake.tables import Column, Period, Table

MONTHS_OF_A_QUARTER = 3


def coarser(table: Table) -> Iterator[Table]:
    """Coarser tables than this breakdown, the most telling first, none of them checked. The last has totals only."""
    over = tuple(period for period in table.periods if period[-1] <= table.over)
    seen = [table]
    for periods in (over, _quarters(over), _outermost(over), _all_in_one(over)):
        for columns in _fewer(table) if periods else ():
            made = replace(table, periods=periods, columns=columns)
            if made not in seen:
                seen.append(made)
                yield made
    yield replace(table, question="", columns=())


def _fewer(table: Table) -> Iterator[tuple[Column, ...]]:
    """All columns; then the two smallest counted together; then all but the largest."""
    yield table.columns
    if not table.exclusive:
        return
    months = {month for period in table.periods for month in period}

    def size(column: Column) -> int:
        return sum(table.counts.get((m, table.question, o), 0) for m in months for o in column)

    by_size = sorted(table.columns, key=lambda column: (size(column), column))
    for merged in sorted({2, len(by_size) - 1}) if len(by_size) > 2 else ():
        together = tuple(sorted(option for column in by_size[:merged] for option in column))
        kept = tuple(column for column in table.columns if column in by_size[merged:])
        yield (*kept, together)


def _quarters(periods: tuple[Period, ...]) -> tuple[Period, ...]:
    """The calendar quarters of which the periods hold every month."""
    months = sorted({month for period in periods for month in period})
    quarters: dict[int, list[str]] = {}
    for month in months:
        quarters.setdefault(number_of(month) // MONTHS_OF_A_QUARTER, []).append(month)
    return tuple(tuple(each) for each in quarters.values() if len(each) == MONTHS_OF_A_QUARTER)


def _outermost(periods: tuple[Period, ...]) -> tuple[Period, ...]:
    """Without those that lie within another."""
    return tuple(each for each in periods if not any(set(each) < set(other) for other in periods))


def _all_in_one(periods: tuple[Period, ...]) -> tuple[Period, ...]:
    """From the first month to the last, if none is missing between them."""
    months = sorted({month for period in periods for month in period})
    gapless = months and number_of(months[-1]) - number_of(months[0]) == len(months) - 1
    return (tuple(months),) if gapless else ()
