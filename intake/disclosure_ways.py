"""The ways through tied questions, as unknowns of one month: how many took each step.

They are added to the numbers of options, and nothing is ever shown of them: they carry what these say of each other.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from intake.disclosure_rules import Rule, World
from intake.disclosure_solver import Programme
from intake.tables import Part, Ways


class GaveUp(Exception):
    """Whether a month's numbers fit the questionnaire could not be found out."""


def way_rules(ways: Ways, first: int, everybody: int, at: Mapping[Part, int]) -> list[Rule]:
    """`first`: the index of the first step's unknown; `everybody`: the month's requests; `at`: index of an option's."""
    comes, goes = ([list[int]() for _ in range(ways.places)] for _ in range(2))
    of_kind: dict[int, list[int]] = {}
    for i, step in enumerate(ways.steps, start=first):
        goes[step.source].append(i)
        comes[step.target].append(i)
        of_kind.setdefault(step.kind, []).append(i)
    rules = [Rule(tuple(goes[0]), everybody, everybody)]
    rules += [
        Rule(tuple(comes[place]), 0, 0, tuple(goes[place]))
        for place in range(1, ways.places)
        if place != ways.end
    ]
    for each in ways.sums:
        taken = tuple(i for kind in each.kinds for i in of_kind.get(kind, ()))
        answers = tuple(at[part] for part in each.parts if part in at)
        least = -everybody * len(answers) if each.fewer else 0
        rules.append(Rule(taken, least, everybody if each.more else 0, answers))
    return rules


def slips(ways: Ways, first: int) -> tuple[int, ...]:
    """The unknowns of those steps."""
    return tuple(i for i, step in enumerate(ways.steps, start=first) if step.kind in ways.slips)


def taking(ways: Ways, first: int, everybody: int, rules: Sequence[Rule], truth: World) -> list[int] | None:
    """How many may have taken each step, by the true numbers of the options, with as few slips as can be; None: these
    don't fit. Raises `GaveUp`."""
    programme = Programme()
    for step in ways.steps:
        programme.column(1.0 if step.kind in ways.slips else 0.0, 0, everybody)
    for rule in rules:
        parts = rule.parts
        known = sum(times * truth[i] for i, times in parts.items() if i < first)
        steps = {i - first: times for i, times in parts.items() if i >= first}
        programme.row(steps, rule.least - known, rule.most - known)
    found = programme.solve(len(ways.steps))
    if found is None and not programme.impossible:
        raise GaveUp
    return found
