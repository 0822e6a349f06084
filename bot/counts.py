"""What is counted while the service runs: plain numbers, of which none belongs to anybody.

They cost nanoseconds. What of them is published, and when, is decided in `bot.metrics`.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from time import perf_counter
from typing import Any

Turn = Callable[[dict[str, Any]], Awaitable[None]]
"""One update, from reading it to its commit. If it raises, nothing of it was kept."""

LATENCY_BOUNDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
"""Seconds; the last bucket has no bound."""


@dataclass(slots=True)
class Counts:
    turns: int = 0
    """Updates whose turn was committed."""
    turn_seconds: float = 0.0
    latency: list[int] = field(default_factory=lambda: [0] * (len(LATENCY_BOUNDS) + 1))
    """From the turn's beginning to its commit, by `LATENCY_BOUNDS`."""
    turns_failed: int = 0
    """Tries that failed, whatever became of them."""
    redelivered: int = 0
    """Updates that came once more after they had been dealt with."""
    slowed_down: int = 0
    """Calls that Telegram answered with 429."""
    unreachable: int = 0
    """Calls without a usable answer."""
    database_trouble: int = 0
    """Times that the database could not be used."""
    retries: Counter[str] = field(default_factory=Counter)
    """Put off and tried again later, by kind."""
    given_up: Counter[str] = field(default_factory=Counter)
    """For good, by kind."""

    def timing(self, turn: Turn) -> Turn:
        """The same turn, counted once it is committed."""

        async def timed(update: dict[str, Any]) -> None:
            began = perf_counter()
            await turn(update)
            self.turn(perf_counter() - began)

        return timed

    def came_again(self) -> None:
        self.redelivered += 1

    def turn(self, seconds: float) -> None:
        self.turns += 1
        self.turn_seconds += seconds
        self.latency[bisect_left(LATENCY_BOUNDS, seconds)] += 1
