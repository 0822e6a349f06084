"""At most so many in so many seconds."""

from __future__ import annotations

import asyncio
from collections import deque
from enum import IntEnum


class Pace:
    """Lets `limit` pass in any `seconds`, first come, first served; the others wait their turn."""

    def __init__(self, limit: int, seconds: float) -> None:
        self._passes: deque[float] = deque(maxlen=limit)
        self._seconds = seconds

    @property
    def limit(self) -> int:
        return self._passes.maxlen or 0

    async def wait(self) -> None:
        await asyncio.sleep(self.take())

    def take(self) -> float:
        """Take the next free pass; seconds until it is good. One that is never used is lost."""
        now = asyncio.get_running_loop().time()
        at = now
        if len(self._passes) == self._passes.maxlen:
            at = max(now, self._passes[0] + self._seconds)
        self._passes.append(at)
        return at - now


BRAKE_SECONDS = 60.0


class Brake:
    """Whether Telegram has asked to slow down, in the last minute."""

    def __init__(self) -> None:
        self._until = 0.0

    @property
    def is_on(self) -> bool:
        return asyncio.get_running_loop().time() < self._until

    def put_on(self) -> None:
        self._until = asyncio.get_running_loop().time() + BRAKE_SECONDS


class Window:
    """The same without waiting: `take` what there is room for; by any clock, in seconds."""

    def __init__(self, limit: int, seconds: int) -> None:
        self._taken: deque[int] = deque(maxlen=limit)
        self._seconds = seconds

    def free_at(self, now: int) -> int:
        """When the next one may be taken; `now`, if there is room."""
        full = len(self._taken) == self._taken.maxlen
        return max(now, self._taken[0] + self._seconds) if full and self._taken[0] <= now else now

    def take(self, now: int) -> None:
        self._taken.append(now)


class Rank(IntEnum):
    """Who goes first in the operators' group."""

    EMERGENCY = 0
    BOARD = 1
    OTHER = 2


GROUP_LIMIT = 20
"""Calls a minute in one group that Telegram takes, edits included."""
GROUP_OTHERS = 10
"""Of these, for cards of lesser cases and edits of cards. The board has up to eight, and emergencies what is left."""
GROUP_SECONDS = 60


class GroupRoom:
    """What the operators' group takes within any minute, by any clock, in seconds.

    Emergencies take the place of lesser cards, and are put off only when Telegram would refuse them.
    """

    def __init__(self) -> None:
        self._all = Window(GROUP_LIMIT, GROUP_SECONDS)
        self._cards = Window(GROUP_OTHERS, GROUP_SECONDS)

    def free_at(self, rank: Rank, now: int) -> int:
        """When the next call of this rank may be made; `now`, if at once."""
        at = self._all.free_at(now)
        return max(at, self._cards.free_at(now)) if rank is Rank.OTHER else at

    def take(self, rank: Rank, now: int) -> None:
        self._all.take(now)
        if rank is not Rank.BOARD:
            self._cards.take(now)
