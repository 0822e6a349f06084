"""What a transaction makes due: heard by whoever works on it, so that nobody has to look through all rows for it.

The times that stand in the clear are days (docs/decisions/0003), so no index leads to the rows of this minute. The
sender keeps its timetable in memory instead. In the sender's own process it hears of each row when the row has been
committed. A process without a sender (a command in the shell; another `postern run`) leaves a ring in the same
transaction: a row that names the row, until the sender has noticed it.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from enum import StrEnum
from typing import NamedTuple

from sqlalchemy import Connection, bindparam, delete, insert, select

from storage.schema import rings

MOST_RINGS = 500
"""Taken at once."""
MINUTE = 60


class Kind(StrEnum):
    JOB = "job"
    TRACE = "trace"
    DRAFT = "draft"


class Mark(NamedTuple):
    kind: Kind
    row: bytes
    """Primary key."""
    when: int
    """Unix seconds: when a job or trace is due; when a draft was last touched."""


Listener = Callable[[Sequence[Mark]], None]
"""Must not raise: what it hears of has been committed."""

_LEAVE = insert(rings)
_TAKE = select(rings).limit(MOST_RINGS)
_DROP = delete(rings).where(rings.c.id.in_(bindparam("ids", expanding=True)))


def ring(conn: Connection, marks: Sequence[Mark]) -> None:
    """Leave word of these rows for the sender, which runs in another process."""
    rows = {(mark.kind, mark.row) for mark in marks}
    conn.execute(
        _LEAVE, [{"id": secrets.token_bytes(16), "kind": kind.value, "row": row} for kind, row in rows]
    )


class Bell:
    """Which rings a process still has to leave: for a draft one a minute, which is as fine as the timetable is.

    Whoever presses on is found to have done so when the draft comes up; see `bot.due`.
    """

    def __init__(self) -> None:
        self._minute = 0
        self._rung: set[bytes] = set()
        """Drafts for which there was a ring in this minute."""

    def wanted(self, marks: Sequence[Mark]) -> list[Mark]:
        return [
            mark
            for mark in marks
            if mark.kind is not Kind.DRAFT
            or mark.when // MINUTE != self._minute
            or mark.row not in self._rung
        ]

    def rang(self, marks: Sequence[Mark]) -> None:
        """These have been committed."""
        for mark in marks:
            if mark.kind is Kind.DRAFT:
                if mark.when // MINUTE != self._minute:
                    self._minute = mark.when // MINUTE
                    self._rung.clear()
                self._rung.add(mark.row)


def rung(conn: Connection) -> list[tuple[bytes, Kind, bytes]]:
    """Some of the rings that are there: (id, kind, row)."""
    return [(row.id, Kind(row.kind), row.row) for row in conn.execute(_TAKE).all()]


def silence(conn: Connection, ids: Sequence[bytes]) -> None:
    """These rings have been heard."""
    conn.execute(_DROP, {"ids": list(ids)})


def silence_all(conn: Connection) -> None:
    """Every row is going to be looked at from now on."""
    conn.execute(delete(rings))
