"""Monthly counts. They are wrapped, they outlive the cases, and a month that is over never changes.

An event is first a *pending* row: one insert in the event's own transaction, one size, a random key. `fold` adds
pending rows to their month when there are enough of them, so that of two copies of the database none shows what one
request changed. Where this ends: whoever has the server key reads the pending rows too, fewer than k of each kind most
of the time; each says what one request counts as, and neither whose it is nor which.
"""

from __future__ import annotations

import json
import secrets
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import bindparam, delete, insert, select

from intake.counts import REQUESTS, earlier, kind_of, month_of
from storage.database import Tx, upsert
from storage.ready import Ready
from storage.schema import pending_counts, tallies

COUNT = "tallies.count"
COUNT_BYTES = 16
"""Of a row with a name, as they were written before there were pending rows."""
MONTH_BYTES = 8_192
"""Room for some 250 counts. A month with more takes as much again."""
PENDING = "pending_counts.box"
PENDING_BYTES = 768
"""An event with more names, which takes a questionnaire with very long ids, takes several rows."""
GRACE = 2 * 86_400
"""Seconds after a month's end in which what belongs to it may still come: clocks differ."""
AT_ONCE = 2_000
"""Rows folded in one transaction."""
MOST_EMPTY = 24
"""Months without anything in a row that are closed with the next one."""
WHOLE = ""
"""The name of the row that holds a whole month."""

Counts = Counter[tuple[str, str]]
"""(month, name) -> number."""


@dataclass(frozen=True, slots=True)
class Event:
    """One pending row."""

    month: str
    names: tuple[str, ...]


@dataclass(slots=True)
class _Month:
    counts: Counter[str]
    over: bool = False
    """Nothing is added any more."""


def add(tx: Tx, month: str, names: Iterable[str]) -> None:
    """Count one more under each name, in the event's own transaction."""
    for some in _fitting(Event(month, tuple(names))):
        row = secrets.token_bytes(16)
        plain = json.dumps([some.month, *some.names], separators=(",", ":")).encode()
        box = tx.vault.wrap_padded(PENDING, row, plain, PENDING_BYTES)
        _ADD.run(tx.conn, {"id": row, "box": box})


_ADD = Ready(insert(pending_counts))


def _fitting(event: Event) -> Iterator[Event]:
    room, some = PENDING_BYTES, list[str]()
    for name in event.names:
        size = len(json.dumps(name)) + 1
        if some and size > room - 32:
            yield Event(event.month, tuple(some))
            room, some = PENDING_BYTES, []
        some.append(name)
        room -= size
    if some:
        yield Event(event.month, tuple(some))


def read(tx: Tx, months: Collection[str] | None = None) -> Counts:
    """Everything that was counted, pending rows included: exact to this moment. `months`: these only.

    A pending row counts where `fold` will add it, so no number that was read falls when it is folded.
    """
    stored, found = _months(tx), Counts()
    for month, each in stored.items():
        for name, number in each.counts.items():
            found[month, name] += number
    for _, event in _pending(tx):
        month = _open_month(stored, event.month)
        for name in event.names:
            found[month, name] += 1
    if months is None:
        return found
    return Counts({(month, name): n for (month, name), n in found.items() if month in months})


def settled(tx: Tx, months: Collection[str] | None = None) -> Counts:
    """Without the pending rows: what breakdowns are shown from. Two looks at it differ by k requests, or by none."""
    found = Counts()
    for month, each in _months(tx, months).items():
        for name, number in each.counts.items():
            found[month, name] += number
    return found


@dataclass(frozen=True, slots=True)
class Known:
    """What is counted: exact to this moment, and of whole months."""

    counts: Counts
    settled: Counts
    over: str | None
    """The newest month that is final."""

    @property
    def first(self) -> str | None:
        """The month in which counting began."""
        return min((month for month, _ in self.counts), default=None)

    def total(self, period: Iterable[str], name: str = REQUESTS) -> int:
        return sum(self.counts[month, name] for month in period)

    def covers(self, period: Sequence[str]) -> bool:
        return self.first is not None and self.first <= period[0]


def known(tx: Tx) -> Known:
    return Known(read(tx), settled(tx), newest_over(tx))


