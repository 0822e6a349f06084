"""What is known of numbers that aren't: sums of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

World = Sequence[int]
"""A number for each unknown."""


@dataclass(frozen=True, slots=True)
class Rule:
    """A sum of unknowns, less some others, that is known to lie between two numbers, or to be one."""

    members: tuple[int, ...]
    least: int
    most: int
    less: tuple[int, ...] = ()

    def kept(self, world: World) -> bool:
        found = sum(world[i] for i in self.members) - sum(world[i] for i in self.less)
        return self.least <= found <= self.most

    @property
    def parts(self) -> dict[int, float]:
        """As a solver takes it: what each unknown counts."""
        found = Counter(self.members)
        found.subtract(self.less)
        return {i: float(times) for i, times in found.items() if times}
