"""A series of somebody else's numbers, from a CSV file, to stand beside our own.

    period,Court cases
    2023-H1,1240
    2023-H2,2010

The first column names a month (2023-11), a quarter (2023-Q4), half a year (2023-H2), a year (2023) or months
(2023-09..2023-11); the heading of the second is the series' name.
"""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass

from intake.errors import PosternError
from intake.periods import Period, months

MAX_ROWS = 1_000
MAX_NAME = 80
_PARTS = {"Q": 3, "H": 6}


@dataclass(frozen=True, slots=True)
class External:
    name: str
    rows: tuple[tuple[Period, float], ...]


def read(text: str, file: str) -> External:
    """Raises PosternError, one line, which names the file and the line."""
    lines = [line for line in csv.reader(text.removeprefix("\ufeff").splitlines()) if any(line)]
    if not lines or len(lines[0]) != 2 or not 1 <= len(lines[0][1].strip()) <= MAX_NAME:
        raise PosternError(f"{file}: the first line must name two columns, like: period,Court cases")
    if len(lines) > MAX_ROWS + 1:
        raise PosternError(f"{file} has more than {MAX_ROWS} rows: shorten it")
    rows = []
    for number, line in enumerate(lines[1:], start=2):
        try:
            named, value = line
            rows.append((_period(named.strip().upper()), _number(value.strip())))
        except ValueError:
            raise PosternError(
                f"{file}, row {number}: write a period (2023-11, 2023-Q4, 2023-H2, 2023, 2023-09..2023-11) and a number"
            ) from None
    return External(lines[0][1].strip(), tuple(rows))


def _period(named: str) -> Period:
    if re.fullmatch(r"[0-9]{4}", named):
        return months(f"{named}-01", f"{named}-12")
    if found := re.fullmatch(r"([0-9]{4})-(Q[1-4]|H[12])", named):
        length = _PARTS[found[2][0]]
        last = int(found[2][1]) * length
        return months(f"{found[1]}-{last - length + 1:02d}", f"{found[1]}-{last:02d}")
    first, _, last_month = named.partition("..")
    return months(first, last_month or first)


def _number(value: str) -> float:
    if not re.fullmatch(r"-?[0-9]{1,12}(\.[0-9]{1,6})?", value):
        raise ValueError
    return float(value)
