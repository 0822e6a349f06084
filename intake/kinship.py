"""Which questions hang together: one that is asked only after certain answers to another.

Their tables are checked together (`intake.disclosure_world`), because each says something of the other's numbers.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from intake.breakdowns import UNSAID, Breakdown, breakdowns, cells
from intake.questionnaire import Questionnaire
from intake.tables import Kin, Period, Table, Tie


def ties(questionnaire: Questionnaire, offered: Sequence[Breakdown]) -> tuple[Tie, ...]:
    """What follows from a question being asked only after certain answers to another, where both can be shown.

    For the numbers of two questions, or of a tree of them, this is all that follows: as long as no more have answered
    than were asked, there can be people who gave just these answers. What decides the level isn't among it.
    """
    by_id = {by.id: by for by in offered}
    found = list[Tie]()
    for question in questionnaire.questions:
        by = by_id.get(question.id)
        if by is None or not question.in_summary:
            continue
        answers = tuple(option for option in by.options if option != UNSAID)
        groups = [answers] if by.exclusive else [(each,) for each in answers]
        for parent, options in question.when.items():
            if parent in by_id:
                found += [Tie(by.id, these, parent, tuple(sorted(options))) for these in groups]
    return tuple(found)


def table_of(
    counts: Mapping[tuple[str, str], int],
    questionnaire: Questionnaire,
    by: Breakdown,
    periods: tuple[Period, ...],
    over: str,
) -> Table:
    """The whole breakdown of these periods, and what its numbers hang together with."""
    offered = breakdowns(questionnaire, counts)
    there = ties(questionnaire, offered)
    family = {by.id}
    for _ in there:  # as often as the longest way from one to another can need
        family = family.union(*(ends for tie in there if (ends := {tie.question, tie.parent}) & family))
    kin = [each for each in offered if each.id in family and each.id != by.id]
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
        tuple(tie for tie in there if tie.question in family),
    )
