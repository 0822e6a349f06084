"""Where somebody has got to by skipping through /next. All of it stands in the button's payload.

The queue is gone through in its order. What became an emergency of the queue meanwhile, because it has just been sent
or was given back, is offered before whatever comes next, each once. Where this ends: of two that come in one minute
the second may be passed over, if the first was offered and skipped in that very minute; both have rung.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from handlers.queue import Look, order_of
from handlers.unfinished import Entry
from intake.questionnaire import Level
from storage import cases
from storage.database import Tx

MINUTE = 60


@dataclass(frozen=True, slots=True)
class Skipped:
    reference: str
    """In the order, everything up to this case was offered."""
    begun: int
    """Unix seconds, cut to the minute: when that began. 0: the case was offered out of turn, and nothing else."""
    urgent: str = ""
    """The last that was offered because it has come since, if there was one."""
    came: int = 0
    """When that had come; in Unix seconds, a minute's beginning."""

    def __str__(self) -> str:
        later = (self.came - self.begun) // MINUTE
        urgent = f".{self.urgent}.{later:x}" if self.urgent else ""
        return f"{self.reference}.{self.begun // MINUTE:x}{urgent}"

    @classmethod
    def read(cls, text: str) -> Skipped | None:
        """From a payload; None: it says nothing."""
        reference, begun, urgent, later = (*text.split("."), "", "", "", "")[:4]
        try:
            since = int(begun, 16) * MINUTE
            return cls(reference, since, urgent, since + int(later, 16) * MINUTE if urgent else 0)
        except ValueError:
            return None


@dataclass(frozen=True, slots=True)
class Pages:
    left: Sequence[Entry]
    """What can be offered next, the first first."""
    new: frozenset[bytes]
    """Which of them have come since."""
    skipped: Skipped | None

    def at(self, entry: Entry, now: int) -> Skipped:
        """Where whoever is offered this has got to by it."""
        if self.skipped is None or not self.skipped.begun:
            return Skipped(entry.waiting.reference, now - now % MINUTE)
        if entry.case in self.new:
            return replace(
                self.skipped, urgent=entry.waiting.reference, came=entry.came - entry.came % MINUTE
            )
        return replace(self.skipped, reference=entry.waiting.reference)


def pages_after(tx: Tx, look: Look, found: Sequence[Entry], skipped: Skipped | None) -> Pages:
    """`found`: the queue in its order."""
    case = cases.by_reference(tx, skipped.reference) if skipped else None
    if skipped is None or case is None:
        return Pages(found, frozenset(), None)
    if not skipped.begun:
        return Pages([each for each in found if each.case != case.case], frozenset(), skipped)
    key = order_of(case, look.now, look.service)
    since = [each for each in found if _came_since(each, skipped)]
    new = [
        each
        for each in since
        if _came(each) > (skipped.came, skipped.urgent)
        and (each.case != case.case or each.came >= skipped.begun + MINUTE)
    ]
    seen_to = {each.case for each in since}
    rest = [each for each in found if look.key(each) > key and each.case not in seen_to]
    return Pages([*sorted(new, key=_came), *rest], frozenset(each.case for each in new), skipped)


def _came_since(entry: Entry, skipped: Skipped) -> bool:
    return entry.waiting.level is Level.EMERGENCY and entry.came >= skipped.begun


def _came(entry: Entry) -> tuple[int, str]:
    return entry.came - entry.came % MINUTE, entry.waiting.reference
