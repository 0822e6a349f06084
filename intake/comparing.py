"""What may be said of numbers: a change with both of its bases, a share, a record.

Percentages are rounded once, half up, from whole numbers. Of fewer than `LEAST_BASE` none is given: "200 % more" of
three says less than the three.
"""

from __future__ import annotations

from collections.abc import Mapping

LEAST_BASE = 10
LEAST_FOR_A_RECORD = 3
"""Months that must be compared before the largest is a record."""


def change(now: int, before: int) -> int | None:
    """By how many per cent it is more (or less, if negative) than before; None if that can't be said honestly."""
    if before < LEAST_BASE:
        return None
    percent = _rounded(100 * (now - before), before)
    return max(percent, -99) if now else percent


def share(part: int, total: int) -> int | None:
    """How many per cent of the total; 0 and 100 only of none and of all. None if the total is too small, or if the part
    was rounded up beyond it."""
    if total < LEAST_BASE or part > total:
        return None
    if part in {0, total}:
        return 100 if part else 0
    return min(99, max(1, _rounded(100 * part, total)))


def record(totals: Mapping[str, int]) -> str | None:
    """The month with the most; None if there are too few months, or two share it. `totals`: whole months only."""
    if len(totals) < LEAST_FOR_A_RECORD:
        return None
    most = max(totals.values())
    best = [month for month, number in totals.items() if number == most]
    return best[0] if most and len(best) == 1 else None


def _rounded(numerator: int, denominator: int) -> int:
    """To the nearest whole number, half away from zero."""
    size = (2 * abs(numerator) + denominator) // (2 * denominator)
    return size if numerator >= 0 else -size
