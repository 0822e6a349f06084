"""Cases: what was sent, and its life. Their sealed parts lie in `storage.locks` and `storage.thread`."""

from __future__ import annotations

import secrets
from collections.abc import Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, Row, bindparam, delete, func, insert, select, update

from intake.counts import closing_names, month_of
from intake.errors import Tampered
from intake.lifecycle import Act, Outcome, Status, after
from intake.questionnaire import Level
from storage import facts as fact_boxes
from storage import files, grouped, handouts, locks, outbox, replies, tallies, undelivered
from storage.database import Tx
from storage.facts import Contact, Facts, bound_to, unheld
from storage.other_versions import SENSELESS, saved_otherwise
from storage.ready import Ready
from storage.schema import cases, thread

DAY = 86_400
VERSION_BITS = 40
"""So that the sum of a million versions is a whole number of 64 bits, and two sums are equal by chance never."""


@dataclass(frozen=True, slots=True)
class Case:
    case: bytes
    reference: str
    status: Status
    holder: str | None
    facts: Facts
    received_day: int
    contact: Contact | None = None
    account: bytes | None = field(default=None, repr=False)
    code_tag: bytes | None = field(default=None, repr=False)
    code_key: bytes | None = field(default=None, repr=False)
    outcome: Outcome | None = None


def add(tx: Tx, case: Case) -> None:
    row = {
        "case_id": case.case,
        "reference": case.reference,
        "status": case.status.value,
        "holder": None,
        "account": case.account,
        "code_tag": case.code_tag,
        "code_key": case.code_key,
        "facts": _wrap_facts(tx, case),
        "contact": fact_boxes.wrap_contact(tx, case.case, case.contact),
        "received_day": case.received_day,
        "version": new_version(),
    }
    _ADD.run(tx.conn, row)


def new_version() -> int:
    """For `cases.version`, with each change: whoever remembers a case finds by it that it must be read anew."""
    return secrets.randbits(VERSION_BITS)


_ADD = Ready(insert(cases))
_BY_ID, _BY_REFERENCE, _BY_ACCOUNT, _BY_CODE = (
    Ready(select(cases).where(column == bindparam("wanted")))
    for column in (cases.c.case_id, cases.c.reference, cases.c.account, cases.c.code_tag)
)


def by_id(tx: Tx, case: bytes) -> Case | None:
    return _one(tx, _BY_ID, case)


def by_reference(tx: Tx, reference: str) -> Case | None:
    return _one(tx, _BY_REFERENCE, reference)


def has_reference(tx: Tx, reference: str) -> bool:
    return _BY_REFERENCE.one(tx.conn, {"wanted": reference}) is not None


def id_of(tx: Tx, reference: str) -> bytes | None:
    found: bytes | None = tx.conn.execute(
        select(cases.c.case_id).where(cases.c.reference == reference)
    ).scalar()
    return found


def references(tx: Tx, ids: Collection[bytes]) -> dict[bytes, str]:
    """Of those of these cases that are still there, the reference."""
    rows = tx.conn.execute(select(cases.c.case_id, cases.c.reference).where(cases.c.case_id.in_(ids))).all()
    return {row.case_id: row.reference for row in rows}


def by_account(tx: Tx, account: bytes) -> Case | None:
    """The open case that is answered in this account's chat."""
    return _one(tx, _BY_ACCOUNT, account)


def by_code(tx: Tx, code_tag: bytes) -> Case | None:
    return _one(tx, _BY_CODE, code_tag)


def sound(tx: Tx, case: bytes) -> Case | None:
    """As `by_id`, for those who go through many: a damaged case, which must not hold up the others, is none."""
    with suppress(Tampered):
        return by_id(tx, case)
    return None


def with_status(tx: Tx, status: Status) -> list[Case]:
    """Without the damaged ones: see `damaged`."""
    return _sound(tx, cases.c.status == status.value)


def held_by(tx: Tx, holder: str) -> list[Case]:
    """Without the damaged ones: see `damaged`."""
    return _sound(tx, cases.c.holder == holder)


