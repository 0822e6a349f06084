"""Months and their counts: what an admin reads."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from intake.questionnaire import Level

REQUESTS = "requests"
"""What arrived: requests sent, whoever sent them and whatever became of them."""


def month_of(now: int) -> str:
    """`YYYY-MM` in UTC of a moment in Unix seconds."""
    return datetime.fromtimestamp(now, UTC).strftime("%Y-%m")


def earlier(month: str, months: int) -> str:
    """The month so many months before. Raises ValueError unless `month` is YYYY-MM."""
    if not re.fullmatch(r"[0-9]{4}-(0[1-9]|1[0-2])", month):
        raise ValueError("month must be YYYY-MM")
    number = int(month[:4]) * 12 + int(month[5:]) - 1 - months
    return f"{number // 12:04d}-{number % 12 + 1:02d}"


@dataclass(frozen=True, slots=True)
class Month:
    month: str
    requests: int
    levels: Mapping[Level, int] | None
    """None: hidden, because a part is so small that it could point at a person."""


def table(
    counts: Mapping[tuple[str, str], int], last: str, months: int, suppress_below: int
) -> tuple[Month, ...]:
    """The last `months` months up to `last`, newest first. `counts`: (month, name) -> number.

    The total is always shown to admins. The parts are shown together or not at all: one hidden part could be
    had by subtracting the others from the total.
    """
    rows = []
    for back in range(months):
        month = earlier(last, back)
        levels = {level: counts.get((month, level.value), 0) for level in Level}
        shown = all(n >= suppress_below for n in levels.values())
        rows.append(Month(month, counts.get((month, REQUESTS), 0), levels if shown else None))
    return tuple(rows)
