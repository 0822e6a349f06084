"""What a reader who remembers everything can still think possible.

The unknowns are *atoms*: how many requests of one month have one option. A *world* gives each atom a whole number. The
real one is among those worlds that keep all *rules*: the months' totals, which are known, and every number that was
ever published. Nothing is told from a world that keeps them all. Integers only: a world that is found by floating-point
search is checked here, so a mistake there hides too much and never too little.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from intake.breakdowns import total
from intake.tables import Column, Fact, Period, Release, Table

REST = ""
"""The option of those requests that have none of the options known."""
World = Sequence[int]
"""A number for each atom."""


@dataclass(frozen=True, slots=True)
class Rule:
    """A sum of atoms that is known to lie between two numbers, or to be one."""

    members: tuple[int, ...]
    least: int
    most: int

    def kept(self, world: World) -> bool:
        return self.least <= sum(world[i] for i in self.members) <= self.most


@dataclass(frozen=True, slots=True)
class Guard:
    """Some world must have a sum of at least `goal` (`up`), or of at most `goal`."""

    members: tuple[int, ...]
    goal: int
    up: bool

    def met(self, world: World) -> bool:
        found = sum(world[i] for i in self.members)
        return found >= self.goal if self.up else found <= self.goal


@dataclass(frozen=True, slots=True)
class Known:
    """The atoms of one question, and what is known of them without the table at hand."""

    atoms: tuple[tuple[str, str], ...]
    """(month, option)"""
    truth: World
    upper: tuple[int, ...]
    """The month's total: no option can have more."""
    rules: tuple[Rule, ...]
    index: Mapping[tuple[str, str], int]

    def members(self, period: Period, column: Column) -> tuple[int, ...]:
        found = (self.index.get((month, option)) for month in period for option in column)
        return tuple(i for i in found if i is not None)

    def keeps(self, world: World) -> bool:
        """Nothing that is known speaks against this world."""
        within = all(0 <= n <= most for n, most in zip(world, self.upper, strict=True))
        return within and all(rule.kept(world) for rule in self.rules)


def known(table: Table, before: Iterable[Release]) -> Known:
    """What there is to know of the question that a table asks for, as far as it can touch the table's months."""
    facts, months = _touching(table, before)
    question, counts = table.question, table.counts
    options = {o for column in (*table.columns, *(f.column for f in facts)) for o in column}
    options |= {option for _, asked, option in counts if asked == question and option != REST}
    counted = {m: sum(counts.get((m, question, o), 0) for o in options) for m in months}
    rest = {m: total(counts, question, m) - counted[m] for m in months}
    if table.exclusive and any(rest.values()):
        options |= {REST}
    atoms = tuple((m, o) for m in months for o in sorted(options))
    index = {atom: i for i, atom in enumerate(atoms)}
    truth = tuple(rest[m] if o == REST else counts.get((m, question, o), 0) for m, o in atoms)
    upper = tuple(total(counts, question, m) for m, _ in atoms)
    empty = Known(atoms, truth, upper, (), index)
    rules = [Rule(empty.members(f.period, f.column), f.least, f.most) for f in facts]
    if table.exclusive:
        everything = tuple(sorted(options))
        for month in months:
            n = total(counts, question, month)
            rules.append(Rule(empty.members((month,), everything), n, n))
    return Known(atoms, truth, upper, tuple(dict.fromkeys(rules)), index)


def guards(world: Known, cells: Iterable[tuple[Period, Column]], below: int) -> tuple[Guard, ...]:
    """What must stay possible so that no small number is known: see docs/decisions/0014.

    `cells`: those that are, or were, hidden in a table.

    - Each small atom may be as large as the threshold. Then so may every sum of atoms that is small, whatever months
      and options it adds up: all its atoms are small, and the sum is no smaller than any of them.
    - Each small sum of consecutive months of one option may be nothing at all, and so may each small cell of a table.
      The longest of them are enough: where a sum is nothing, so is every part of it.
    """
    small = [i for i, n in enumerate(world.truth) if n < below]
    up = [Guard((i,), min(below, world.upper[i]), True) for i in small]
    runs = list(_longest_runs(world, below))
    merged = (world.members(period, column) for period, column in cells if len(column) > 1)
    runs += [each for each in merged if sum(world.truth[i] for i in each) < below]
    down = [Guard(run, 0, False) for run in dict.fromkeys(runs)]
    return tuple(guard for guard in (*up, *down) if not guard.met(world.truth))


def _touching(table: Table, before: Iterable[Release]) -> tuple[list[Fact], list[str]]:
    """What was published of the table's months, of months that were counted together with these, and so on.

    Nothing ties the others to them: a range there is what it was.
    """
    about = [release for release in before if release.question == table.question]
    left = {fact for release in about for fact in release.facts}
    tied = {period for release in about for period, column in release.hidden if len(column) > 1}
    months = {month for period in table.periods for month in period}
    found: set[Fact] = set()
    while True:
        near = {fact for fact in left if not months.isdisjoint(fact.period)}
        reached = months.union(
            *(fact.period for fact in near), *(p for p in tied if not months.isdisjoint(p))
        )
        if not near and reached == months:
            return sorted(found), sorted(months)
        found, left, months = found | near, left - near, reached


def _longest_runs(world: Known, below: int) -> Iterator[tuple[int, ...]]:
    """The longest runs of consecutive months of one option that add up to less than the threshold."""
    for option in sorted({option for _, option in world.atoms}):
        months = [month for month, each in world.atoms if each == option]
        spelled = {number_of(month): world.index[month, option] for month in months}
        last = -1
        for start in sorted(spelled):
            run, sum_ = [], 0
            at = start
            while at in spelled and sum_ + world.truth[spelled[at]] < below:
                run.append(spelled[at])
                sum_ += world.truth[spelled[at]]
                at += 1
            if run and at > last:
                last = at
                yield tuple(run)


def number_of(month: str) -> int:
    """Months since year 0, of YYYY-MM."""
    return int(month[:4]) * 12 + int(month[5:]) - 1
