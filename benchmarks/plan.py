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


FULL = Plan(quick=False, rounds=4, seconds=4.0, arriving_rounds=3, arriving_seconds=8.0)
QUICK = Plan(quick=True, rounds=2, seconds=2.5, arriving_rounds=1, arriving_seconds=8.0)
