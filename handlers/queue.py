"""Which open cases come next, for whom.

What a case's place depends on is wrapped. So it is read once for each case and remembered in this process, together
with the beginning of its box, which is random: a box that was written anew is read anew.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from sqlalchemy import func, select

from intake.lifecycle import Status
from intake.questionnaire import Level
from intake.triage import SERVICE, Key, Service, Waiting, is_late, order
from storage import cases, locks
from storage.cases import Case
from storage.database import Tx
from storage.schema import cases as table

VERSION_BYTES = 48
"""Of a box: the id of its key and its nonce."""
_UNFINISHED = select(table.c.case_id, table.c.status, func.substr(table.c.facts, 1, VERSION_BYTES)).where(
    table.c.status.in_([Status.OPEN.value, Status.CLAIMED.value])
)
AT_ONCE = 200
"""Locks that are looked at together."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A case that is not closed, as far as the queue and the board must know it."""

    case: bytes
    waiting: Waiting
    shown_at: int
    category: frozenset[str]
    spoken: str
    replied: bool
    wrote_again: int = 0
    """As `Facts.wrote_again`."""
    came: int = 0
    """Since when it has been in the queue, in Unix seconds: when it was sent, or given back."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """A filter, by what is published of a case."""

    level: Level | None = None
    category: str = ""
    language: str = ""

    def admits(self, entry: Entry) -> bool:
        return (
            self.level in (None, entry.waiting.level)
            and (not self.category or self.category in entry.category)
            and self.language in ("", entry.spoken)
        )


EVERYTHING = Wanted()


@dataclass(frozen=True, slots=True)
class Look:
    """All cases that are not closed, the damaged ones apart, as they were at one moment."""

    now: int
    service: Service
    open: Sequence[Entry]
    held: Sequence[Entry]

    def key(self, entry: Entry) -> Key:
        return order(entry.waiting, self.now, self.service)

    def is_late(self, entry: Entry) -> bool:
        """Past its service level, and nobody has replied yet."""
        waiting = entry.waiting
        return not entry.replied and is_late(waiting.level, waiting.received_hour, self.now, self.service)

    def queue(self, wanted: Wanted = EVERYTHING) -> list[Entry]:
        """In order."""
        return sorted(filter(wanted.admits, self.open), key=self.key)


class Queue:
    def __init__(self) -> None:
        self._known: dict[bytes, tuple[bytes, Entry | None]] = {}
        """Of each case that was not closed at the last look; None: it is damaged."""

    def look(self, tx: Tx, now: int, service: Service = SERVICE) -> Look:
        """The first look in a process reads all cases that are not closed: it is a long work."""
        before, known = self._known, dict[bytes, tuple[bytes, Entry | None]]()
        found: dict[str, list[Entry]] = {Status.OPEN: [], Status.CLAIMED: []}
        for case, status, version in tx.conn.execute(_UNFINISHED):
            seen = before.get(case)
            if seen is None or seen[0] != version:
                seen = version, _entry(tx, case)
            known[case] = seen
            if seen[1] is not None:
                found[status].append(seen[1])
        self._known = known  # at once: other looks may be under way in other threads
        return Look(now, service, found[Status.OPEN], found[Status.CLAIMED])


def can_open(tx: Tx, entries: Sequence[Entry], public_key: bytes | None) -> Iterator[Entry]:
    """Those of them that this key opens, in the same order; looked at as they are asked for."""
    left = iter(entries)
    while public_key is not None and (some := list(islice(left, AT_ONCE))):
        theirs = locks.open_to(tx, [entry.case for entry in some], public_key)
        yield from (entry for entry in some if entry.case in theirs)


def waiting_of(case: Case) -> Waiting:
    facts = case.facts
    within = None if facts.within is None else facts.within * 3_600
    return Waiting(case.reference, facts.level, facts.received_hour, facts.near_empty, within)


def order_of(case: Case, now: int, service: Service = SERVICE) -> Key:
    return order(waiting_of(case), now, service)


def _entry(tx: Tx, case: bytes) -> Entry | None:
    found = cases.sound(tx, case)
    if found is None:
        return None
    facts = found.facts
    category = frozenset(facts.category.split(",")) - {""}
    return Entry(
        case,
        waiting_of(found),
        facts.shown_at,
        category,
        facts.spoken,
        facts.replied_hour > 0,
        facts.wrote_again,
        max(facts.received_hour, facts.returned),
    )
