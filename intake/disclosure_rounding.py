"""Rounding to a multiple that can't be averaged away.

Up or down by chance, so that it is right on average (unbiased); the chance is a keyed hash of the cell's name, so the
same cell is always rounded the same way, however often and in whatever table it is shown.
"""

from __future__ import annotations

from hashlib import blake2b
from json import dumps

from intake.tables import Column, Period, Rounding

_CHANCE_BYTES = 8


def rounded(question: str, place: tuple[Period, Column], count: int, rounding: Rounding | None) -> int:
    """What is shown for a cell."""
    if rounding is None:
        return count
    over = count % rounding.base
    period, column = place
    name = dumps([question, period, sorted(column)]).encode()
    hashed = blake2b(name, digest_size=_CHANCE_BYTES, key=rounding.key, person=b"rounding").digest()
    up = int.from_bytes(hashed) % rounding.base < over
    return count - over + (rounding.base if up else 0)


def bounds(
    question: str, place: tuple[Period, Column], count: int, rounding: Rounding | None
) -> tuple[int, int]:
    """What the number shown says of the count: so many at least, so many at most."""
    shown = rounded(question, place, count, rounding)
    blur = rounding.base - 1 if rounding else 0
    return max(0, shown - blur), shown + blur
