"""Telegram's flood limits: off until enforced.

About one message a second in a chat (a short burst passes), 30 a second overall, 20 a minute in a group.
Edits count like messages. Telegram publishes no exact numbers; these are its own recommendations.
"""

from __future__ import annotations

import math
from collections import defaultdict, deque
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Window:
    """At most `count` calls within any `seconds`."""

    count: int
    seconds: float


IN_CHAT = Window(4, 4.0)
IN_GROUP = Window(20, 60.0)
OVERALL = Window(30, 1.0)


@dataclass(slots=True)
class Limits:
    enforced: bool = False
    _past: dict[tuple[Window, int], deque[float]] = field(default_factory=lambda: defaultdict(deque))

    def admit(self, chat_id: int, *, is_group: bool, now: float) -> int | None:
        """None: the call may pass, and has been counted. Otherwise the whole seconds to wait."""
        if not self.enforced:
            return None
        windows = [(OVERALL, 0), (IN_CHAT, chat_id)] + ([(IN_GROUP, chat_id)] if is_group else [])
        wait = max(self._wait(key, now) for key in windows)
        if wait > 0:
            return math.ceil(wait)
        for key in windows:
            self._past[key].append(now)
        return None

    def _wait(self, key: tuple[Window, int], now: float) -> float:
        window, past = key[0], self._past[key]
        while past and past[0] <= now - window.seconds:
            past.popleft()
        return past[0] + window.seconds - now if len(past) >= window.count else 0.0