def count_held(tx: Tx, holder: str) -> int:
    """The damaged ones, too."""
    return tx.conn.execute(
        select(func.count()).select_from(cases).where(cases.c.holder == holder)
    ).scalar_one()


def holders(tx: Tx) -> list[str]:
    """Ids of those who hold a case."""
    held = select(cases.c.holder).where(cases.c.holder.is_not(None)).distinct().order_by(cases.c.holder)
    return [holder for holder in tx.conn.execute(held).scalars() if holder is not None]


def damaged(tx: Tx) -> list[str]:
    """References of the cases that were altered outside Postern, or whose row is broken."""
    everyone = tx.conn.execute(select(cases.c.case_id, cases.c.reference)).all()
    return [row.reference for row in everyone if sound(tx, row.case_id) is None]


def save_facts(tx: Tx, case: Case, facts: Facts) -> None:
    """`case`: as it was read in this transaction."""
    if case.status is Status.OPEN and facts.grouped != case.facts.grouped:
        _count_grouped(tx, facts, 1 if facts.grouped else -1)
    _update(tx, case.case, facts=_wrap_facts(tx, replace(case, facts=facts)))


def set_level(tx: Tx, case: Case, level: Level) -> None:
    """Only of a held one: what is open is counted on the board by its level.

    An emergency has a card, whatever it was before. Whom a person has raised is not pushed back for saying little.
    """
    facts = replace(case.facts, level=level, near_empty=case.facts.near_empty and level is Level.STANDARD)
    if level is Level.EMERGENCY:
        facts = replace(facts, grouped=False, shown_at=0)
    save_facts(tx, case, facts)


def move(tx: Tx, case: Case, act: Act, *, holder: str | None) -> bool:
    """Take one step of the case's life. False: somebody else was first; nothing was changed.

    The condition on the old status and holder makes this atomic, across processes too. The messages in the old
    holder's chat are forgotten: nobody else may answer by them.
    """
    status = after(case.status, act)
    if status is None:
        return False
    was = (cases.c.case_id == case.case) & (cases.c.status == case.status.value)
    was &= cases.c.holder.is_(None) if case.holder is None else cases.c.holder == case.holder
    facts = _wrap_facts(tx, replace(case, facts=unheld(case.facts)))
    values = {"status": status.value, "holder": holder, "facts": facts, "version": new_version()}
    done = tx.conn.execute(update(cases).where(was).values(**values))
    if done.rowcount != 1:
        return False
    if case.facts.grouped and case.status is not status:
        _count_grouped(tx, case.facts, (status is Status.OPEN) - (case.status is Status.OPEN))
    return True


def close(tx: Tx, case: Case, outcome: Outcome, day: int) -> bool:
    """Close it and forget the chat: from now on nothing here leads back to an account."""
    act = Act.WITHDRAW if outcome is Outcome.WITHDRAWN else Act.CLOSE
    if not move(tx, case, act, holder=None):
        return False
    facts = _wrap_facts(tx, replace(case, account=None, facts=unheld(case.facts)))
    _update(tx, case.case, outcome=outcome.value, closed_day=day, account=None, contact=None, facts=facts)
    tallies.add(tx, month_of(day * DAY), closing_names(outcome, held=case.status is Status.CLAIMED))
    _forget_replies(tx, [case.case])
    return True


def answer_by_code(tx: Tx, case: Case, code_tag: bytes, code_key: bytes) -> None:
    """Change an emergency's channel from the chat to a return code: the chat is forgotten."""
    facts = _wrap_facts(tx, replace(case, account=None, code_tag=code_tag, code_key=code_key))
    _update(tx, case.case, code_tag=code_tag, code_key=code_key, account=None, contact=None, facts=facts)


