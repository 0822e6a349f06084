"""The register keeps what is needed and no more: proven against all that was shown, by other means."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fractions import Fraction

from hypothesis import given, settings
from hypothesis import strategies as st

from intake.disclosure import protect
from intake.register import lasting, new_in
from intake.tables import Cell, Fact, Period, Release, Table

MONTHS = tuple(f"2023-{number:02d}" for number in range(1, 9))


def span(first: int, last: int) -> Period:
    return MONTHS[first : last + 1]


spans = st.tuples(st.integers(0, 7), st.integers(0, 7)).map(lambda ends: span(min(ends), max(ends)))


def rank(rows: Iterable[Sequence[int]]) -> int:
    """Of a matrix, by elimination in fractions."""
    left, found = [[Fraction(n) for n in row] for row in rows], 0
    for column in range(max(map(len, left), default=0)):
        pivot = next((row for row in left[found:] if row[column]), None)
        if pivot is None:
            continue
        left.remove(pivot)
        left.insert(found, pivot)
        for row in left[found + 1 :]:
            factor = row[column] / pivot[column]
            row[:] = [mine - factor * theirs for mine, theirs in zip(row, pivot, strict=True)]
        found += 1
    return found


@settings(max_examples=20)
@given(st.lists(st.tuples(st.integers(0, 7), st.lists(spans, max_size=5)), min_size=1, max_size=4))
def test_a_running_month_costs_no_rows_and_hides_nothing_that_follows(
    looks: list[tuple[int, list[Period]]],
) -> None:
    """Looks at totals, each at a moment with its own numbers for months that were not over: whatever all of them
    together say of months that are over now, the facts that are kept say too."""
    looks.sort(key=lambda look: look[0])
    now = looks[-1][0]
    truth = {month: 100 + 7 * at * at for at, month in enumerate(MONTHS)}

    def seen(look: int, over: int) -> dict[str, int]:
        """What a reader sees at a look: a month's final number, or one of this moment."""
        return {m: truth[m] if at < over else truth[m] - 40 + look for at, m in enumerate(MONTHS)}

    unknowns = {("over", month): i for i, month in enumerate(MONTHS)}
    shown: list[list[tuple[str, str]]] = []
    kept: set[Fact] = set()
    for number, (over, periods) in enumerate(looks):
        numbers = seen(number, over)
        facts = [Fact(p, (), n, n) for p in periods for n in (sum(numbers[m] for m in p),)]
        kept |= set(lasting(facts, MONTHS[over - 1] if over else ""))
        for period in periods:
            atoms = [("over" if MONTHS.index(m) < over else f"look {number}", m) for m in period]
            for atom in atoms:
                unknowns.setdefault(atom, len(unknowns))
            shown.append(atoms)

    def row(atoms: Iterable[tuple[str, str]]) -> list[int]:
        there = set(atoms)
        return [int(atom in there) for atom in unknowns]

    everything = [row(atoms) for atoms in shown]
    remembered = [row(("over", m) for m in fact.period) for fact in sorted(kept)]
    assert all(fact.least == fact.most == sum(truth[m] for m in fact.period) for fact in kept)
    assert rank([*everything, *remembered]) == rank(everything)  # nothing but what was said
    for first in range(now):
        for last in range(first, now):
            asked = row(("over", m) for m in span(first, last))
            follows = rank([*everything, asked]) == rank(everything)
            assert follows == (rank([*remembered, asked]) == rank(remembered))


COUNTS: dict[Cell, int] = {
    (month, "kind", option): 12 + (at * 7 + number * 5) % 31 - 9 * (at % 3 == number)
    for at, month in enumerate(MONTHS[:4])
    for number, option in enumerate("abc")
}
COUNTS |= {(month, "", ""): sum(COUNTS[month, "kind", o] for o in "abc") for month in MONTHS[:4]}
early = st.tuples(st.integers(0, 3), st.integers(0, 3)).map(lambda ends: span(min(ends), max(ends)))
groups = st.sampled_from([(("a",), ("b",), ("c",)), (("a",), ("b", "c")), (("c",), ("a", "b"))])
tables = st.builds(
    lambda periods, columns: Table(tuple(periods), COUNTS, "kind", columns),
    st.lists(early, min_size=1, max_size=3, unique=True),
    groups,
)


@settings(max_examples=25)
@given(st.lists(tables, min_size=2, max_size=6))
def test_what_is_left_out_of_the_register_changes_no_answer(asked: list[Table]) -> None:
    whole: list[Release] = []
    register: list[Release] = []
    for table in asked:
        found = protect(table, whole, 10)
        assert protect(table, register, 10) == found
        if found.refusal is None:
            whole.append(found.release)
            if (new := new_in(found.release, register)) is not None:
                register.append(new)
    for table in asked:
        found = protect(table, register, 10)
        if found.refusal is None and found.release in whole:
            assert new_in(found.release, register) is None
    assert {f for each in whole for f in each.facts} == {f for each in register for f in each.facts}
    assert {p for each in whole for p in each.hidden} == {p for each in register for p in each.hidden}
    assert sum(len(each.facts) + len(each.hidden) for each in register) == len(
        {p for each in register for p in (*each.facts, *each.hidden)}
    )


def test_a_wider_range_of_a_number_that_was_shown_says_nothing() -> None:
    exact = Release("kind", True, (Fact(MONTHS[:1], ("a",), 40, 40),), ())
    rounded = Release("kind", True, (Fact(MONTHS[:1], ("a",), 36, 44),), ())
    assert new_in(rounded, [exact]) is None
    assert new_in(exact, [rounded]) == exact
    assert new_in(Release("other", True, exact.facts, ()), [exact]) is not None
