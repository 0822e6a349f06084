"""A whole breakdown, and what its numbers hang together with: that is checked with it."""

from __future__ import annotations

from collections.abc import Mapping

from intake.breakdowns import Breakdown, breakdowns, cells
from intake.questionnaire import Questionnaire
from intake.tables import Kin, Period, Table
from intake.ways import families, ways_through


def table_of(
    counts: Mapping[tuple[str, str], int],
    questionnaire: Questionnaire,
    by: Breakdown,
    periods: tuple[Period, ...],
    over: str,
) -> Table:
    """`over`: the newest month that is over."""
    offered = breakdowns(questionnaire, counts)
    family = next((each for each in families(questionnaire, offered) if by.id in each), None)
    kin = [each for each in offered if family and each.id in family and each.id != by.id]
    every = cells(counts, by)
    for each in kin:
        every |= cells(counts, each)
    return Table(
        periods,
        every,
        by.id,
        tuple((option,) for option in by.options),
        by.exclusive,
        over,
        tuple(Kin(each.id, each.options, each.exclusive) for each in kin),
        ways_through(questionnaire, offered, family) if family else None,
    )