def erase(tx: Tx, chosen: Sequence[bytes]) -> None:
    """Slots, then boxes, then the rows, and whatever was still to be sent about them. The tallies stay."""
    locks.erase(tx, chosen)
    for case in chosen:
        found = sound(tx, case)
        if found is not None and found.status is Status.OPEN and found.facts.grouped:
            _count_grouped(tx, found.facts, -1)
    outbox.drop_about(tx, {case.hex() for case in chosen})
    _forget_replies(tx, chosen)
    files.erase_of(tx, chosen)
    tx.conn.execute(delete(thread).where(thread.c.case_id.in_(chosen)))
    tx.conn.execute(delete(cases).where(cases.c.case_id.in_(chosen)))


def _forget_replies(tx: Tx, chosen: Sequence[bytes]) -> None:
    """How they stood: nobody has to act on that any more. What they say stays in the thread until that goes."""
    replies.forget_of(tx, chosen)
    handouts.forget_own_of(tx, chosen)
    undelivered.forget_about(tx, {case.hex() for case in chosen})


@dataclass(frozen=True, slots=True)
class Unfinished:
    """What can be known of a case without unwrapping it."""

    case: bytes
    reference: str
    holder: str | None


def unfinished_of(tx: Tx, day: int) -> list[Unfinished]:
    """Received on that day, and not closed."""
    columns = select(cases.c.case_id, cases.c.reference, cases.c.holder)
    rows = tx.conn.execute(
        columns.where(cases.c.received_day == day, cases.c.status != Status.CLOSED.value).order_by(
            cases.c.reference
        )
    )
    return [Unfinished(*row) for row in rows]


def unfinished_since(until: int) -> ColumnElement[bool]:
    """Received on that day or earlier, and not closed."""
    return (cases.c.received_day <= until) & (cases.c.status != Status.CLOSED.value)


def finished_since(until: int) -> ColumnElement[bool]:
    """Closed on that day or earlier."""
    return cases.c.closed_day <= until


def count(tx: Tx, status: Status) -> int:
    found = tx.conn.execute(select(func.count()).select_from(cases).where(cases.c.status == status.value))
    return found.scalar_one()


def _count_grouped(tx: Tx, facts: Facts, by: int) -> None:
    if by:
        grouped.change(tx, facts.level, facts.near_empty, by)


def _sound(tx: Tx, condition: ColumnElement[bool]) -> list[Case]:
    found = []
    for row in tx.conn.execute(select(cases).where(condition)).all():
        with suppress(Tampered):
            found.append(read(tx, row))
    return found


def _one(tx: Tx, statement: Ready, wanted: object) -> Case | None:
    row = statement.one(tx.conn, {"wanted": wanted})
    return None if row is None else read(tx, row)


def _update(tx: Tx, case: bytes, **values: object) -> None:
    values["version"] = new_version()
    _updating(*values).run(tx.conn, {"which": case, **values})


@cache
def _updating(*names: str) -> Ready:
    values: dict[str, Any] = {name: bindparam(name) for name in names}
    return Ready(update(cases).where(cases.c.case_id == bindparam("which")).values(values))


def read(tx: Tx, row: Row[Any]) -> Case:
    """A row's case; it may have other columns beside those of `cases`. Raises Tampered."""
    bound = bound_to(row.case_id, row.reference, row.account, row.code_tag, row.code_key)
    found = fact_boxes.unwrap(tx, bound, row.facts)
    contact = fact_boxes.unwrap_contact(tx, row.case_id, row.contact)
    with suppress(*SENSELESS):
        return _case(row, found, contact)
    raise saved_otherwise("A case")


def _case(row: Row[Any], facts: Facts, contact: Contact | None) -> Case:
    return Case(
        case=row.case_id,
        reference=row.reference,
        status=Status(row.status),
        holder=row.holder,
        facts=facts,
        received_day=row.received_day,
        contact=contact,
        account=row.account,
        code_tag=row.code_tag,
        code_key=row.code_key,
        outcome=Outcome(row.outcome) if row.outcome else None,
    )


def _wrap_facts(tx: Tx, case: Case) -> bytes:
    bound = bound_to(case.case, case.reference, case.account, case.code_tag, case.code_key)
    return fact_boxes.wrap(tx, bound, case.facts)
