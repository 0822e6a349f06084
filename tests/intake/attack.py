"""Somebody who has every table of two years, and tries to work out what they hide.

    python -m tests.intake.attack --sets 10000

Nothing of the protector is used here but `protect` itself: the attacker has the months' totals and the printed tables,
makes equations of them and asks for the least and the greatest value of each small number, in whole numbers. Random
years of a group's intake, and an admin who asks for all sorts of tables, make the tables. In some of the years a second
question is asked only of those who gave a certain answer to the first; the attacker knows that too.
"""

from __future__ import annotations

import argparse
import os
import random
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace

import highspy

from intake.breakdowns import OUTCOME_ID, UNSAID, Breakdown, cells
from intake.counts import OUTCOME, REQUESTS
from intake.disclosure import protect
from intake.tables import Cell, Column, Kin, Period, Protected, Release, Rounding, Table, Tie

BELOW = 10
QUESTION = "kind"
MORE, ASKED_OF, FURTHER = "more", "a", ("p", "q", "r", UNSAID)
"""A second question, the answer to the first after which it is asked, and its options."""
KINDRED = 0.35
"""How many of the years have it."""
ENDINGS = 0.3
"""How many of the years are of how requests ended."""
MONTHS = tuple(f"{year}-{month:02d}" for year in (2022, 2023) for month in range(1, 13))
Protector = Callable[[Table, Sequence[Release], int, Rounding | None], Protected]


@dataclass(frozen=True)
class Printed:
    """What stands on paper: a number or nothing for each place, exact or rounded to a base."""

    places: tuple[tuple[Period, Column], ...]
    numbers: tuple[int | None, ...]
    base: int


@dataclass(frozen=True)
class Years:
    """Two years of one question or two, and what the admin asked for."""

    question: str
    counts: dict[Cell, int]
    options: tuple[str, ...]
    exclusive: bool
    wishes: tuple[tuple[Table, Rounding | None], ...]
    further: tuple[str, ...] = ()
    """The second question's options; no option has the name of one of the first's."""

    @property
    def every(self) -> tuple[str, ...]:
        return self.options + self.further

    def count(self, month: str, option: str) -> int:
        return self.counts[month, MORE if option in self.further else self.question, option]

    def total(self, month: str) -> int:
        """Public: of what is counted under the question, which for endings is not what was sent."""
        own = OUTCOME_ID if self.question == OUTCOME_ID else ""
        return self.counts.get((month, own, ""), 0)


# What happened, and what was asked for


def years(seed: int) -> Years:
    chance = random.Random(seed)
    options = tuple("abcde"[: chance.randint(2, 5)])
    exclusive = chance.random() < 0.7
    size = chance.choice([15, 40, 120])
    shares = {option: chance.expovariate(1) ** 2 + 0.01 for option in options}
    counts: dict[Cell, int] = {}
    for month in MONTHS:
        shares = {o: share * chance.choice([0.6, 0.9, 1, 1, 1.1, 1.6]) for o, share in shares.items()}
        arrived = max(0, round(chance.gauss(size, size / 3)))
        whole = sum(shares.values())
        weights = [shares[o] / whole for o in options]
        if exclusive:
            drawn = Counter(chance.choices(options, weights, k=arrived))
        else:
            drawn = Counter(
                {
                    o: sum(chance.random() < w for _ in range(arrived))
                    for o, w in zip(options, weights, strict=True)
                }
            )
        counts |= {(month, QUESTION, option): drawn[option] for option in options}
        counts[month, "", ""] = arrived
    question = QUESTION
    if exclusive and random.Random(f"endings {seed}").random() < ENDINGS:
        question, counts = OUTCOME_ID, _endings(random.Random(seed), counts, options)
    wishes = tuple(_wish(chance, question, counts, options, exclusive) for _ in range(chance.randint(4, 12)))
    kindred = random.Random(f"kin {seed}")
    if question == QUESTION and exclusive and kindred.random() < KINDRED:
        return _with_kin(kindred, counts, options, wishes)
    return Years(question, counts, options, exclusive, wishes)


