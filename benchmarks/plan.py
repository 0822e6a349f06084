"""How much is measured: all of it within ten minutes, or the most important within one."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Plan:
    quick: bool
    rounds: int
    """Of turns. The bots take their rounds in turn, there and back."""
    seconds: float
    """Of each bot in each round."""
    arriving_rounds: int
    arriving_seconds: float
    conversations: int
    """Opened, and left open, beside the first thousand."""
    starts: int
    stored: tuple[int, int]
    """Cases in the database that has grown: open, and closed."""


FULL = Plan(
    quick=False,
    rounds=4,
    seconds=4.0,
    arriving_rounds=3,
    arriving_seconds=8.0,
    conversations=10_000,
    starts=3,
    stored=(10_000, 990_000),
)
QUICK = Plan(
    quick=True,
    rounds=2,
    seconds=2.5,
    arriving_rounds=1,
    arriving_seconds=8.0,
    conversations=0,
    starts=1,
    stored=(1_000, 9_000),
)
