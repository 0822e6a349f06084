"""What goes wrong between us and Telegram, call by call."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from random import Random

CALM = "calm"
FLOODED = "429"
"""Refused, and told to wait a second."""
BROKEN = "5xx"
"""Refused with an error page that is no JSON."""
RESET = "reset"
"""The connection is cut before anything happened."""
LOST_ANSWER = "lost answer"
"""It took effect, and the connection is cut before the answer."""
HANGING = "hanging"
"""It took effect, and the answer never comes."""
SLOW = "slow"
SLOW_SECONDS = 5.0


@dataclass
class Weather:
    """`odds`: kind of fault -> share of the calls that meet it. `only`: methods that it falls on; none: all."""

    random: Random
    odds: Mapping[str, float] = field(default_factory=dict)
    only: frozenset[str] = frozenset()
    slow_seconds: float = SLOW_SECONDS
    down: bool = False
    """Nothing gets through at all, in either direction."""
    met: dict[str, int] = field(default_factory=dict)
    """How many calls met which fault."""

    def meets(self, method: str) -> str:
        kind = self._draw(method)
        if kind != CALM:
            self.met[kind] = self.met.get(kind, 0) + 1
        return kind

    def _draw(self, method: str) -> str:
        if self.down:
            return RESET
        if self.only and method not in self.only:
            return CALM
        lot = self.random.random()
        for kind, share in self.odds.items():
            if lot < share:
                return kind
            lot -= share
        return CALM
