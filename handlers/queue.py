"""Which open cases come next, for whom."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from operator import itemgetter

from handlers.unfinished import Entry, Unfinished, waiting_of
from intake.questionnaire import Level
from intake.triage import SERVICE, Key, Service, becomes_late, is_late, order
from storage import locks
from storage.cases import Case
from storage.database import Tx

AT_FIRST, AT_ONCE = 12, 200
"""Locks that are looked at together: nearly always the first few are enough."""


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
    """In order."""
    held: Sequence[Entry]
    counts: Mapping[Level, int]
    """How many of the open ones have each level."""

    def key(self, entry: Entry) -> Key:
        return order(entry.waiting, self.now, self.service)

    def is_late(self, entry: Entry) -> bool:
        """Past its service level, and nobody has replied yet."""
        waiting = entry.waiting
        return not entry.replied and is_late(waiting.level, waiting.received_hour, self.now, self.service)

    def counted(self, wanted: Wanted = EVERYTHING) -> Mapping[Level, int]:
        """The same of those that the filter admits."""
        return self.counts if wanted == EVERYTHING else _counts(self.queue(wanted))

    def queue(self, wanted: Wanted = EVERYTHING) -> Sequence[Entry]:
        """In order."""
        return self.open if wanted == EVERYTHING else list(filter(wanted.admits, self.open))


@dataclass(frozen=True, slots=True)
class _Order:
    """How some entries stand, which holds until one of them gets late."""

    service: Service
    since: int
    until: float
    pairs: Sequence[tuple[Key, Entry]]
    entries: Sequence[Entry]
    of: Sequence[Entry]
    """What was put in order; a look at what hasn't changed gets this very object."""
    counts: Mapping[Level, int]


class Queue:
    """What still stands in order is only added to and taken from: sorting what is nearly sorted costs little."""

    def __init__(self) -> None:
        self._unfinished = Unfinished()
        self._order = _Order(SERVICE, 0, 0, (), (), (), {})

    def look(self, tx: Tx, now: int, service: Service = SERVICE) -> Look:
        """The first look in a process reads all cases that are not closed: it is a long work."""
        stock = self._unfinished.look(tx)
        before = self._order
        if before.service != service or not before.since <= now < before.until:
            before = _Order(service, now, float("inf"), (), (), (), {})
        if before.of is not stock.open:
            self._order = before = _changed(before, stock.open, now)
        return Look(now, service, before.entries, stock.held, before.counts)


def _changed(before: _Order, entries: Sequence[Entry], now: int) -> _Order:
    there, known = {id(entry) for entry in entries}, {id(entry) for _, entry in before.pairs}
    pairs = [pair for pair in before.pairs if id(pair[1]) in there]
    until = before.until
    for entry in entries:
        if id(entry) not in known:
            waiting = entry.waiting
            pairs.append((order(waiting, now, before.service), entry))
            late_at = becomes_late(waiting.level, waiting.received_hour, before.service)
            until = min(until, late_at) if late_at > now else until
    pairs.sort(key=itemgetter(0))
    ordered = [entry for _, entry in pairs]
    return _Order(before.service, now, until, pairs, ordered, entries, _counts(entries))


def _counts(entries: Iterable[Entry]) -> Mapping[Level, int]:
    return Counter(entry.waiting.level for entry in entries)


def can_open(tx: Tx, entries: Sequence[Entry], public_key: bytes | None) -> Iterator[Entry]:
    """Those of them that this key opens, in the same order; looked at as they are asked for."""
    left, most = iter(entries), AT_FIRST
    while public_key is not None and (some := list(islice(left, most))):
        most = min(4 * most, AT_ONCE)
        theirs = locks.open_to(tx, [entry.case for entry in some], public_key)
        yield from (entry for entry in some if entry.case in theirs)


def order_of(case: Case, now: int, service: Service = SERVICE) -> Key:
    return order(waiting_of(case), now, service)
