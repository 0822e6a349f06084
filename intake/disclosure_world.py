"""What a reader who remembers everything can still think possible.

The unknowns are *atoms*, how many requests of one month have one option of a question, and how many take each step of
the ways through the questions that hang together. A *world* gives each a whole number. The real one is among those that
keep all *rules*: the months' totals, which are known, every number that was ever published, and where the ways lead.
Nothing is told from a world that keeps them all.
Integers only: a world that is found by floating-point search is checked here, so a mistake there hides too much and
never too little.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from intake.breakdowns import total
from intake.disclosure_rules import Rule, World
from intake.disclosure_ways import GaveUp, slips, taking, way_rules
from intake.tables import Cell, Column, Fact, Kin, Part, Period, Release, Table, Ways

REST = ""
"""The option of those requests that have none of the options known."""
Atom = tuple[str, str, str]
"""(month, question, option)"""


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
    """The atoms of a question and its kin, and what is known of them without the table at hand."""

    questions: tuple[str, ...]
    """The table's first."""
    atoms: tuple[Atom, ...]
    truth: World
    """A number for each atom, and then for each step of the ways through the questions, if they have any."""
    upper: tuple[int, ...]
    """The month's total: no option can have more."""
    rules: tuple[Rule, ...]
    index: Mapping[Atom, int]
    months: tuple[str, ...]
    """Of each unknown."""
    sound: bool = True
    """False: it could not be found out what there is to know."""

    def members(self, period: Period, column: Column, question: str | None = None) -> tuple[int, ...]:
        """`question`: the table's, unless another is named."""
        of = self.questions[0] if question is None else question
        found = (self.index.get((month, of, option)) for month in period for option in column)
        return tuple(i for i in found if i is not None)

    def keeps(self, world: World) -> bool:
        """Nothing that is known speaks against this world."""
        within = all(0 <= n <= most for n, most in zip(world, self.upper, strict=True))
        return self.sound and within and all(rule.kept(world) for rule in self.rules)


def known(table: Table, before: Sequence[Release]) -> Known:
    """What there is to know of the question that a table asks for and of its kin, as far as it can touch its months.

    All its kin always: what is shown of one question may say of another that its numbers are small, also where nothing
    was shown of that one.
    """
    own = Kin(table.question, tuple(o for column in table.columns for o in column), table.exclusive)
    family = (own, *table.kin)
    questions = tuple(each.question for each in family)
    facts, months = _touching(table, before, questions)
    counts = table.counts
    atoms, truth = list[Atom](), list[int]()
    for each in family:
        options = set(each.options) | {o for q, fact in facts if q == each.question for o in fact.column}
        options |= {option for _, asked, option in counts if asked == each.question and option != REST}
        counted = {m: sum(counts.get((m, each.question, o), 0) for o in options) for m in months}
        rest = {m: max(0, total(counts, each.question, m) - counted[m]) for m in months}
        if each.exclusive and any(rest.values()):
            options |= {REST}
        for m in months:
            atoms += [(m, each.question, o) for o in sorted(options)]
            truth += [rest[m] if o == REST else counts.get((m, each.question, o), 0) for o in sorted(options)]
    index = {atom: i for i, atom in enumerate(atoms)}
    upper = tuple(max(total(counts, q, m), n) for (m, q, _), n in zip(atoms, truth, strict=True))
    of = tuple(month for month, _, _ in atoms)
    empty = Known(questions, tuple(atoms), tuple(truth), upper, (), index, of)
    rules = [Rule(empty.members(f.period, f.column, q), f.least, f.most) for q, f in facts]
    for each in family:
        if each.exclusive:
            everything = tuple(sorted({o for _, question, o in atoms if question == each.question}))
            for month in months:
                members = empty.members((month,), everything, each.question)
                # All requests, or more: of late answers a month may have none.
                n = sum(truth[i] for i in members)
                rules.append(Rule(members, n, n))
    found = replace(empty, rules=tuple(dict.fromkeys(rules)))
    return found if table.ways is None else _with_ways(found, table.ways, counts)


def _with_ways(found: Known, ways: Ways, counts: Mapping[Cell, int]) -> Known:
    """And how many took each step. Not in a month whose numbers can't be those of the questionnaire's answers, however
    many requests have another level than they give: the questionnaire was another one."""
    truth, upper, rules, months = list(found.truth), list(found.upper), list(found.rules), list(found.months)
    places: dict[str, dict[Part, int]] = {month: {} for month in found.months}
    for (month, question, option), i in found.index.items():
        places[month][question, option] = i
    for month, at in places.items():
        all_, first = total(counts, "", month), len(truth)
        more = way_rules(ways, first, all_, at)
        try:
            taken = taking(ways, first, all_, more, truth)
        except GaveUp:
            return replace(found, sound=False)
        if taken is not None:
            truth += taken
            upper += [all_] * len(taken)
            months += [month] * len(taken)
            slipping = slips(ways, first)
            rules += [*more, Rule(slipping, 0, sum(truth[i] for i in slipping))]
    return replace(found, truth=tuple(truth), upper=tuple(upper), rules=tuple(rules), months=tuple(months))


def guards(world: Known, cells: Iterable[tuple[str, Period, Column]], below: int) -> tuple[Guard, ...]:
    """What must stay possible so that no small number is known: see docs/decisions/0014.

    `cells`: those that are, or were, hidden in a table, and its question.

    - Each small atom may be as large as the threshold. Then so may every sum of atoms that is small, whatever months
      and options it adds up: all its atoms are small, and the sum is no smaller than any of them.
    - Each small sum of consecutive months of one option may be nothing at all, and so may each small cell of a table.
      The longest of them are enough: where a sum is nothing, so is every part of it.
    """
    small = [i for i in range(len(world.atoms)) if world.truth[i] < below]
    up = [Guard((i,), min(below, world.upper[i]), True) for i in small]
    runs = list(_longest_runs(world, below))
    merged = (
        world.members(period, column, question) for question, period, column in cells if len(column) > 1
    )
    runs += [each for each in merged if sum(world.truth[i] for i in each) < below]
    down = [Guard(run, 0, False) for run in dict.fromkeys(runs)]
    return tuple(guard for guard in (*up, *down) if not guard.met(world.truth))


def _touching(
    table: Table, before: Iterable[Release], questions: Sequence[str]
) -> tuple[list[tuple[str, Fact]], list[str]]:
    """What was published of the table's months, of months that were counted together with these, and so on; each with
    its question. Nothing ties the others to them: a range there is what it was.
    """
    about = [release for release in before if release.question in questions]
    left = {(release.question, fact) for release in about for fact in release.facts}
    tied = {period for release in about for period, column in release.hidden if len(column) > 1}
    months = {month for period in table.periods for month in period}
    found: set[tuple[str, Fact]] = set()
    while True:
        near = {each for each in left if not months.isdisjoint(each[1].period)}
        reached = months.union(
            *(fact.period for _, fact in near), *(p for p in tied if not months.isdisjoint(p))
        )
        if not near and reached == months:
            return sorted(found), sorted(months)
        found, left, months = found | near, left - near, reached


def _longest_runs(world: Known, below: int) -> Iterator[tuple[int, ...]]:
    """The longest runs of consecutive months of one option that add up to less than the threshold."""
    for of in sorted({(question, option) for _, question, option in world.atoms}):
        months = [month for month, *each in world.atoms if tuple(each) == of]
        spelled = {number_of(month): world.index[month, *of] for month in months}
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
