"""What is asked for, what of it is shown, and what is kept of it: the shapes that disclosure control speaks of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

Cell = tuple[str, str, str]
"""(month "YYYY-MM", question, option). (month, "", "") is the month's total; (month, question, "") is the total of
what is counted there if that is another one, as with "outcome"."""
Period = tuple[str, ...]
"""Months, in order and without gaps or repetitions, counted together."""
Column = tuple[str, ...]
"""Options counted together; more than one only where they exclude each other."""


@dataclass(frozen=True, slots=True)
class Kin:
    """Another question, whose numbers hang together with those of a table."""

    question: str
    options: tuple[str, ...]
    exclusive: bool


Part = tuple[str, str]
"""(question, option): the requests of a month that have it."""


@dataclass(frozen=True, slots=True)
class Step:
    """From one place on the way through a questionnaire to another."""

    source: int
    target: int
    kind: int


@dataclass(frozen=True, slots=True)
class Sum:
    """In every month as many requests take steps of these kinds as have these answers, all in all."""

    kinds: tuple[int, ...]
    parts: tuple[Part, ...]
    fewer: bool = False
    """They may be fewer than the answers."""
    more: bool = False
    """They may be more than the answers."""


@dataclass(frozen=True, slots=True)
class Ways:
    """All ways through some questions, as far as they matter: each request takes one, from the place 0 to the end."""

    places: int
    end: int
    steps: tuple[Step, ...]
    sums: tuple[Sum, ...]
    slips: tuple[int, ...] = ()
    """Kinds of steps that are taken against the questionnaire; a month has no more of them than its numbers need."""


@dataclass(frozen=True, slots=True)
class Table:
    """What is asked for: a row for each period, a column for each group of options."""

    periods: tuple[Period, ...]
    counts: Mapping[Cell, int]
    """The true counts: of every month there is, not only of these periods. What is missing is 0."""
    question: str = ""
    """Question id, "level" or "outcome"; "" for totals, which have no columns."""
    columns: tuple[Column, ...] = ()
    exclusive: bool = True
    """Each request has exactly one of the options; else any number of them."""
    over: str = "9999-12"
    """The newest month that is over. A breakdown of a later one would be published twice, and the difference tells."""
    kin: tuple[Kin, ...] = ()
    """All questions that this one hangs together with; `counts` has theirs too."""
    ways: Ways | None = None
    """Through this one and its kin, if its numbers say more than that each request has one option, or any number."""


@dataclass(frozen=True, slots=True, order=True)
class Fact:
    """One number that was published, and what it says: so many at least, so many at most."""

    period: Period
    column: Column
    least: int
    most: int


@dataclass(frozen=True, slots=True)
class Release:
    """What is remembered of a table that was shown. What was hidden says nothing, except that it is to stay so."""

    question: str
    exclusive: bool
    facts: tuple[Fact, ...]
    hidden: tuple[tuple[Period, Column], ...]


class Reason(StrEnum):
    """Why a table can't be shown. `Refusal.below` is the only parameter that the sentences need."""

    RUNNING = "running"
    """It breaks down a month that isn't over."""
    SMALL = "small"
    """Nothing of it would be left."""
    FOLLOWS = "follows"
    """A number under the threshold that it doesn't show would follow from it, by subtraction, perhaps from what was
    published before. Which one is not said: that would tell it is small."""
    UNPROVEN = "unproven"
    """It could not be proven that nothing follows: what was published before doesn't fit the counts (another
    database's, or restored), or the proof took too long."""


@dataclass(frozen=True, slots=True)
class Refusal:
    reason: Reason
    below: int
    coarser: Table | None
    """A table that can be shown; None if there is none but the totals."""


@dataclass(frozen=True, slots=True)
class Follows:
    """A warning: whoever reads the table knows this number as well. It isn't small."""

    period: Period
    column: Column
    """() for totals."""
    count: int


@dataclass(frozen=True, slots=True)
class Protected:
    table: Table
    cells: tuple[tuple[int | None, ...], ...]
    """For each period and column the number to show, or None: hidden. One column for totals."""
    release: Release
    """What must go into the register before the table is shown."""
    warnings: tuple[Follows, ...] = ()
    refusal: Refusal | None = None
    """If it is there, every cell is hidden, and nothing is to be shown or recorded."""


@dataclass(frozen=True, slots=True)
class Rounding:
    """Up or down to a multiple of `base`, so that it is right on average, and always the same way for the same cell."""

    base: int
    key: bytes = field(repr=False)
    """Secret, and always the same: with another one, the mean of two tables would be nearer to the truth."""
