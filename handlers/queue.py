"""Which open cases come next.

What a case's place depends on is wrapped, and never changes once it was sent. So it is read once for each case and
remembered in this process; whether a case is open is asked of the database each time.
"""

from __future__ import annotations

from dataclasses import dataclass
from heapq import nsmallest

from sqlalchemy import bindparam, select

from intake.lifecycle import Status
from intake.triage import Waiting, order
from storage import cases
from storage.cases import Case
from storage.database import Tx
from storage.schema import cases as table

Place = tuple[int, bool, int, str]
_OPEN = select(table.c.case_id).where(table.c.status == bindparam("status", Status.OPEN.value))


def order_of(case: Case) -> Place:
    facts = case.facts
    return order(Waiting(case.reference, facts.level, facts.received_hour, facts.near_empty))


@dataclass(frozen=True, slots=True)
class Line:
    waiting: int
    """How many open cases there are, the damaged ones apart."""
    first: list[Case]


class Queue:
    def __init__(self) -> None:
        self._places: dict[bytes, Place | None] = {}
        """Of each case that was open at the last look; None: it is damaged."""

    def look(self, tx: Tx, most: int) -> Line:
        """The first `most`, in order. The first look in a process reads all open cases: it is a long work."""
        before, places = self._places, dict[bytes, Place | None]()
        for case in tx.conn.execute(_OPEN).scalars():
            places[case] = before[case] if case in before else _place(tx, case)
        self._places = places  # at once: other looks may be under way in other threads
        known = [(place, case) for case, place in places.items() if place is not None]
        first = (cases.sound(tx, case) for _, case in nsmallest(most, known))
        return Line(len(known), [case for case in first if case is not None])


def _place(tx: Tx, case: bytes) -> Place | None:
    found = cases.sound(tx, case)
    return None if found is None else order_of(found)
