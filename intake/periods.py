"""Months counted together, and which of them are compared with which."""

from __future__ import annotations

from intake.counts import earlier

Period = tuple[str, ...]
"""Months ("YYYY-MM"), in order and without gaps."""
QUARTER, YEAR = 3, 12


def months(first: str, last: str) -> Period:
    """From one month to another, both included. Raises ValueError for what is no month, or an end before the start."""
    found = [earlier(first, 0)]
    while found[-1] < earlier(last, 0):
        found.append(earlier(found[-1], -1))
    if found[-1] != last:
        raise ValueError("the last month is before the first")
    return tuple(found)


def until(last: str, length: int) -> Period:
    """So many months up to this one."""
    return months(earlier(last, length - 1), last)


def before(period: Period) -> Period:
    """As many months, just before."""
    return until(earlier(period[0], 1), len(period))


def a_year_before(period: Period) -> Period:
    return months(earlier(period[0], YEAR), earlier(period[-1], YEAR))


def year_to_date(last: str) -> Period:
    return months(f"{last[:4]}-01", last)
