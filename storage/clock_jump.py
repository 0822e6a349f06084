"""A clock that jumps. The purge goes by the clock, and nothing brings back what it has erased: so it waits for a while.

The last day on which the service ran is kept. If today is further from it than `MOST_DAYS`, either the service was
switched off for so long, or the clock is wrong, as after a dead battery. Nobody can tell these apart from here, so in
both cases the purge waits for `HELD_DAYS`, in which the clock can be set right. A backup that is as old counts alike.

Where this ends: a clock that jumps by fewer days is believed; and so is one that stays wrong for longer than that.
"""

from __future__ import annotations

from dataclasses import dataclass

from storage import meta
from storage.database import Tx

MOST_DAYS = 2
"""From one day to the next on which the service ran: a weekend without it is nothing special."""
HELD_DAYS = 3
"""Long enough for somebody to look after a weekend."""


@dataclass(frozen=True, slots=True)
class Held:
    """Days since 1970: the last one before the jump, and the one it led to."""

    before: int
    since: int

    @property
    def until(self) -> int:
        """The first day on which the purge goes on."""
        return self.since + HELD_DAYS


def held(tx: Tx) -> Held | None:
    """Whether the purge waits, as far as the service has noticed."""
    found = meta.get(tx, meta.CLOCK_JUMPED)
    if found is None:
        return None
    before, _, since = found.decode().partition(" ")
    return Held(int(before), int(since))


def notice(tx: Tx, today: int) -> Held | None:
    """Whether the purge has to wait today. To be asked on each day."""
    seen, jump = int(meta.get(tx, meta.SEEN_DAY) or today), held(tx)
    meta.put(tx, meta.SEEN_DAY, str(today).encode())
    if jump is not None and today < jump.since:  # the clock was set back: to where it was, or to another day
        seen, jump = jump.before, None
    if today - seen > MOST_DAYS:
        jump = Held(jump.before if jump is not None else seen, today)
        meta.put(tx, meta.CLOCK_JUMPED, f"{jump.before} {jump.since}".encode())
        return jump
    if jump is not None and today < jump.until:
        return jump
    meta.drop(tx, meta.CLOCK_JUMPED)
    return None


def believe(tx: Tx, today: int) -> None:
    """The clock is right."""
    meta.put(tx, meta.SEEN_DAY, str(today).encode())
    meta.drop(tx, meta.CLOCK_JUMPED)
