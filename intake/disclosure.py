"""Disclosure control: which numbers of a table may be shown, so that nobody can find a small one.

Whoever reads has every table that was ever shown, and the months' totals. See docs/decisions/0014 for what is promised,
and where it ends. `protect` takes milliseconds for a quarter and up to a second for years of months: call it in a
thread.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from math import log10

from intake.breakdowns import total
from intake.disclosure_coarser import coarser
from intake.disclosure_follows import follows
from intake.disclosure_rounding import bounds, rounded
from intake.disclosure_rules import Rule, World
from intake.disclosure_solver import Programme
from intake.disclosure_world import Guard, guards, known, number_of
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
_PUSH = 1e-3
"""What a step nearer to another guard's goal is worth, beside a person in a number that must be hidden for it."""
_NO_LIMIT = float("inf")


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
    check = _Check(table, before, below, rounding)
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
    return not release.facts or _Check(table, before, below, None, release.facts).run() is None


class _Check:
    """One table on its way: which of its cells are hidden, and which worlds prove that this is enough."""

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
        self.places = [(fact.period, fact.column) for fact in facts] or [
            (period, column) for period in table.periods for column in table.columns
        ]
        self.counts = [sum(self.known.truth[i] for i in self.known.members(*place)) for place in self.places]
        self.rules = [Rule(self.known.members(f.period, f.column), f.least, f.most) for f in facts] or [
            Rule(self.known.members(*place), *bounds(table.question, place, n, rounding))
            for place, n in zip(self.places, self.counts, strict=True)
        ]
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
        self.worlds: list[World] = []
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
            self.worlds.append(world)
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
        """A world that meets the guard and in which as little as possible of what is shown is wrong.

        What is wrong in it must be hidden; hiding it is enough, for then this very world is possible.
        """
        programme = Programme()
        for most in self.known.upper:
            programme.column(0.0, 0, most)
        programme.rows += self.rows
        for c in self._shown():
            cost = 1 + log10(1 + self.counts[c])
            over, under = (programme.column(cost, 0, _NO_LIMIT) for _ in range(2))
            parts = dict.fromkeys(self.rules[c].members, 1.0) | {over: -1.0, under: 1.0}
            programme.row(parts, self.rules[c].least, self.rules[c].most)
        programme.row(
            dict.fromkeys(guard.members, 1.0),
            guard.goal if guard.up else 0,
            _NO_LIMIT if guard.up else guard.goal,
        )
        self._push(programme, guard.up)
        return programme.solve(len(self.known.truth))

    def _push(self, programme: Programme, up: bool) -> None:
        """Let the world come as near as it can to what else is wanted in this direction: fewer searches."""
        for at in sorted(self.open):
            guard = self.guards[at]
            if guard.up != up:
                continue
            if up:
                towards = programme.column(-_PUSH, 0, guard.goal)
                programme.row(dict.fromkeys(guard.members, 1.0) | {towards: -1.0}, 0, _NO_LIMIT)
            else:
                for i in guard.members:
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
