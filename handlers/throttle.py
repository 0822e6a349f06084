"""How fast one account may press. Counted in memory under keyed hashes, and forgotten when it is quiet."""

from __future__ import annotations

BURST_SECONDS = 8
LEAST_BURST = 20
MOST_KEPT = 50_000
"""Accounts remembered at once: a flood from more than these is met by Telegram's own limits."""


class Throttle:
    """A leaky bucket for each account: `rate` presses a second, after a burst that no person needs."""

    def __init__(self, rate: float) -> None:
        self._rate = rate
        self._burst = max(LEAST_BURST, rate * BURST_SECONDS)
        self._levels: dict[bytes, tuple[float, float]] = {}
        self._strangers: set[bytes] = set()
        """Of those who were too fast, the ones that are known not to be of the staff."""

    def admits(self, account: bytes, now: float) -> bool:
        """Whether this one is taken. `now`: seconds of a monotonic clock."""
        if not self._rate:
            return True
        level, since = self._levels.get(account, (0.0, now))
        level = max(0.0, level - (now - since) * self._rate)
        if level + 1 > self._burst:
            self._levels[account] = (level, now)
            return False
        if len(self._levels) >= MOST_KEPT:
            self._forget_quiet(now)
        self._levels[account] = (level + 1, now)
        return True

    def refuses(self, account: bytes, now: float) -> bool:
        """Whether a stranger is too fast just now. Looks only, and counts nothing."""
        if account not in self._strangers:
            return False
        level, since = self._levels.get(account, (0.0, now))
        return max(0.0, level - (now - since) * self._rate) + 1 > self._burst

    def note_stranger(self, account: bytes) -> None:
        """This one was too fast, and is nobody of the staff."""
        if len(self._strangers) >= MOST_KEPT:
            self._strangers.clear()
        self._strangers.add(account)

    def _forget_quiet(self, now: float) -> None:
        self._levels = {
            account: (level, since)
            for account, (level, since) in self._levels.items()
            if level > (now - since) * self._rate
        }
        if len(self._levels) >= MOST_KEPT:
            self._levels.clear()
