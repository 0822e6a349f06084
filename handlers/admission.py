"""How many may begin at once. Whoever is being served does not notice a flood of new accounts; these wait in line.

A newcomer who comes while more arrive than can be served gets a place in the line and is told how long to wait; who
comes back then is let in, however many others keep knocking. Counted in memory, under keyed hashes; nothing is stored.
Where this ends: everybody who is let in counts as being served, so a flood that begins slowly is met by operators, who
can block, and by `handlers.throttle`.
"""

from __future__ import annotations

from collections.abc import Callable

PER_SECOND = 20.0
"""New conversations; a busy day of such an organisation has as many in two minutes."""
BURST = 200
"""As many may begin at once after a quiet time."""
LINES_PER_SECOND = 5.0
"""Newcomers that are told to wait. Telegram takes 30 messages a second, and those being served need them."""
MOST_WAITING = 50_000
"""Places in the line. Whoever comes when it is full is told the same, but has to try his luck."""


class Bucket:
    """A leaky bucket: `rate` a second, after a burst."""

    def __init__(self, rate: float, burst: float) -> None:
        self._rate, self._burst = rate, burst
        self._level, self._since = 0.0, 0.0

    def takes(self, now: float) -> bool:
        self._level = max(0.0, self._level - max(0.0, now - self._since) * self._rate)
        self._since = now
        if self._level + 1 > self._burst:
            return False
        self._level += 1
        return True


class Admission:
    """`now` is always seconds of a monotonic clock."""

    def __init__(
        self, rate: float = PER_SECOND, burst: int = BURST, *, crowded: Callable[[], None] = lambda: None
    ) -> None:
        """`crowded` is called whenever somebody has to wait."""
        self._crowded = crowded
        self._rate = rate
        self._new = Bucket(rate, burst)
        self._back = Bucket(rate, burst)
        self._lines = Bucket(LINES_PER_SECOND, LINES_PER_SECOND * 10)
        self._places: dict[bytes, float] = {}
        """Account -> when its turn is. In that order, because places are given out one after another."""
        self._last_place = 0.0

    def wait(self, account: bytes, now: float) -> float:
        """Seconds that this newcomer has to wait; 0: it may begin."""
        seconds = self._wait(account, now)
        if seconds:
            self._crowded()
        return seconds

    def _wait(self, account: bytes, now: float) -> float:
        place = self._places.get(account)
        if place is None:
            if not self._line_is_long(now) and self._new.takes(now):
                return 0.0
            return self._line_up(account, now) - now
        if place > now:
            return place - now
        if not self._back.takes(now):
            return 1 / self._rate
        del self._places[account]
        return 0.0

    def may_tell(self, now: float) -> bool:
        """Whether there is room for a line to somebody who has to wait."""
        return self._lines.takes(now)

    def __len__(self) -> int:
        return len(self._places)

    def _line_is_long(self, now: float) -> bool:
        """While somebody waits, nobody who comes later goes first."""
        return self._last_place > now

    def _line_up(self, account: bytes, now: float) -> float:
        place = max(self._last_place, now) + 1 / self._rate
        if len(self._places) >= MOST_WAITING:
            self._forget_who_stayed_away(now)
        if len(self._places) < MOST_WAITING:
            self._places[account] = self._last_place = place
        return place

    def _forget_who_stayed_away(self, now: float) -> None:
        self._places = {account: place for account, place in self._places.items() if place > now}
