"""The sandbox's clock: real time plus whatever it has been moved forward."""

from __future__ import annotations

import time


class Clock:
    """Everything dated in the sandbox reads this; only waiting (long polls, back-off) uses real time."""

    def __init__(self) -> None:
        self._ahead = 0.0

    def seconds(self) -> float:
        """Seconds since 1970, with fractions."""
        return time.time() + self._ahead

    def now(self) -> int:
        """Whole seconds since 1970, as Telegram dates things."""
        return int(self.seconds())

    def advance(self, seconds: float) -> None:
        """Move forward; time that has passed cannot be taken back."""
        if not 0 <= seconds <= 10 * 366 * 86_400:
            raise ValueError("advance by 0 seconds to ten years")
        self._ahead += seconds
