"""The audit trail: who did what, to which case, in which hour. Rows are added, and go when they are old; none changes.

Each row's link is a keyed hash over its number, the link before it, and what it says:

    link(n) = MAC(number n | link(n-1) | text of row n)

Keyed, for two reasons. The text holds so little that whoever steals the file could find it from a plain hash by
trying all there is. And whoever can write to the database but has no server key can neither alter, leave out, insert
nor reorder a row, because nobody else can make the links that follow. The key comes from the stored secrets, so a
rotation of the server key, which wraps the texts anew, changes no link.

Where the trail ends stands, wrapped, in `meta`, with the link of the last row that was purged: so a trail that lost its
end is noticed, and one that was purged can still be followed. Where this ends: whoever has the server key can write any
trail; and a database that is put back as a whole to an earlier day looks as it did on that day. Against both helps what
is kept elsewhere: `postern audit` prints the last number and link, to be noted down.

Of a case the trail keeps the random id, and not the reference: while the case is there, its reference is looked up, and
when it was erased, nothing leads from the row to anything that anybody has seen. Rows about one erased case can still
be told to be about the same. Nothing else of a requester comes in here: requesters' own acts are not in the trail.

The order of the rows is linear across processes: see `note`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace

from sqlalchemy import Row, bindparam, delete, func, insert, select

from intake.errors import SealingError
from intake.trail import By, Event
from storage import meta
from storage.advisory import Single
from storage.database import Tx, hold
from storage.other_versions import SENSELESS, saved_otherwise
from storage.schema import audit
from storage.staff import Member

BOX = "audit.box"
LINK = "audit.link"
BOX_BYTES = 512
"""Room for two pseudonyms of 32 characters at four bytes each, and the rest."""
HEAD = "audit-head"
"""In `meta`: where the trail begins and ends, wrapped."""
HEAD_BYTES = 256
NO_LINK = bytes(16)
DAY, HOUR = 86_400, 3_600
PAGE = 500
MOST_SEARCHED = 50_000
"""Rows that one look goes through for those it wants: a second or two."""


@dataclass(frozen=True, slots=True)
class Entry:
    number: int
    hour: int
    """Unix seconds, cut to the hour."""
    event: Event
    who: str
    """A member's id, or a `By`."""
    name: str
    """The member's pseudonym as it was then; empty for a `By`."""
    case: bytes | None = field(default=None, repr=False)
    whom: str = ""
    """The pseudonym of whoever it was done to, or with."""
    detail: str = ""
    """A word out of a closed set: an outcome, a role, a level, a setting's name. Of many cases at once, how many."""


@dataclass(frozen=True, slots=True)
class _Head:
    last: int = 0
    link: str = NO_LINK.hex()
    purged: int = 0
    """Number of the last row that was purged."""
    purged_link: str = NO_LINK.hex()


_ADD = insert(audit)
_BEFORE = (
    select(audit).where(audit.c.number < bindparam("before")).order_by(audit.c.number.desc()).limit(PAGE)
)
_AFTER = select(audit).where(audit.c.number > bindparam("after")).order_by(audit.c.number).limit(PAGE)


def note(
    tx: Tx,
    event: Event,
    by: Member | By | None,
    now: int,
    *,
    case: bytes | None = None,
    whom: str = "",
    detail: str = "",
) -> None:
    """Add a row, in the transaction of the fact. `by`: None is `By.ITSELF`; `case`: its id.

    On PostgreSQL whoever adds is alone at it from here to the transaction's end, whether or not it has a lane, so two
    rows never follow the same one. No requester's turn comes here, so none waits for it.
    """
    hold(tx, Single.AUDIT)
    head = _head(tx)
    if head is None:
        head = _begin(tx, now)
    who, name = (by.id, by.name) if isinstance(by, Member) else ((by or By.ITSELF).value, "")
    entry = Entry(head.last + 1, now - now % HOUR, event, who, name, case, whom, detail)
    _put_head(tx, _append(tx, head, entry, now))


@dataclass(frozen=True, slots=True)
class Verdict:
    rows: int
    last: int
    """Number of the last row."""
    link: str
    """Hexadecimal link of the last row: what to note down elsewhere."""
    fault: str = ""
    """One line; empty: every row stands where it was written, as it was written."""


def verify(tx: Tx) -> Verdict:
    """Follow the whole chain. A few seconds for a hundred thousand rows."""
    head, rows = _head(tx), 0
    if head is None:
        there = tx.conn.execute(select(func.count()).select_from(audit)).scalar_one()
        lost = there or meta.get(tx, HEAD) is not None
        return Verdict(
            there, 0, NO_LINK.hex(), "the note of where it ends is gone or altered" if lost else ""
        )
    number, link, fault = head.purged, bytes.fromhex(head.purged_link), ""
    for row in _rows(tx, number):
        rows += 1
        if fault:
            continue
        fault = _fault(tx, row, number, link)
        number, link = row.number, row.link
    if not fault and (number, link.hex()) != (head.last, head.link):
        fault = f"the rows behind number {number} are missing"
    return Verdict(rows, head.last, head.link, fault)


