"""What is known to become due: jobs, traces and drafts, from what this process commits and from looks at the rows."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from bot.timetable import MINUTE, Timetable
from storage.marks import Kind, Mark

MOST_AT_ONCE = 200
"""Rows read or written in one go: turns wait meanwhile, for some milliseconds."""


class Idle:
    """When each draft was last touched; it is taken out `limit` seconds later, unless it was touched again."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._touched: dict[bytes, int] = {}
        self._timetable = Timetable()

    def __len__(self) -> int:
        return len(self._touched)

    def __contains__(self, account: bytes) -> bool:
        return account in self._touched

    def note(self, account: bytes, when: int) -> None:
        """One entry a minute is enough: whoever presses on is found to have done so when it comes up."""
        before = self._touched.get(account)
        self._touched[account] = when
        if before is None or before // MINUTE != when // MINUTE:
            self._timetable.put(account, self._ends(when))

    def take(self, now: int, most: int = MOST_AT_ONCE) -> list[bytes]:
        """Those whose time is over, as far as is known here."""
        found = []
        for account in self._timetable.take(now, most):
            touched = self._touched.get(account)
            if touched is None:  # it was taken by another of its entries
                continue
            if self._ends(touched) <= now:
                del self._touched[account]
                found.append(account)
            elif (
                self._ends(touched) - now < MINUTE
            ):  # touched later in the same minute, and not entered again
                self._timetable.put(account, self._ends(touched))
        return found

    def _ends(self, when: int) -> int:
        return when + self._limit + 1


class Due:
    """The three together: what the sender goes by."""

    def __init__(self, draft_seconds: int) -> None:
        self.jobs = Timetable()
        self.traces = Timetable()
        self.drafts = Idle(draft_seconds)
        self._anew: Due | None = None

    def note(self, marks: Iterable[Mark]) -> None:
        """The listener of `storage.marks`."""
        anew = self._anew
        for kind, row, when in marks:
            if kind is Kind.DRAFT:
                self.drafts.note(row, when)
            elif kind is Kind.JOB:
                self.jobs.put(row, when)
                if anew is not None:
                    anew.jobs.put(row, when)
            else:
                self.traces.put(row, when)
                if anew is not None:
                    anew.traces.put(row, when)

    def begin_anew(self) -> Due:
        """Another one, to be filled from the rows; meanwhile it hears of what is committed, too."""
        self._anew = Due(0)
        return self._anew

    def stay(self) -> None:
        """The new one will not be completed."""
        self._anew = None

    def take_over(self) -> None:
        """The new one is complete: what the old one knew of rows that are long gone is forgotten."""
        if self._anew is not None:
            self.jobs, self.traces, self._anew = self._anew.jobs, self._anew.traces, None

    def again(self, kind: Kind, rows: Sequence[bytes], when: int) -> None:
        """Rows that were taken out and not dealt with."""
        self.note(Mark(kind, row, when) for row in rows)
