"""A defect that shows with every update is told with its place in the code, and then not again for a while."""

from __future__ import annotations

from collections.abc import Callable
from time import monotonic

AGAIN_SECONDS = 600
MOST_KEPT = 100


class Seldom:
    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        self._clock = clock
        self._told: dict[tuple[str, str, int], float] = {}

    def is_due(self, error: BaseException) -> bool:
        """Whether an error of this type from this place is to be told now. Says yes once in ten minutes."""
        what, now = _what(error), self._clock()
        told = self._told.get(what)
        if told is not None and now - told < AGAIN_SECONDS:
            return False
        if len(self._told) >= MOST_KEPT:
            self._told.clear()
        self._told[what] = now
        return True


def _what(error: BaseException) -> tuple[str, str, int]:
    frame = error.__traceback__
    while frame is not None and frame.tb_next is not None:
        frame = frame.tb_next
    if frame is None:
        return type(error).__name__, "", 0
    return type(error).__name__, frame.tb_frame.f_code.co_filename, frame.tb_lineno
