"""Somebody who has every table of some years, and tries to work out what they hide.

    python -m tests.intake.attack --sets 10000

Nothing of the protector is used here but `protect` itself: the attacker has the months' totals and the printed tables,
makes equations of them and asks for the least and the greatest value of each small number, in whole numbers. Two kinds
of intake are attacked: years of one question, or of two of which one is asked only after an answer to the other
(`attack_years`); and questionnaires whose answers decide the level (`attack_levels`), where the unknowns are all the
ways in which people can answer, so that whatever follows at all is found.
"""

from __future__ import annotations

import argparse
import os
import random
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from functools import partial

import highspy

from intake.disclosure import protect
from intake.tables import Column, Period, Protected, Release, Rounding, Table
from tests.intake.attack_levels import levels
from tests.intake.attack_years import years
from tests.intake.attacked import Atom, Equation, Intake

BELOW = 10
MAKERS = {"years": years, "levels": levels}
Protector = Callable[[Table, Sequence[Release], int, Rounding | None], Protected]


@dataclass(frozen=True)
class Printed:
    """What stands on paper: a number or nothing for each place, exact or rounded to a base."""

    question: str
    places: tuple[tuple[Period, Column], ...]
    numbers: tuple[int | None, ...]
    base: int

    def atoms(self, period: Period, column: Column) -> tuple[Atom, ...]:
        return tuple((month, self.question, option) for month in period for option in column)


def publish(those: Intake, protector: Protector = protect) -> tuple[list[Printed], Counter[str]]:
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
        out.append(Printed(table.question, places, numbers, rounding.base if rounding else 1))
        released.append(found.release)
        told["shown tables"] += 1
        told["shown numbers"] += sum(number is not None for number in numbers)
        told["hidden numbers"] += sum(number is None for number in numbers)
    return out, told


# The attacker


class Attacker:
    """Knows what everybody knows, and what was printed."""

    def __init__(self, those: Intake, paper: Sequence[Printed]) -> None:
        self.at, self.most = those.unknowns.at, those.unknowns.most
        equations = list(those.unknowns.equations)
        for printed in paper:
            for place, number in zip(printed.places, printed.numbers, strict=True):
                if number is not None:
                    members = self._members(printed.atoms(*place))
                    equations.append(Equation(members, number - printed.base + 1, number + printed.base - 1))
        self.equations = equations
        self.worlds: list[list[int]] = []
        """Every possible one that was met on the way."""
        lp = highspy.HighsLp()
        lp.num_col_, lp.num_row_ = len(self.most), len(equations)
        lp.col_cost_, lp.col_lower_, lp.col_upper_ = [0.0] * len(self.most), [0] * len(self.most), self.most
        lp.row_lower_, lp.row_upper_ = [each.least for each in equations], [each.most for each in equations]
        lp.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
        sizes = [len(each.members) + len(each.less) for each in equations]
        lp.a_matrix_.start_ = [sum(sizes[:n]) for n in range(len(equations) + 1)]
        lp.a_matrix_.index_ = [i for each in equations for i in (*each.members, *each.less)]
        lp.a_matrix_.value_ = [
            v for each in equations for v in [1.0] * len(each.members) + [-1.0] * len(each.less)
        ]
        self.highs = highspy.Highs()
        self.highs.setOptionValue("output_flag", False)
        self.highs.setOptionValue("threads", 1)
        self.highs.passModel(lp)

    def seen(self, atoms: Iterable[Atom]) -> list[int]:
        """What the sum of these is in the worlds met so far."""
        members = self._members(atoms)
        return [sum(world[i] for i in members) for world in self.worlds]

    def extreme(self, atoms: Iterable[Atom], sign: int) -> int:
        """The least (sign 1) or greatest (-1) that the sum of these can be."""
        members = Counter(self._members(atoms))
        for i, times in members.items():
            self.highs.changeColCost(i, float(sign * times))
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
        return sum(times * world[i] for i, times in members.items())

    def possible(self, world: Sequence[int]) -> bool:
        within = all(0 <= n <= most for n, most in zip(world, self.most, strict=True))
        return within and all(
            each.least <= sum(world[i] for i in each.members) - sum(world[i] for i in each.less) <= each.most
            for each in self.equations
        )

    def _members(self, atoms: Iterable[Atom]) -> tuple[int, ...]:
        return tuple(i for atom in atoms for i in self.at[atom])

    def _best(self) -> list[float]:
        self.highs.run()
        assert self.highs.getModelStatus() == highspy.HighsModelStatus.kOptimal
        return list(self.highs.getSolution().col_value)

    def _whole(self, kind: highspy.HighsVarType) -> None:
        for i in range(len(self.most)):
            self.highs.changeColIntegrality(i, kind)


