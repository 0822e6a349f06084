"""What the attacker is set on: what happened in some months, what an admin asked for, and what everybody knows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from intake.breakdowns import total
from intake.tables import Cell, Part, Rounding, Table

Atom = tuple[str, str, str]
"""(month, question, option)"""
Wish = tuple[Table, Rounding | None]


@dataclass(frozen=True)
class Equation:
    """The sum of some unknowns, less that of others, lies between two numbers."""

    members: tuple[int, ...]
    least: int
    most: int
    less: tuple[int, ...] = ()


@dataclass(frozen=True)
class Unknowns:
    """Whole numbers, of which the atoms are sums, and what is known of them before any table is shown."""

    at: Mapping[Atom, tuple[int, ...]]
    most: tuple[int, ...]
    equations: tuple[Equation, ...]
    truth: tuple[int, ...]


@dataclass(frozen=True)
class Intake:
    months: tuple[str, ...]
    parts: tuple[Part, ...]
    """Each question's options; with the months, the atoms."""
    counts: Mapping[Cell, int]
    wishes: tuple[Wish, ...]
    unknowns: Unknowns
    tied: bool
    """Whether numbers of one question say something of another's, or of each other."""

    def total(self, atom: Atom) -> int:
        """Public: of what is counted in the month under the question, which for endings is not what was sent."""
        return total(self.counts, atom[1], atom[0])
