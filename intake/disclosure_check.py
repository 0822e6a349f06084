"""One table on its way: which of its numbers are hidden, and which worlds prove that this is enough."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from math import log10
from types import MappingProxyType

from intake.disclosure_follows import follows
from intake.disclosure_rounding import bounds, rounded
from intake.disclosure_rules import Rule, World
from intake.disclosure_solver import Programme
from intake.disclosure_world import Guard, Known, guards, known
from intake.tables import Column, Fact, Period, Protected, Reason, Release, Rounding, Table

_PUSH = 1e-3
"""What a step nearer to another guard's goal is worth, beside a person in a number that must be hidden for it."""
_NO_LIMIT = float("inf")


class Check:
    def __init__(
        self,
        table: Table,
        before: Sequence[Release],
        below: int,
        rounding: Rounding | None,
        facts: Sequence[Fact] = (),
    ) -> None:
        """`facts`: to be told in place of the table's numbers, all of them or none."""
        self.table, self.below, self.rounding = table, below, rounding
        self.known = known(table, before)
        self.rows = [(rule.parts, rule.least, rule.most) for rule in self.known.rules]
        self.near = _by_month(self.known)
        self.places = [(fact.period, fact.column) for fact in facts] or [
            (period, column) for period in table.periods for column in table.columns
        ]
        self.counts = [sum(self.known.truth[i] for i in self.known.members(*place)) for place in self.places]
        self.rules = [Rule(self.known.members(f.period, f.column), f.least, f.most) for f in facts] or [
            Rule(self.known.members(*place), *bounds(table.question, place, n, rounding))
            for place, n in zip(self.places, self.counts, strict=True)
        ]
        self.parts = [rule.parts for rule in self.rules]
        self.small = set() if facts else {c for c, n in enumerate(self.counts) if n < below}
        self.hidden = set(self.small)
        once_hidden = [
            (release.question, *place)
            for release in before
            if release.question in self.known.questions
            for place in release.hidden
        ]
        own = [] if facts else [(table.question, *place) for place in self.places]
        self.guards = list(guards(self.known, [*once_hidden, *own], below))
        self.guards.sort(key=self._is_in_the_table)  # what may lead to a refusal first
        self.open = set(range(len(self.guards)))
        """Guards that no world meets yet."""

    def run(self) -> Reason | None:
        """Hide what must be hidden. The reason if the table can't be shown."""
        if not self.known.keeps(self.known.truth):
            return Reason.UNPROVEN
        if not self._shown():
            return Reason.SMALL
        for at, guard in enumerate(self.guards):
            if at not in self.open:
                continue
            world = self._find(guard)
            if world is None:
                # What was published before has narrowed it already, or the month is too small: not further, then.
                guard = self.guards[at] = self._as_far_as_possible(guard)
                world = self._find(guard)
            if world is None or not (self.known.keeps(world) and guard.met(world)):
                return Reason.UNPROVEN
            self.open -= {i for i in self.open if self.guards[i].met(world)}
            more = {c for c in self._shown() if not self.rules[c].kept(world)}
            if more and not self._is_in_the_table(guard):
                return Reason.FOLLOWS
            self.hidden |= more
            if not self._shown():
                return Reason.SMALL
        return None

    def outcome(self, before: Sequence[Release]) -> Protected:
        facts = tuple(Fact(*self.places[c], self.rules[c].least, self.rules[c].most) for c in self._shown())
        hidden = tuple(self.places[c] for c in sorted(self.hidden))
        shown = [
            None if c in self.hidden else rounded(self.table.question, place, n, self.rounding)
            for c, (place, n) in enumerate(zip(self.places, self.counts, strict=True))
        ]
        width = len(self.table.columns)
        earlier = [f for release in before if release.question == self.table.question for f in release.facts]
        return Protected(
            self.table,
            tuple(tuple(shown[at : at + width]) for at in range(0, len(shown), width)),
            Release(self.table.question, self.table.exclusive, facts, hidden),
            follows(facts, earlier, self._count),
        )

    def _shown(self) -> list[int]:
        return [c for c in range(len(self.places)) if c not in self.hidden]

    def _count(self, period: Period, column: Column) -> int:
        return sum(self.known.truth[i] for i in self.known.members(period, column))

    def _is_in_the_table(self, guard: Guard) -> bool:
        """A small cell of the table holds it: the reader sees that something is hidden there. Or it is another
        question's, which no coarser table of this one would hold either."""
        if any(self.known.atoms[i][1] != self.table.question for i in guard.members):
            return True
        return any(set(guard.members) & set(self.rules[c].members) for c in self.small)

    def _find(self, guard: Guard) -> World | None:
        """A world that meets the guard: one that differs from the real one in the guard's months only and in nothing
        that is shown, or else any. Mostly there is one of the first kind, which is found a hundred times faster."""
        near = dict.fromkeys(self.known.months[i] for i in guard.members)
        return self._search(guard, tuple(near), hides=False) or self._search(
            guard, tuple(self.near), hides=True
        )

    def _search(self, guard: Guard, months: Sequence[str], *, hides: bool) -> World | None:
        """`months`: where it may differ. `hides`: as little as possible of what is shown may be wrong in it.

        What is wrong in it must be hidden; hiding it is enough, for then this very world is possible.
        """
        programme, free = Programme(), [i for month in months for i in self.near[month][0]]
        column = {i: programme.column(0.0, 0, self.known.upper[i]) for i in free}
        for r in dict.fromkeys(r for month in months for r in self.near[month][1]):
            self._row(programme, column, *self.rows[r])
        for c in self._shown():
            if column.keys().isdisjoint(self.parts[c]):
                continue
            spare = dict[int, float]()
            if hides:
                cost = 1 + log10(1 + self.counts[c])
                spare = {programme.column(cost, 0, _NO_LIMIT): times for times in (-1.0, 1.0)}
            self._row(programme, column, self.parts[c], self.rules[c].least, self.rules[c].most, spare)
        goal = (guard.goal, _NO_LIMIT) if guard.up else (0, guard.goal)
        self._row(programme, column, dict.fromkeys(guard.members, 1.0), *goal)
        if hides:
            self._push(programme, column, guard.up)
        found = programme.solve(len(free))
        if found is None:
            return None
        world = list(self.known.truth)
        for i, n in zip(free, found, strict=True):
            world[i] = n
        return world

    def _row(
        self,
        programme: Programme,
        column: Mapping[int, int],
        parts: Mapping[int, float],
        least: float,
        most: float,
        spare: Mapping[int, float] = MappingProxyType({}),
    ) -> None:
        """What has no column is as it is."""
        fixed = sum(times * self.known.truth[i] for i, times in parts.items() if i not in column)
        here = {column[i]: times for i, times in parts.items() if i in column}
        programme.row({**here, **spare}, least - fixed, most - fixed)

    def _push(self, programme: Programme, column: Mapping[int, int], up: bool) -> None:
        """Let the world come as near as it can to what else is wanted in this direction: fewer searches."""
        for at in sorted(self.open):
            guard = self.guards[at]
            if guard.up != up or not column.keys() >= set(guard.members):
                continue
            members = [column[i] for i in guard.members]
            if up:
                towards = programme.column(-_PUSH, 0, guard.goal)
                programme.row(dict.fromkeys(members, 1.0) | {towards: -1.0}, 0, _NO_LIMIT)
            else:
                for i in members:
                    programme.costs[i] += _PUSH

    def _as_far_as_possible(self, guard: Guard) -> Guard:
        """The same with the goal that could still be reached if this table were not shown at all."""
        programme = Programme()
        for i, most in enumerate(self.known.upper):
            wanted = i in guard.members
            programme.column((-1.0 if guard.up else 1.0) if wanted else 0.0, 0, most)
        programme.rows += self.rows
        world = programme.solve(len(self.known.truth)) or self.known.truth
        reached = sum(world[i] for i in guard.members)
        return replace(guard, goal=min(guard.goal, reached) if guard.up else max(guard.goal, reached))


def _by_month(known: Known) -> dict[str, tuple[list[int], list[int]]]:
    """Of each month its unknowns, and the rules that touch them."""
    found: dict[str, tuple[list[int], list[int]]] = {month: ([], []) for month in known.months}
    for i, month in enumerate(known.months):
        found[month][0].append(i)
    for r, rule in enumerate(known.rules):
        for month in {known.months[i] for i in (*rule.members, *rule.less)}:
            found[month][1].append(r)
    return found