def targets(those: Intake, paper: Sequence[Printed], seed: int) -> Iterator[tuple[tuple[Atom, ...], bool]]:
    """Small numbers worth knowing, as sums of atoms, and whether it is promised that they may be nothing."""
    atoms = [(month, *part) for month in those.months for part in those.parts]
    small = [atom for atom in atoms if those.counts[atom] < BELOW]
    yield from (((atom,), True) for atom in small)
    for part in those.parts:
        for length in (2, 3, 4, 6):
            for first in range(len(those.months) - length + 1):
                run = tuple((month, *part) for month in those.months[first : first + length])
                if _true(those, run) < BELOW:
                    yield run, True
    for cell in {printed.atoms(*place) for printed in paper for place in printed.places}:
        if _true(those, cell) < BELOW:
            yield cell, len({option for _, _, option in cell}) == 1
    chance = random.Random(seed)
    for _ in range(20 if small else 0):
        some = tuple(sorted(chance.sample(small, min(len(small), chance.randint(2, 4)))))
        if _true(those, some) < BELOW:
            yield some, False


def _true(those: Intake, atoms: Iterable[Atom]) -> int:
    return sum(those.counts[atom] for atom in atoms)


def attack(seed: int, protector: Protector = protect, make: Callable[[int], Intake] = years) -> Counter[str]:
    """One data set: what was shown, and how many small numbers were found to within less than is promised."""
    those = make(seed)
    paper, told = publish(those, protector)
    attacker = Attacker(those, paper)
    assert attacker.possible(those.unknowns.truth), "what is printed is not true"
    for atoms, may_be_nothing in targets(those, paper, seed):
        told["small numbers attacked"] += 1
        goal = max(min(BELOW, those.total(atom)) for atom in atoms)
        seen = attacker.seen(atoms)
        high, low = max(seen, default=0), min(seen, default=BELOW)
        if high < goal:
            high = attacker.extreme(atoms, -1)
        if may_be_nothing and low > 0:
            low = attacker.extreme(atoms, 1)
        if high < goal or (may_be_nothing and low > 0):
            told["small numbers found"] += 1
    told["sets"] += 1
    told["sets with tied questions"] += those.tied
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
    return protect(replace(table, kin=(), ways=None), before, below, rounding)


PROTECTORS = {each.__name__: each for each in (protect, without_complement, without_register, without_ties)}


def main() -> int:
    arguments = argparse.ArgumentParser(prog="python -m tests.intake.attack", description=__doc__)
    arguments.add_argument("--sets", type=int, default=100)
    arguments.add_argument("--from", type=int, default=0, dest="first", metavar="SEED")
    arguments.add_argument("--protector", choices=PROTECTORS, default=protect.__name__)
    arguments.add_argument("--of", choices=MAKERS, default="years")
    arguments.add_argument("--jobs", type=int, default=os.cpu_count())
    given = arguments.parse_args()
    os.nice(10)
    began, told = time.monotonic(), Counter[str]()
    with ProcessPoolExecutor(given.jobs) as pool:
        one = partial(attack, protector=PROTECTORS[given.protector], make=MAKERS[given.of])
        for each in pool.map(one, range(given.first, given.first + given.sets), chunksize=10):
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
