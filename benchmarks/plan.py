"""How much is measured: all of it within ten minutes, or the most important within one."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Plan:
    quick: bool
    rounds: int = 3
    """Of turns. The bots take their rounds in turn, there and back."""
    seconds: float = 3.5
    """Of each bot in each round."""
    arriving_rounds: int = 3
    arriving_seconds: float = 6.0
    conversations: int = 6_000
    """Opened, and left open, beside the first thousand."""
    starts: int = 3
    stored: tuple[int, int] = (10_000, 990_000)
    """Cases in the database that has grown: open, and closed."""
    side_rounds: int = 2
    """Of turns where other things than turns are compared."""


FULL = Plan(quick=False)
QUICK = Plan(quick=True, rounds=2, seconds=2.5, arriving_rounds=1, arriving_seconds=5.0, starts=1)
PARTS_OF_QUICK = ("turns", "arrivals", "starting", "locks")