def _with_kin(
    chance: random.Random,
    first: dict[Cell, int],
    options: tuple[str, ...],
    wishes: tuple[tuple[Table, Rounding | None], ...],
) -> Years:
    """The same, and what those said who were asked once more."""
    counts, silent, weights = (
        dict(first),
        chance.choice([0.0, 0.1, 0.5]),
        [chance.random() ** 2 for _ in "pqr"],
    )
    for month in MONTHS:
        said = [o for _ in range(first[month, QUESTION, ASKED_OF]) if chance.random() >= silent
                for o in chance.choices(FURTHER[:3], weights)]  # fmt: skip
        counts |= {(month, MORE, option): said.count(option) for option in FURTHER[:3]}
        counts[month, MORE, UNSAID] = counts[month, "", ""] - len(said)
    tie = Tie(MORE, FURTHER[:3], QUESTION, (ASKED_OF,))
    own, other = Kin(QUESTION, options, exclusive=True), Kin(MORE, FURTHER, exclusive=True)
    mixed = [
        (replace(table, counts=counts, kin=(other,), ties=(tie,)), rounding) for table, rounding in wishes
    ]
    for _ in range(chance.randint(2, 8)):
        table, rounding = _wish(chance, MORE, counts, FURTHER, exclusive=True)
        mixed.append((replace(table, kin=(own,), ties=(tie,)), rounding))
    chance.shuffle(mixed)
    return Years(QUESTION, counts, options, True, tuple(mixed), FURTHER)


def _endings(chance: random.Random, counts: dict[Cell, int], options: tuple[str, ...]) -> dict[Cell, int]:
    """The same as endings of requests, of which far more came; and months in which nothing ended."""
    sent: dict[tuple[str, str], int] = {}
    for month in MONTHS:
        sent[month, REQUESTS] = 3 * counts[month, "", ""] + 200
        if chance.random() < 0.7:
            sent |= {(month, OUTCOME + o): counts[month, QUESTION, o] for o in options}
    made = cells(sent, Breakdown(OUTCOME_ID, options))
    return {(month, OUTCOME_ID, o): 0 for month in MONTHS for o in options} | made


def _wish(
    chance: random.Random,
    question: str,
    counts: dict[Cell, int],
    options: tuple[str, ...],
    exclusive: bool,
) -> tuple[Table, Rounding | None]:
    first = chance.randrange(len(MONTHS))
    months = MONTHS[first : first + chance.choice([1, 2, 3, 3, 4, 6, 12])]
    by_month = tuple((month,) for month in months)
    periods: tuple[Period, ...] = chance.choice(
        [by_month, (months,), (*by_month, months), (by_month[-1], months)]
    )
    columns: list[Column] = [(option,) for option in options]
    if exclusive and len(columns) > 2 and chance.random() < 0.3:
        merged = chance.sample(options, 2)
        columns = [c for c in columns if c[0] not in merged] + [tuple(sorted(merged))]
    if chance.random() < 0.3:
        columns = sorted(chance.sample(columns, chance.randint(1, len(columns))))
    rounding = Rounding(5, b"k" * 32) if chance.random() < 0.1 else None
    table = Table(tuple(dict.fromkeys(periods)), counts, question, tuple(columns), exclusive)
    return table, rounding


def publish(those: Years, protector: Protector = protect) -> tuple[list[Printed], Counter[str]]:
    """Everything that gets out, one table after another: where one is refused, the coarser one is taken."""
    released: list[Release] = []
    out: list[Printed] = []
    told = Counter[str]()
    for wish, rounding in those.wishes:
        found = protector(wish, tuple(released), BELOW, rounding)
        if found.refusal:
            told[f"refused: {found.refusal.reason}"] += 1
            if not (found.refusal.coarser and found.refusal.coarser.question):
                continue
            found = protector(found.refusal.coarser, tuple(released), BELOW, rounding)
        assert found.refusal is None, "what was offered is refused"
        table = found.table
        places = tuple((period, column) for period in table.periods for column in table.columns)
        numbers = tuple(number for row in found.cells for number in row)
        out.append(Printed(places, numbers, rounding.base if rounding else 1))
        released.append(found.release)
        told["shown tables"] += 1
        told["shown numbers"] += sum(number is not None for number in numbers)
        told["hidden numbers"] += sum(number is None for number in numbers)
    return out, told


