"""When rows become due, in memory: 17 bytes a row, and nothing to do for those whose time has not come.

The database can't be asked for what is due in this minute (docs/decisions/0003). What is kept here is only a hint,
taken from the rows and made anew from them: whoever acts on it reads the row first.
"""

from __future__ import annotations

from collections.abc import Iterator
from heapq import heappop, heappush

MINUTE = 60
KEY_BYTES = 16


class Timetable:
    """Keys of 16 bytes, each with a second (Unix). A key may stand in it several times."""

    def __init__(self) -> None:
        self._minutes: dict[int, bytearray] = {}
        """Minute -> its entries: the second within it, one byte, and the key."""
        self._order: list[int] = []
        """The minutes above, as a heap."""
        self._soon: list[tuple[int, bytes]] = []
        """What the minutes that have begun brought, as a heap."""
        self._entries = 0

    def __len__(self) -> int:
        return self._entries

    def put(self, key: bytes, due: int) -> None:
        minute, second = divmod(due, MINUTE)
        entries = self._minutes.get(minute)
        if entries is None:
            entries = self._minutes[minute] = bytearray()
            heappush(self._order, minute)
        entries.append(second)
        entries += key
        self._entries += 1

    def take(self, now: int, most: int) -> list[bytes]:
        """Take out up to `most` of what is due by now, the earliest first."""
        found: list[bytes] = []
        while len(found) < most:
            minute = self._order[0] * MINUTE if self._order else now + 1
            first = self._soon[0][0] if self._soon else now + 1
            if minute <= min(first, now):
                for entry in self._of(heappop(self._order)):
                    heappush(self._soon, entry)
            elif first <= now:
                found.append(heappop(self._soon)[1])
            else:
                break
        self._entries -= len(found)
        return found

    def _of(self, minute: int) -> Iterator[tuple[int, bytes]]:
        entries = self._minutes.pop(minute)
        for start in range(0, len(entries), KEY_BYTES + 1):
            yield minute * MINUTE + entries[start], bytes(entries[start + 1 : start + 1 + KEY_BYTES])
