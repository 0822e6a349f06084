"""What nobody goes on with: conversations that ended long ago, and locks that neither a case nor a draft leads to.

A conversation's time is wrapped, so all of them are looked at, some at a time. A lock is astray when its draft could
not be read any more and was dropped (`storage.damage`): what was sealed with it is nobody's.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterator, Mapping

from sqlalchemy import exists, select

from intake.lifecycle import Status
from storage import drafts, locks
from storage.database import Database, Tx
from storage.drafts import Conversation
from storage.found import Found
from storage.schema import cases as cases_table
from storage.schema import locks as locks_table

DRAFTS, STRAYS = "drafts", "stray locks"
"""As `storage.retention` names them."""
PAGE = 100
"""Rows looked at, or erased, in one transaction."""


def count(tx: Tx, before: int) -> dict[str, int]:
    """How many there are of each; conversations whose last event was before that Unix second."""
    ended, held, last = 0, set[bytes](), b""
    while page := _keys(found := drafts.after(tx, last, PAGE)):
        ended += len(_ended(tx, found.rows, before))
        held |= _cases(found.rows.values())
        last = page[-1]
    return {DRAFTS: ended, STRAYS: len(set(_homeless_all(tx)) - held)}


async def erase(db: Database, before: int) -> dict[str, int]:
    """Erase them; how many of each.

    The locks are looked for first and the drafts after them: a lock comes with the draft that holds it, in one
    transaction, so whatever is homeless and not held by then never will be. Raises WrongKey, before anything is
    erased, if drafts can't be read for want of the server key.
    """
    homeless, held, ended, last = await _homeless(db), set[bytes](), 0, b""
    while True:
        found = await db.read(lambda tx, last=last: drafts.after(tx, last, PAGE))  # type: ignore[misc]
        page = _keys(found)
        if not page:
            break
        held |= _cases(found.rows.values())
        if any(each.draft.active_at < before for each in found.rows.values()):
            ended += await db.write(lambda tx, page=page: _erase_ended(tx, page, before))  # type: ignore[misc]
        last = page[-1]
        await asyncio.sleep(0)
    astray = [case for case in homeless if case not in held]
    erased = 0
    for start in range(0, len(astray), PAGE):
        some = astray[start : start + PAGE]
        erased += await db.write(lambda tx, some=some: _erase_homeless(tx, some))  # type: ignore[misc]
    return {DRAFTS: ended, STRAYS: erased}


def _keys(found: Found[Conversation]) -> list[bytes]:
    return sorted([*found.rows, *found.damaged])


def _cases(conversations: Collection[Conversation]) -> set[bytes]:
    return {bytes.fromhex(each.draft.case) for each in conversations}


def _ended(tx: Tx, rows: Mapping[bytes, Conversation], before: int) -> dict[bytes, Conversation]:
    """Those that ended, and that no open case stands behind."""
    old = {account: each for account, each in rows.items() if each.draft.active_at < before}
    query = select(cases_table.c.case_id).where(
        cases_table.c.case_id.in_(_cases(old.values())), cases_table.c.status != Status.CLOSED.value
    )
    still_open = set(tx.conn.execute(query).scalars()) if old else set()
    return {
        account: each for account, each in old.items() if bytes.fromhex(each.draft.case) not in still_open
    }


def _erase_ended(tx: Tx, accounts: list[bytes], before: int) -> int:
    ended = _ended(tx, drafts.these(tx, accounts).rows, before)
    for account in ended:
        drafts.drop(tx, account)
    _erase_homeless(tx, _cases(ended.values()))
    return len(ended)


def _erase_homeless(tx: Tx, some: Collection[bytes]) -> int:
    """Erase those of these locks that no case belongs to; how many."""
    sent = select(cases_table.c.case_id).where(cases_table.c.case_id.in_(some))
    astray = set(some) - set(tx.conn.execute(sent).scalars())
    locks.erase(tx, astray)
    return len(astray)


async def _homeless(db: Database) -> list[bytes]:
    """Ids of the cases that locks were made for and that are none (yet)."""
    found, last = list[bytes](), b""
    while True:
        page = await db.read(lambda tx, last=last: _page(tx, last))  # type: ignore[misc]
        if not page:
            return found
        found += [case for case, sent in page.items() if not sent]
        last = max(page)
        await asyncio.sleep(0)


def _homeless_all(tx: Tx) -> Iterator[bytes]:
    last = b""
    while page := _page(tx, last):
        yield from (case for case, sent in page.items() if not sent)
        last = max(page)


def _page(tx: Tx, last: bytes) -> dict[bytes, bool]:
    """The next locks of all, and whether each has a case."""
    sent = exists().where(cases_table.c.case_id == locks_table.c.case_id)
    some = select(locks_table.c.case_id, sent).where(locks_table.c.case_id > last)
    rows = tx.conn.execute(some.order_by(locks_table.c.case_id).limit(PAGE * 10)).all()
    return {row[0]: row[1] for row in rows}
