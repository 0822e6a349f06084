"""The cases that are not closed, as far as queue and board must know them: read once, and again when they change.

What a case's place depends on is wrapped, so it is remembered in this process, beside the case's version, which is
another random number after each change (`storage.cases.new_version`). The cases lie on 256 shelves, by the first byte
of their id. A look asks the database for the number of cases and the sum of their versions, which an index answers
without touching a row; if these are others than before, for each shelf's; and it reads from the shelves that have
changed the cases that have: whoever changed them, this process or another, and whatever became of their transaction.
What is remembered can differ from what a transaction sees only where two sums are equal by chance, once in 10^12
changes.

Where this ends: whoever alters a row past Postern, and leaves its version, is noticed when the case is opened.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from sqlalchemy import bindparam, func, select

from intake.errors import Tampered
from intake.lifecycle import Status
from intake.triage import Waiting
from storage import cases
from storage.cases import Case
from storage.database import Tx
from storage.schema import cases as table

AT_ONCE = 200
"""Cases that are read together: 8 kB each."""

UNFINISHED = table.c.status.in_([Status.OPEN.value, Status.CLAIMED.value])
_SHELF = func.substr(table.c.case_id, 1, 1)
_TOTALS = (
    select(table.c.status, func.count(), func.sum(table.c.version)).where(UNFINISHED).group_by(table.c.status)
)
_SUMS = (
    select(table.c.status, _SHELF, func.count(), func.sum(table.c.version))
    .where(UNFINISHED)
    .group_by(table.c.status, _SHELF)
)
_VERSIONS = select(table.c.case_id, table.c.version).where(
    table.c.status == bindparam("status"),
    table.c.case_id >= bindparam("first"),
    table.c.case_id <= bindparam("last"),
)
_CASES = select(table).where(table.c.case_id.in_(bindparam("ids", expanding=True)))

Shelf = tuple[str, bytes]
"""Status, and the first byte of the ids."""


@dataclass(frozen=True, slots=True, eq=False)
class Entry:
    """A case that is not closed."""

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
class _Shelf:
    sums: tuple[int, int]
    known: Mapping[bytes, tuple[int, Entry | None]]
    """Case -> its version, and what is known of it; None: it is damaged."""


@dataclass(frozen=True, slots=True, eq=False)
class Stock:
    """The sound ones, as a transaction saw them. The same object as before if nothing has changed."""

    open: Sequence[Entry] = ()
    held: Sequence[Entry] = ()


class Unfinished:
    def __init__(self) -> None:
        self._last: tuple[dict[str, tuple[int, int]], dict[Shelf, _Shelf], Stock] = {}, {}, Stock()
        """Exchanged as a whole: other looks may be under way in other threads."""

    def look(self, tx: Tx) -> Stock:
        """The first look in a process reads all of them: it is a long work."""
        sums_before, before, stock = self._last
        totals = {row[0]: (int(row[1]), int(row[2])) for row in tx.conn.execute(_TOTALS)}
        if totals == sums_before:
            return stock
        sums = {(row[0], bytes(row[1])): (int(row[2]), int(row[3])) for row in tx.conn.execute(_SUMS)}
        changed = [key for key, found in sums.items() if key not in before or before[key].sums != found]
        shelves = {key: shelf for key, shelf in before.items() if key in sums}
        shelves.update(_read_anew(tx, changed, before))
        stock = Stock(_entries(shelves, Status.OPEN), _entries(shelves, Status.CLAIMED))
        self._last = _totals(shelves), shelves, stock
        return stock


def _totals(shelves: Mapping[Shelf, _Shelf]) -> dict[str, tuple[int, int]]:
    found: dict[str, tuple[int, int]] = {}
    for (status, _), shelf in shelves.items():
        number, total = found.get(status, (0, 0))
        found[status] = number + shelf.sums[0], total + shelf.sums[1]
    return found


def _read_anew(tx: Tx, changed: Iterable[Shelf], before: Mapping[Shelf, _Shelf]) -> dict[Shelf, _Shelf]:
    versions = {key: _versions(tx, *key) for key in changed}
    known: dict[bytes, tuple[int, Entry | None]] = {}
    for _, first in versions:
        for status in (
            Status.OPEN.value,
            Status.CLAIMED.value,
        ):  # a case that was claimed was on another shelf
            known |= before[status, first].known if (status, first) in before else {}
    wanted = [
        case
        for shelf in versions.values()
        for case, version in shelf.items()
        if _is_new(known, case, version)
    ]
    known |= _read(tx, wanted)
    return {
        key: _shelf({case: known[case] for case in shelf if case in known}) for key, shelf in versions.items()
    }


def _is_new(known: Mapping[bytes, tuple[int, Entry | None]], case: bytes, version: int) -> bool:
    return case not in known or known[case][0] != version


def _versions(tx: Tx, status: str, first: bytes) -> dict[bytes, int]:
    given = {"status": status, "first": first, "last": first + b"\xff" * 15}
    return {row[0]: row[1] for row in tx.conn.execute(_VERSIONS, given)}


def _read(tx: Tx, wanted: Sequence[bytes]) -> dict[bytes, tuple[int, Entry | None]]:
    found: dict[bytes, tuple[int, Entry | None]] = {}
    for start in range(0, len(wanted), AT_ONCE):
        for row in tx.conn.execute(_CASES, {"ids": wanted[start : start + AT_ONCE]}):
            found[row.case_id] = row.version, _entry(tx, row)
    return found


def _shelf(known: Mapping[bytes, tuple[int, Entry | None]]) -> _Shelf:
    """Its sums are those of what was read, so that what changed in between is found by the next look."""
    return _Shelf((len(known), sum(version for version, _ in known.values())), known)


def _entries(shelves: Mapping[Shelf, _Shelf], status: Status) -> Sequence[Entry]:
    return [
        entry
        for key, shelf in shelves.items()
        if key[0] == status.value
        for _, entry in shelf.known.values()
        if entry is not None
    ]


def _entry(tx: Tx, row: Any) -> Entry | None:
    with suppress(Tampered):
        found = cases.read(tx, row)
        facts = found.facts
        return Entry(
            found.case,
            waiting_of(found),
            facts.shown_at,
            frozenset(facts.category.split(",")) - {""},
            facts.spoken,
            facts.replied_hour > 0,
            facts.wrote_again,
            max(facts.received_hour, facts.returned),
        )
    return None


def waiting_of(case: Case) -> Waiting:
    facts = case.facts
    within = None if facts.within is None else facts.within * 3_600
    return Waiting(case.reference, facts.level, facts.received_hour, facts.near_empty, within)