# The attacker


class Attacker:
    """Knows the totals and what was printed."""

    def __init__(self, those: Years, totals: dict[str, int], paper: Sequence[Printed]) -> None:
        self.at = {atom: i for i, atom in enumerate((m, o) for m in MONTHS for o in those.every)}
        self.most = [totals[month] for month, _ in self.at]
        sets = [options for options in (those.options, those.further) if those.exclusive and options]
        equations: list[tuple[list[int], int, int, list[int]]] = [
            ([self.at[m, o] for o in options], totals[m], totals[m], []) for m in MONTHS for options in sets
        ]
        if those.further:  # no more have answered than were asked
            equations += [
                ([self.at[m, o] for o in FURTHER[:3]], -totals[m], 0, [self.at[m, ASKED_OF]]) for m in MONTHS
            ]
        for printed in paper:
            for (period, column), number in zip(printed.places, printed.numbers, strict=True):
                if number is not None:
                    members = [self.at[month, option] for month in period for option in column]
                    equations.append((members, number - printed.base + 1, number + printed.base - 1, []))
        self.equations = equations
        self.worlds: list[list[int]] = []
        """Every possible one that was met on the way."""
        lp = highspy.HighsLp()
        lp.num_col_, lp.num_row_ = len(self.most), len(equations)
        lp.col_cost_, lp.col_lower_, lp.col_upper_ = [0.0] * len(self.most), [0] * len(self.most), self.most
        lp.row_lower_, lp.row_upper_ = [each[1] for each in equations], [each[2] for each in equations]
        lp.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
        sizes = [len(m) + len(less) for m, _, _, less in equations]
        lp.a_matrix_.start_ = [sum(sizes[:n]) for n in range(len(equations) + 1)]
        lp.a_matrix_.index_ = [i for m, _, _, less in equations for i in (*m, *less)]
        lp.a_matrix_.value_ = [v for m, _, _, less in equations for v in [1.0] * len(m) + [-1.0] * len(less)]
        self.highs = highspy.Highs()
        self.highs.setOptionValue("output_flag", False)
        self.highs.setOptionValue("threads", 1)
        self.highs.passModel(lp)

    def extreme(self, members: Sequence[int], sign: int) -> int:
        """The least (sign 1) or greatest (-1) that the sum of these can be."""
        for i in members:
            self.highs.changeColCost(i, float(sign))
        found = self._best()
        world = [round(value) for value in found]
        if not self.possible(world):  # halves of people: whole ones, then
            self._whole(highspy.HighsVarType.kInteger)
            world = [round(value) for value in self._best()]
            self._whole(highspy.HighsVarType.kContinuous)
            assert self.possible(world)
        for i in members:
            self.highs.changeColCost(i, 0.0)
        self.worlds.append(world)
        return sum(world[i] for i in members)

    def possible(self, world: Sequence[int]) -> bool:
        within = all(0 <= n <= most for n, most in zip(world, self.most, strict=True))
        return within and all(
            low <= sum(world[i] for i in m) - sum(world[i] for i in less) <= high
            for m, low, high, less in self.equations
        )

    def _best(self) -> list[float]:
        self.highs.run()
        assert self.highs.getModelStatus() == highspy.HighsModelStatus.kOptimal
        return list(self.highs.getSolution().col_value)

    def _whole(self, kind: highspy.HighsVarType) -> None:
        for i in range(len(self.most)):
            self.highs.changeColIntegrality(i, kind)


