"""All that is kept under an account's keyed hash, in one look: every turn begins with it."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, field

from sqlalchemy import ColumnElement, CompoundSelect, LargeBinary, any_, bindparam, select, union_all
from sqlalchemy.dialects.postgresql import ARRAY

from storage import cases as case_store
from storage import drafts as draft_store
from storage.cases import Case
from storage.database import Tx
from storage.drafts import Conversation
from storage.ready import Ready
from storage.schema import blocked, cases, drafts, staff


@dataclass(frozen=True, slots=True)
class Known:
    staff: bool
    """Somebody of the staff; whether they may act is for `storage.staff` to say."""
    conversation: Conversation | None
    case: Case | None = field(repr=False)
    """The open case that is answered in this account's chat."""
    blocked: bool


def look_up(tx: Tx, account: bytes, today: int) -> Known:
    (row,) = _ALL.all(tx.conn, {"account": account})
    return Known(
        staff=row.id is not None,
        conversation=draft_store.read(tx, account, row.state) if row.state is not None else None,
        case=case_store.read(tx, row) if row.case_id is not None else None,
        blocked=row.until_day is not None and row.until_day > today,
    )


def served_among(tx: Tx, accounts: Collection[bytes]) -> set[bytes]:
    """Of these accounts, those of the staff, and those that have a draft or an open case."""
    if tx.conn.dialect.name == "sqlite":  # no way to go, so one after another costs least
        return {account for account in accounts if _IS_SERVED.all(tx.conn, {"account": account})}
    rows = tx.conn.execute(_SERVED, {"accounts": list(accounts)}) if accounts else ()
    return {bytes(account) for (account,) in rows}


def _served(which: Callable[[ColumnElement[bytes]], ColumnElement[bool]]) -> CompoundSelect[bytes]:
    return union_all(
        *(select(table.c.account).where(which(table.c.account)) for table in (staff, drafts, cases))
    )


_SERVED = _served(lambda column: column == any_(bindparam("accounts", type_=ARRAY(LargeBinary))))
"""As one statement, however many are asked for: PostgreSQL keeps it prepared."""
_IS_SERVED = Ready(_served(lambda column: column == bindparam("account", type_=LargeBinary)))
_WHO = select(bindparam("account", type_=LargeBinary).label("asked")).subquery()
_ALL = Ready(
    select(staff.c.id, drafts.c.state, blocked.c.until_day, *cases.c).select_from(
        _WHO.outerjoin(staff, staff.c.account == _WHO.c.asked)
        .outerjoin(drafts, drafts.c.account == _WHO.c.asked)
        .outerjoin(cases, cases.c.account == _WHO.c.asked)
        .outerjoin(blocked, blocked.c.account == _WHO.c.asked)
    )
)
