"""How often one account may try a return code. Counted in memory, under keyed hashes; nothing is stored.

A right code leaves nothing here, so that nobody can see that an account has one; nor does it forgive earlier misses, or
whoever owns one code could try others for ever.
"""

from __future__ import annotations

from dataclasses import dataclass

FREE_MISSES = 5
"""People mistype; from the next one on they wait."""
FIRST_PAUSE = 60
LONGEST_PAUSE = 3_600
"""Seconds. It doubles with each miss: a day of tries is about 30, of 10^16."""
FORGET_SECONDS = 24 * 3_600
"""So long after a pause is over its account counts as new."""
BUSY_SECONDS = 60
"""Whoever came while too many were at it tries again then, and no sooner: to knock without end must not pay."""
MOST_KEPT = 50_000


@dataclass(frozen=True, slots=True)
class _Record:
    misses: int
    until: int
    """When the next try is taken, in Unix seconds."""
    since: int = 0
    """When a code was first turned away that has not been looked at since; 0: none is waiting."""


class Tries:
    """`now`: Unix seconds."""

    def __init__(self) -> None:
        self._records: dict[bytes, _Record] = {}
        """The one touched last is the last."""

    def __len__(self) -> int:
        return len(self._records)

    def wait(self, account: bytes, now: int) -> int:
        """Seconds until a code from this account is looked at; 0: at once."""
        record = self._records.get(account)
        # A clock that was set back must not make a pause longer than any is.
        return min(LONGEST_PAUSE, max(0, record.until - now)) if record else 0

    def misses(self, account: bytes, now: int) -> int:
        record = self._records.get(account)
        return record.misses if record and not _is_over(record, now) else 0

    def missed(self, account: bytes, now: int) -> None:
        """A code was wrong."""
        misses = self.misses(account, now) + 1
        over = misses - FREE_MISSES
        pause = min(LONGEST_PAUSE, FIRST_PAUSE << min(over, 12)) if over >= 0 else 0
        self._keep(account, _Record(misses, now + pause), now)

    def turned_away(self, account: bytes, now: int) -> None:
        """Too many were at it."""
        record = self._records.get(account)
        since = record.since if record and record.since else now
        self._keep(account, _Record(self.misses(account, now), now + BUSY_SECONDS, since), now)

    def rank(self, account: bytes, now: int) -> tuple[int, int]:
        """Who goes first where not everybody can: the lower. Those who missed least; of them, who began to ask last.

        In a flood most have been asking for long, so that somebody who comes to it later need not wait for them.
        """
        record = self._records.get(account)
        return self.misses(account, now), -(record.since if record and record.since else now)

    def _keep(self, account: bytes, record: _Record, now: int) -> None:
        self._records.pop(account, None)
        self._forget(now)
        self._records[account] = record

    def _forget(self, now: int) -> None:
        """Whoever was here longest ago, if that is over, or if there are too many."""
        while self._records:
            oldest = next(iter(self._records))
            if len(self._records) < MOST_KEPT and not _is_over(self._records[oldest], now):
                return
            del self._records[oldest]


def _is_over(record: _Record, now: int) -> bool:
    return now - record.until >= (FORGET_SECONDS if record.misses else 10 * BUSY_SECONDS)
