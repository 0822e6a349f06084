"""What a reader has by subtraction: September from a quarter and two of its months.

A sum of consecutive months is the difference of two running totals, at its end and at its beginning. So each published
period ties two points in time; a period follows from the published ones if, and only if, its two ends hang together.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping

from intake.disclosure_world import number_of
from intake.tables import Column, Fact, Follows, Period

Edge = tuple[int, int]
"""From the first month to the one after the last."""


def follows(
    shown: Iterable[Fact], before: Iterable[Fact], count: Callable[[Period, Column], int]
) -> tuple[Follows, ...]:
    """What `shown` gives away, together with what was published before, beyond what it says.

    The smallest periods only, and only exact numbers. What followed before, without the table, is not told again,
    unless it follows from the table alone: its readers may have seen nothing else.
    """
    own = {fact for fact in shown if fact.least == fact.most}
    earlier = {fact for fact in before if fact.least == fact.most} - own
    found = []
    for column in sorted({fact.column for fact in own}):
        mine = {_edge(fact.period) for fact in own if fact.column == column}
        theirs = {_edge(fact.period) for fact in earlier if fact.column == column}
        known = set(_smallest(theirs)) | mine | theirs
        alone = set(_smallest(mine)) - mine
        for edge in sorted({*_smallest(mine | theirs), *alone}):
            if edge in alone or edge not in known:
                period = _months(edge)
                found.append(Follows(period, column, count(period, column)))
    return tuple(found)


def chain(numbers: Mapping[Period, int]) -> Iterator[tuple[Period, int]]:
    """Of periods and their numbers: the smallest periods that they give, from which all others add up again."""
    edges = {_edge(period): n for period, n in numbers.items()}
    at: dict[int, int] = {}
    for start in sorted({point for edge in edges for point in edge}):
        if start in at:
            continue
        at[start], seen = 0, [start]
        for point in seen:
            for (first, last), n in edges.items():
                for here, there, step in ((first, last, n), (last, first, -n)):
                    if here == point and there not in at:
                        at[there] = at[here] + step
                        seen.append(there)
    yield from ((_months((first, last)), at[last] - at[first]) for first, last in _smallest(set(edges)))


def _smallest(edges: set[Edge]) -> list[Edge]:
    """The pairs of neighbouring points among those that hang together."""
    parts: list[set[int]] = []
    for edge in sorted(edges):
        touched = [part for part in parts if part & set(edge)]
        parts = [part for part in parts if not part & set(edge)] + [set(edge).union(*touched)]
    return sorted(pair for part in parts for pair in zip(sorted(part), sorted(part)[1:], strict=False))


def _edge(period: Period) -> Edge:
    return number_of(period[0]), number_of(period[-1]) + 1


def _months(edge: Edge) -> Period:
    return tuple(f"{number // 12:04d}-{number % 12 + 1:02d}" for number in range(*edge))