def _fault(tx: Tx, row: Row[tuple[object, ...]], before: int, link: bytes) -> str:
    if row.number != before + 1:
        return f"rows between number {before} and number {row.number} are missing"
    try:
        plain = tx.vault.unwrap_padded(BOX, place(row.number), row.box)
        tx.vault.check_mac(LINK, place(row.number), link + plain, row.link)
        entry = _entry(row.number, plain)
    except SealingError:
        return f"row number {row.number} was altered, or does not follow the one before it"
    if entry.hour // DAY != row.day:
        return f"the day of row number {row.number} was altered"
    if entry.event is Event.MENDED:
        return f"the note of where it ends was gone or altered before row number {row.number}"
    return ""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What to look for; what is empty is not asked for."""

    name: str = ""
    """Of whoever did it, or to whom it was done."""
    event: str = ""
    case: bytes | None = None

    def matches(self, entry: Entry) -> bool:
        return (
            (not self.name or self.name in {entry.name, entry.whom})
            and (not self.event or self.event == entry.event)
            and (self.case is None or self.case == entry.case)
        )


ALL = Wanted()


def latest(tx: Tx, most: int, before: int | None = None, wanted: Wanted = ALL) -> list[Entry]:
    """The newest first; only those with a number below `before`. Those that do not open are passed over."""
    found, searched = list[Entry](), 0
    at = before if before is not None else 2**31 - 1
    while len(found) < most and searched < MOST_SEARCHED:
        rows = tx.conn.execute(_BEFORE, {"before": at}).all()
        for row in rows:
            with suppress(SealingError):
                entry = _entry(row.number, tx.vault.unwrap_padded(BOX, place(row.number), row.box))
                if wanted.matches(entry):
                    found.append(entry)
        if len(rows) < PAGE:
            break
        searched, at = searched + PAGE, rows[-1].number
    return found[:most]


def past(tx: Tx, before_day: int) -> int:
    """How many rows are from before that day."""
    return tx.conn.execute(
        select(func.count()).select_from(audit).where(audit.c.day < before_day)
    ).scalar_one()


def purge(tx: Tx, before_day: int, most: int) -> int:
    """Drop some of the oldest rows, if they are from before that day; how many.

    The chain stays whole: the last link that went is kept. Nothing goes while nobody knows where the trail ends.
    """
    hold(tx, Single.AUDIT)
    head = _head(tx)
    if head is None:
        return 0
    gone: Row[tuple[object, ...]] | None = None
    count = 0
    for row in _rows(tx, head.purged):
        if row.day >= before_day or count >= most:
            break
        gone, count = row, count + 1
    if gone is None:
        return 0
    tx.conn.execute(delete(audit).where(audit.c.number <= gone.number))
    _put_head(tx, replace(head, purged=gone.number, purged_link=gone.link.hex()))
    return count


def _rows(tx: Tx, after: int) -> Iterator[Row[tuple[object, ...]]]:
    while rows := tx.conn.execute(_AFTER, {"after": after}).all():
        yield from rows
        after = rows[-1].number


def _append(tx: Tx, head: _Head, entry: Entry, now: int) -> _Head:
    said = asdict(entry) | {"case": entry.case.hex() if entry.case else ""}
    del said["number"]  # the place says it
    plain = json.dumps(said, ensure_ascii=False, separators=(",", ":")).encode()
    row = place(entry.number)
    link = tx.vault.mac(LINK, row, bytes.fromhex(head.link) + plain)
    box = tx.vault.wrap_padded(BOX, row, plain, BOX_BYTES)
    tx.conn.execute(_ADD, {"number": entry.number, "day": now // DAY, "box": box, "link": link})
    return replace(head, last=entry.number, link=link.hex())


def _entry(number: int, plain: bytes) -> Entry:
    with suppress(*SENSELESS):
        said = json.loads(plain)
        said["event"] = Event(said["event"])
        said["case"] = bytes.fromhex(said["case"]) or None
        return Entry(number, **said)
    raise saved_otherwise("A row of the audit trail")


def _begin(tx: Tx, now: int) -> _Head:
    """There is no head to go on from. If there are rows, or a head that doesn't open, that is said for ever.

    Nobody who can write to the database shall be able to stop the operators by it, nor to hide it.
    """
    ends = select(audit.c.number, audit.c.link).limit(1)
    last = tx.conn.execute(ends.order_by(audit.c.number.desc())).one_or_none()
    first = tx.conn.execute(ends.order_by(audit.c.number)).one_or_none()
    spoilt = last is not None or meta.get(tx, HEAD) is not None
    head = _Head()
    if last is not None and first is not None:
        head = _Head(last.number, last.link.hex(), first.number - 1)
    event = Event.MENDED if spoilt else Event.BEGUN
    return _append(tx, head, Entry(head.last + 1, now - now % HOUR, event, By.ITSELF, ""), now)


def _head(tx: Tx) -> _Head | None:
    box = meta.get(tx, HEAD)
    if box is not None:
        with suppress(SealingError, *SENSELESS):
            return _Head(**json.loads(tx.vault.unwrap_padded(meta.VALUE, HEAD.encode(), box)))
    return None


def _put_head(tx: Tx, head: _Head) -> None:
    plain = json.dumps(asdict(head)).encode()
    meta.put(tx, HEAD, tx.vault.wrap_padded(meta.VALUE, HEAD.encode(), plain, HEAD_BYTES))


def place(number: int) -> bytes:
    return number.to_bytes(8, "big")