def targets(
    those: Years, paper: Sequence[Printed], seed: int
) -> Iterator[tuple[tuple[tuple[str, str], ...], bool]]:
    """Small numbers worth knowing, as sums of atoms, and whether it is promised that they may be nothing."""
    small = [(m, o) for m in MONTHS for o in those.every if those.count(m, o) < BELOW]
    yield from (((atom,), True) for atom in small)
    for option in those.every:
        for length in (2, 3, 4, 6):
            for first in range(len(MONTHS) - length + 1):
                run = tuple((month, option) for month in MONTHS[first : first + length])
                if _true(those, run) < BELOW:
                    yield run, True
    for period, column in {place for printed in paper for place in printed.places}:
        cell = tuple((month, option) for month in period for option in column)
        if _true(those, cell) < BELOW:
            yield cell, len(column) == 1
    chance = random.Random(seed)
    for _ in range(20 if small else 0):
        some = tuple(sorted(chance.sample(small, min(len(small), chance.randint(2, 4)))))
        if _true(those, some) < BELOW:
            yield some, False


def _true(those: Years, atoms: Sequence[tuple[str, str]]) -> int:
    return sum(those.count(month, option) for month, option in atoms)


def attack(seed: int, protector: Protector = protect) -> Counter[str]:
    """One data set: what was shown, and how many small numbers were found to within less than is promised."""
    those = years(seed)
    paper, told = publish(those, protector)
    totals = {month: those.total(month) for month in MONTHS}
    attacker = Attacker(those, totals, paper)
    truth = [those.count(month, option) for month, option in attacker.at]
    assert attacker.possible(truth), "what is printed is not true"
    for atoms, may_be_nothing in targets(those, paper, seed):
        members = [attacker.at[atom] for atom in atoms]
        goal = max(min(BELOW, totals[month]) for month, _ in atoms)
        told["small numbers attacked"] += 1
        seen = [sum(world[i] for i in members) for world in attacker.worlds]
        high = max(seen, default=0)
        if high < goal:
            high = attacker.extreme(members, -1)
        low = min(seen, default=BELOW)
        if may_be_nothing and low > 0:
            low = attacker.extreme(members, 1)
        if high < goal or (may_be_nothing and low > 0):
            told["small numbers found"] += 1
    told["sets"] += 1
    told["sets with two questions"] += bool(those.further)
    told["sets with something found"] += bool(told["small numbers found"])
    return told


# Protectors that are too weak: the attacker must find something


def without_complement(table: Table, _: Sequence[Release], below: int, __: Rounding | None) -> Protected:
    """Hides what is small, and nothing else."""
    rows = [
        [sum(table.counts[m, table.question, o] for m in period for o in column) for column in table.columns]
        for period in table.periods
    ]
    cells = tuple(tuple(n if n >= below else None for n in row) for row in rows)
    return Protected(table, cells, Release(table.question, table.exclusive, (), ()))


def without_register(table: Table, _: Sequence[Release], below: int, rounding: Rounding | None) -> Protected:
    """Each table is safe by itself."""
    return protect(table, (), below, rounding)


def without_ties(table: Table, before: Sequence[Release], below: int, rounding: Rounding | None) -> Protected:
    """Each question is safe by itself."""
    return protect(replace(table, kin=(), ties=()), before, below, rounding)


def main() -> int:
    arguments = argparse.ArgumentParser(prog="python -m tests.intake.attack", description=__doc__)
    arguments.add_argument("--sets", type=int, default=100)
    arguments.add_argument("--from", type=int, default=0, dest="first", metavar="SEED")
    arguments.add_argument("--jobs", type=int, default=os.cpu_count())
    given = arguments.parse_args()
    os.nice(10)
    began, told = time.monotonic(), Counter[str]()
    with ProcessPoolExecutor(given.jobs) as pool:
        for each in pool.map(attack, range(given.first, given.first + given.sets), chunksize=10):
            told += each
            print(f"\r{told['sets']} of {given.sets}", end="", file=sys.stderr, flush=True)
    print(file=sys.stderr)
    for name, number in sorted(told.items()):
        print(f"{name:28}{number:>10}")
    print(f"{'small numbers found':28}{told['small numbers found']:>10}")
    print(f"{'seconds':28}{time.monotonic() - began:>10.0f}")
    return 1 if told["small numbers found"] else 0


if __name__ == "__main__":
    sys.exit(main())
