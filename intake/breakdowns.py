"""By what requests can be broken down: the level, the language, the outcome, and each question for the summary."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from intake.counts import ANSWER, CASES, LANGUAGE, NO_CASE, OUTCOME, REQUESTS
from intake.lifecycle import Outcome
from intake.questionnaire import Kind, Level, Questionnaire
from intake.tables import Cell, Fact, Period, Release

LEVEL_ID, LANGUAGE_ID, OUTCOME_ID = "level", "language", "outcome"
RESERVED = frozenset({LEVEL_ID, LANGUAGE_ID, OUTCOME_ID})
"""No question may have one of these ids."""
UNSAID = "~"
"""The option of those who were not asked, did not say, or broke an emergency off before they came to the question."""


@dataclass(frozen=True, slots=True)
class Breakdown:
    id: str
    options: tuple[str, ...]
    exclusive: bool = True
    """Each request has exactly one of the options."""


def breakdowns(questionnaire: Questionnaire, counts: Mapping[tuple[str, str], int]) -> tuple[Breakdown, ...]:
    """All that there are. Options that a questionnaire had earlier and that were counted are kept."""
    asked = [question for question in questionnaire.questions if question.in_summary]
    return (
        Breakdown(LEVEL_ID, tuple(level.value for level in Level)),
        Breakdown(LANGUAGE_ID, _with_former(questionnaire.languages, LANGUAGE, counts)),
        Breakdown(OUTCOME_ID, tuple(outcome.value for outcome in Outcome)),
        *(
            Breakdown(
                question.id,
                _with_former(
                    tuple(option.id for option in question.options), f"{ANSWER}{question.id}:", counts
                )
                + ((UNSAID,) if question.kind is Kind.CHOICE else ()),
                question.kind is Kind.CHOICE,
            )
            for question in asked
            if question.id not in RESERVED
        ),
    )


def cells(counts: Mapping[tuple[str, str], int], by: Breakdown | None = None) -> dict[Cell, int]:
    """Every month's total, and its parts by one breakdown."""
    found = Counter[Cell]()
    parts = Counter[str]()
    if by is not None and by.id == OUTCOME_ID:  # also where nothing ended: readers know that total too
        found.update(dict.fromkeys(((month, by.id, "") for month, _ in counts), 0))
    for (month, name), number in counts.items():
        if name == REQUESTS:
            found[month, "", ""] += number
        option = None if by is None else _option_of(by, name)
        if by is not None and option is not None:
            found[month, by.id, option] += number
            parts[month] += number
            if by.id == OUTCOME_ID:
                found[month, by.id, ""] += number
    if by is not None and UNSAID in by.options:
        for month in {month for month, _ in counts}:
            found[month, by.id, UNSAID] = max(0, found[month, "", ""] - parts[month])
    return dict(found)


def total(counts: Mapping[Cell, int], question: str, month: str) -> int:
    """Of all that is counted in a month under the question. Endings have totals of their own or none."""
    if question == OUTCOME_ID:
        return counts.get((month, question, ""), 0)
    return counts.get((month, question, ""), counts.get((month, "", ""), 0))


def unworked(counts: Mapping[tuple[str, str], int], month: str) -> int:
    """How many of a month's endings are no cases: tests, duplicates, and what was withdrawn before anybody took it."""
    ended = sum(n for (when, name), n in counts.items() if when == month and name.startswith(OUTCOME))
    return ended - counts.get((month, CASES), 0)


def _fits(counts: Mapping[tuple[str, str], int], month: str) -> bool:
    """Not so for counts kept elsewhere that hold no cases."""
    sure = sum(counts.get((month, OUTCOME + outcome.value), 0) for outcome in NO_CASE)
    withdrawn = counts.get((month, OUTCOME + Outcome.WITHDRAWN.value), 0)
    return sure <= unworked(counts, month) <= sure + withdrawn


def cases_shown(
    counts: Mapping[tuple[str, str], int], period: Sequence[str], over: str | None, below: int
) -> int | None:
    """The cases closed in a period, or None: hidden.

    Beside how many ended, they tell how many of these were no cases. Only if that is no small number in any of the
    months, and the months are over, is it none in whatever follows by subtraction.
    """
    if any(over is None or month > over or unworked(counts, month) < below for month in period):
        return None
    if not all(_fits(counts, month) for month in period):
        return None
    return sum(counts.get((month, CASES), 0) for month in period)


def told_by_cases(counts: Mapping[tuple[str, str], int], periods: Iterable[Period]) -> Release:
    """What the numbers of cases closed say of how requests ended."""
    facts = []
    for period in dict.fromkeys(periods):
        none = sum(unworked(counts, month) for month in period)
        ended = none + sum(counts.get((month, CASES), 0) for month in period)
        sure = tuple(sorted(outcome.value for outcome in NO_CASE))
        facts.append(Fact(period, sure, 0, none))
        facts.append(Fact(period, tuple(sorted((*sure, Outcome.WITHDRAWN.value))), none, ended))
    return Release(OUTCOME_ID, True, tuple(facts), ())


def _option_of(by: Breakdown, name: str) -> str | None:
    if by.id == LEVEL_ID:
        return name if name in by.options else None
    start = {LANGUAGE_ID: LANGUAGE, OUTCOME_ID: OUTCOME}.get(by.id, f"{ANSWER}{by.id}:")
    return name.removeprefix(start) if name.startswith(start) else None


def _with_former(
    options: tuple[str, ...], start: str, counts: Mapping[tuple[str, str], int]
) -> tuple[str, ...]:
    counted = {name.removeprefix(start) for _, name in counts if name.startswith(start)}
    return options + tuple(sorted(counted - set(options)))
