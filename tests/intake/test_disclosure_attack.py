"""Nobody who has every table finds a small number; and whoever protects less is found out."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from itertools import chain, combinations, product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from intake import disclosure
from intake.disclosure import protect
from intake.disclosure_solver import Programme
from intake.tables import Cell, Period, Reason, Release, Rounding, Table
from tests.intake.attack import (
    Attacker,
    Printed,
    Protector,
    attack,
    without_complement,
    without_register,
    without_ties,
)
from tests.intake.attack_levels import levels
from tests.intake.attack_years import MONTHS, QUESTION, one_question, years
from tests.intake.attacked import Intake

PARTS = [(years, 0, 20), (years, 20, 20), (years, 40, 20), (levels, 0, 25), (levels, 25, 25)]
"""Of the 10,000 of `python -m tests.intake.attack --sets 10000`, and of those with `--of levels`; for several
processes."""


@pytest.mark.parametrize(("make", "first", "sets"), PARTS)
def test_no_small_number_is_found_in_years_of_tables(
    make: Callable[[int], Intake], first: int, sets: int
) -> None:
    told = sum((attack(seed, make=make) for seed in range(first, first + sets)), Counter[str]())
    assert told["small numbers attacked"] > 1_000
    assert told["shown numbers"] > 150
    assert told["small numbers found"] == 0


@pytest.mark.parametrize("weaker", [without_complement, without_register])
def test_a_weaker_protection_is_found_out(weaker: Protector) -> None:
    told = sum((attack(seed, weaker) for seed in range(12)), Counter[str]())
    assert told["sets with something found"] > 2


def test_who_checks_each_question_by_itself_is_found_out() -> None:
    """A second question is asked only after a certain answer to the first, or the answers decide the level: each table
    says something of the other."""
    for seeds, make in (((12, 46), years), ((13, 15), levels)):
        assert all(make(seed).tied for seed in seeds)
        told = sum((attack(seed, without_ties, make) for seed in seeds), Counter[str]())
        assert told["sets with something found"] == 2
        assert not sum((attack(seed, make=make) for seed in seeds), Counter[str]())["small numbers found"]


# Against counting every world that there is


def worlds(totals: Sequence[int], options: int, exclusive: bool) -> Iterator[tuple[int, ...]]:
    """Every way in which months with these totals can fall into options, month by month."""
    months = [
        [w for w in product(range(n + 1), repeat=options) if not exclusive or sum(w) == n] for n in totals
    ]
    return (tuple(chain.from_iterable(each)) for each in product(*months))


@st.composite
def small_years(draw: st.DrawFn) -> tuple[Table, list[Table], Rounding | None, tuple[str, ...]]:
    """Some tables over two or three months, so few people that all worlds can be counted."""
    months = MONTHS[: draw(st.integers(2, 3))]
    exclusive = draw(st.booleans())
    options = ("a", "b", "c") if exclusive and len(months) == 2 else ("a", "b")
    counts: dict[Cell, int] = {}
    for month in months:
        total = draw(st.integers(0, 8 if exclusive else 5))
        left = total
        for option in options:
            n = draw(st.integers(0, left if exclusive else total))
            counts[month, QUESTION, option] = left if exclusive and option == options[-1] else n
            left -= n
        counts[month, "", ""] = total
    runs = [months[i:j] for i in range(len(months)) for j in range(i + 1, len(months) + 1)]
    kept = [(option,) for option in options]
    columns = [kept, kept[:1], [("a", "b"), *kept[2:]]] if exclusive else [kept, kept[:1]]
    asked = [
        Table(tuple(periods), counts, QUESTION, tuple(draw(st.sampled_from(columns))), exclusive)
        for periods in draw(
            st.lists(
                st.lists(st.sampled_from(runs), min_size=1, max_size=3, unique=True), min_size=1, max_size=4
            )
        )
    ]
    rounding = draw(st.sampled_from([None, None, Rounding(2, b"k" * 32)]))
    return asked[0], asked, rounding, options


@settings(max_examples=60, deadline=None)
@given(small_years())
def test_where_all_worlds_can_be_counted_every_small_number_may_be_nothing_and_as_large_as_the_threshold(
    drawn: tuple[Table, list[Table], Rounding | None, tuple[str, ...]],
) -> None:
    one, asked, rounding, options = drawn
    below = 3
    months = tuple(sorted({month for month, _, _ in one.counts}))
    atoms = [(month, option) for month in months for option in options]
    totals = [one.counts[month, "", ""] for month in months]
    released: list[Release] = []
    paper: list[Printed] = []
    for table in asked:
        found = protect(table, released, below, rounding)
        if found.refusal is None:
            released.append(found.release)
            places = tuple((period, column) for period in table.periods for column in table.columns)
            numbers = tuple(n for row in found.cells for n in row)
            paper.append(Printed(QUESTION, places, numbers, rounding.base if rounding else 1))
    possible = [
        world
        for world in worlds(totals, len(options), one.exclusive)
        if all(_printed(world, atoms, sheet) for sheet in paper)
    ]
    truth = tuple(one.counts[month, QUESTION, option] for month, option in atoms)
    assert truth in possible
    small = [i for i, n in enumerate(truth) if n < below]
    for i in small:
        assert min(world[i] for world in possible) == 0
        assert max(world[i] for world in possible) >= min(below, totals[i // len(options)])
    for size in range(2, len(small) + 1):
        for some in combinations(small, size):
            if sum(truth[i] for i in some) < below:
                reach = max(min(below, totals[i // len(options)]) for i in some)
                assert max(sum(world[i] for i in some) for world in possible) >= reach
    attacker = Attacker(one_question(months, QUESTION, dict(one.counts), options, one.exclusive, ()), paper)
    for i, (month, option) in enumerate(atoms):  # and the attacker of the large sets knows how to search
        found_range = [attacker.extreme([(month, QUESTION, option)], sign) for sign in (1, -1)]
        assert found_range == [min(w[i] for w in possible), max(w[i] for w in possible)]


def _printed(world: Sequence[int], atoms: Sequence[tuple[str, str]], sheet: Printed) -> bool:
    return all(
        number is None
        or abs(
            sum(
                n
                for n, (month, option) in zip(world, atoms, strict=True)
                if month in period and option in column
            )
            - number
        )
        < sheet.base
        for (period, column), number in zip(sheet.places, sheet.numbers, strict=True)
    )


# The solver


def test_halves_of_people_are_no_answer() -> None:
    """Three pairs that share one person each: half a person in each would do for arithmetic."""
    programme = Programme()
    for _ in range(3):
        programme.column(-1.0, 0, 1)
    for pair in combinations(range(3), 2):
        programme.row(dict.fromkeys(pair, 1.0), 0, 1)
    assert sum(programme.solve(3) or []) == 1
    programme.rows = [(parts, 1, 1) for parts, _, _ in programme.rows]
    assert programme.solve(3) is None


SUMMER: Period = ("2023-06", "2023-07", "2023-08")
NARROW = Table(
    tuple((month,) for month in SUMMER),
    {
        (month, QUESTION, option): n
        for month in SUMMER
        for option, n in (("a", 40), ("b", 30), ("c", 7), ("d", 20))
    }
    | {(month, "", ""): 97 for month in SUMMER},
    QUESTION,
    (("a",), ("b",), ("c",), ("d",)),
)


def test_what_was_shown_under_a_lower_threshold_stays_shown_and_the_rest_is_protected() -> None:
    first = protect(Table((SUMMER[:1],), NARROW.counts, QUESTION, NARROW.columns), (), 5)
    assert first.cells == ((40, 30, 7, 20),)
    assert protect(NARROW, (first.release,), 10).cells == ((40, 30, None, 20), *((40, 30, None, None),) * 2)


def test_without_a_proof_nothing_is_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    import highspy

    monkeypatch.setattr(highspy.Highs, "run", lambda _: None)  # as if it had found nothing
    found = protect(NARROW, (), 10)
    assert found.refusal is not None
    assert found.refusal.reason is Reason.UNPROVEN
    assert found.refusal.coarser is not None
    assert found.refusal.coarser.question == ""


def test_the_solver_is_loaded_late_and_says_nothing() -> None:
    """Standard output is for results; and whoever starts the service pays for no numpy."""
    code = (
        "import sys, intake.disclosure, storage.releases; assert 'highspy' not in sys.modules;"
        "from tests.intake.test_disclosure_attack import NARROW;"
        "assert intake.disclosure.protect(NARROW, (), 10).release.facts"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.returncode, done.stdout) == (0, ""), done.stderr


def test_the_same_question_gets_the_same_answer() -> None:
    assert protect(NARROW, (), 10) == protect(NARROW, (), 10)
    assert (
        disclosure.protect(NARROW, (protect(NARROW, (), 10).release,), 10).cells
        == protect(NARROW, (), 10).cells
    )