def fold(tx: Tx, now: int, k: int) -> int:
    """Add pending rows to their months; how many. Rows of one kind and month go together, `k` or more of them, or all
    when the month and its grace are over: then the month is closed for good, and what comes later counts in the next
    one that isn't. Whatever counts in a month is in it before it is closed, wherever it came from.

    To be done again while it returns something: it takes some at a time, in the order of their random keys.
    """
    pending = list(_pending(tx, AT_ONCE))
    months = _months(tx)
    ended = month_of(now - GRACE)
    groups: dict[tuple[str, str], list[tuple[bytes, Event]]] = {}
    for row, event in pending:
        month = _open_month(months, event.month)
        groups.setdefault((month, kind_of(event.names[0])), []).append((row, event))
    taken: list[bytes] = []
    changed = _old_rows(tx)
    for (month, _), rows in groups.items():
        if len(rows) < k and month >= ended:
            continue
        counts = months.setdefault(month, _Month(Counter())).counts
        for row, event in rows:
            counts.update(event.names)
            taken.append(row)
        changed.add(month)
    if len(pending) < AT_ONCE:
        for month in _with_gaps([month for month in months if month < ended]):
            each = months.setdefault(month, _Month(Counter()))  # also one in which nothing came
            if not each.over:
                each.over = True
                changed.add(month)
    for month in sorted(changed):
        _save(tx, month, months[month])
    if taken:
        tx.conn.execute(_TAKE, [{"row": row} for row in taken])
    return len(taken)


def _open_month(months: Mapping[str, _Month], month: str) -> str:
    """Where an event of this month counts: there, or in the next that isn't closed. It is the same at any time, so the
    event stays where it was read until that month is closed, with it."""
    while month in months and months[month].over:
        month = earlier(month, -1)
    return month


def _with_gaps(months: Collection[str]) -> Iterator[str]:
    """These, and those between them; but not the decades after a clock that stood at 1970."""
    last = ""
    for month in sorted(months):
        between = 0
        while last and between < MOST_EMPTY and earlier(month, between + 1) > last:
            between += 1
        yield from (earlier(month, back) for back in range(between, -1, -1))
        last = month


_TAKE = delete(pending_counts).where(pending_counts.c.id == bindparam("row"))


def overdue(tx: Tx, now: int) -> list[str]:
    """Months that ended more than a month ago and are not closed: nobody folds."""
    old, months = earlier(month_of(now - GRACE), 1), _months(tx)
    wait = {month for month, each in months.items() if not each.over}
    wait |= {_open_month(months, event.month) for _, event in _pending(tx)}
    return sorted(month for month in wait if month < old)


def _pending(tx: Tx, most: int | None = None) -> Iterator[tuple[bytes, Event]]:
    rows = tx.conn.execute(select(pending_counts).order_by(pending_counts.c.id).limit(most)).all()
    for row in rows:
        month, *names = json.loads(tx.vault.unwrap_padded(PENDING, row.id, row.box))
        yield row.id, Event(month, tuple(names))


def _months(tx: Tx, months: Collection[str] | None = None) -> dict[str, _Month]:
    query = select(tallies)
    if months is not None:
        query = query.where(tallies.c.month.in_(months))
    found: dict[str, _Month] = {}
    for row in tx.conn.execute(query).all():
        each = found.setdefault(row.month, _Month(Counter()))
        plain = tx.vault.unwrap_padded(COUNT, bound_to(row.month, row.name), row._mapping[tallies.c.count])
        if row.name == WHOLE:
            kept = json.loads(plain)
            each.counts.update(kept["n"])
            each.over = kept["over"]
        else:
            each.counts[row.name] += int(plain)
    return found


def _old_rows(tx: Tx) -> set[str]:
    """Take away the rows of single counts; their months, which have been read with them, are to be saved anew."""
    old = {row.month for row in tx.conn.execute(select(tallies.c.month).where(tallies.c.name != WHOLE)).all()}
    if old:
        tx.conn.execute(delete(tallies).where(tallies.c.name != WHOLE))
    return old


def _save(tx: Tx, month: str, each: _Month) -> None:
    whole = {"over": each.over, "n": dict(sorted(each.counts.items()))}
    plain = json.dumps(whole, separators=(",", ":")).encode()
    room = MONTH_BYTES * (1 + len(plain) // MONTH_BYTES)
    box = tx.vault.wrap_padded(COUNT, bound_to(month, WHOLE), plain, room)
    upsert(tx, tallies, {"month": month, "name": WHOLE}, {"count": box})


def bound_to(month: str, name: str) -> bytes:
    """What the box of a row of `tallies` is bound to."""
    return f"{month}|{name}".encode()


def restore(tx: Tx, months: Mapping[str, Mapping[str, int]]) -> None:
    """Set whole months that are over, for benchmarks and for counts kept elsewhere before Postern."""
    for month, counts in months.items():
        _save(tx, month, _Month(Counter(counts), over=True))


def newest_over(tx: Tx) -> str | None:
    """The last month whose counts are final."""
    return max((month for month, each in _months(tx).items() if each.over), default=None)
