"""How many a second: no more than a limit, and as many as there were of late."""

from __future__ import annotations

from math import exp

PACE_SECONDS = 60.0
"""Over so long it is measured how many are,"""
SURE_OF_PACE = 10.0
"""and after so long that is told."""


class Bucket:
    """A leaky bucket: `rate` a second, after a burst.

    Turns run side by side, each with the time of its beginning: one that began earlier and asks later does not set the
    clock back.
    """

    def __init__(self, rate: float, burst: float) -> None:
        self._rate, self._burst = rate, burst
        self._level, self._since = 0.0, 0.0

    def takes(self, now: float) -> bool:
        gone = max(0.0, now - self._since)
        self._level = max(0.0, self._level - gone * self._rate)
        self._since += gone
        if self._level + 1 > self._burst:
            return False
        self._level += 1
        return True

    def gives_back(self, amount: float) -> None:
        self._level = max(0.0, self._level - amount)

    def room(self) -> int:
        """How often it would take more, by what it knew last."""
        return int(self._burst - self._level)


class Pace:
    """How many a second, of late: what was long ago counts less and less."""

    def __init__(self) -> None:
        self._since = self._last = 0.0
        self._weight = 0.0

    def begin(self, now: float) -> None:
        self._since = self._last = now
        self._weight = 0.0

    def note(self, now: float) -> None:
        """One more."""
        self._weight = 1.0 + self._faded(now)
        self._last = now

    def a_second(self, now: float) -> float:
        """0: there was none, or it is too early to say."""
        if now - self._since < SURE_OF_PACE:
            return 0.0
        return self._faded(now) / (PACE_SECONDS * (1.0 - exp((self._since - now) / PACE_SECONDS)))

    def _faded(self, now: float) -> float:
        return self._weight * exp((self._last - now) / PACE_SECONDS)
