"""What is kept too long goes: category by category, and each in batches, between which others get to write.

Nothing here keeps the writer for longer than a batch takes, some tens of milliseconds. The bytes are gone with it:
SQLite overwrites what is deleted (`secure_delete`), and `Database.tidy` empties its log. `compact` makes the file
smaller as well.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from sqlalchemy import ColumnElement, Table, delete, func, select

from intake.anonymity import WINDOW_DAYS
from intake.counts import month_of
from intake.trail import By, Event
from storage import (
    audit,
    blocked,
    cases,
    combinations,
    custody,
    files,
    leftovers,
    meta,
    people,
    replies,
    thread,
    undelivered,
)
from storage.database import Database, Tx, connect
from storage.postgres_files import rewrite
from storage.schema import blocked as blocked_table
from storage.schema import cases as cases_table
from storage.schema import combinations as combinations_table
from storage.schema import files as files_table
from storage.schema import handled, invites
from storage.schema import replies as replies_table
from storage.schema import thread as thread_table
from storage.schema import undelivered as undelivered_table

DAY = 86_400
HANDLED_DAYS = 2
"""Telegram keeps an update for 24 hours, which touch two days."""
AT_ONCE = 50
"""Cases erased in one transaction; an entry of a thread counts as much."""
SMALL_AT_ONCE = 1_000
"""Rows of a few bytes erased in one transaction."""
REST_SECONDS = 0.05
"""Between two transactions: whoever waits to write gets in."""
MOST_TO_REBUILD = 256 * 2**20
"""Bytes in use up to which the file is rebuilt: that takes a second or two, in which nobody else can write."""
READERS_MILLISECONDS = 500
"""How long the log's emptying waits for readers. Turns wait meanwhile."""


OPEN, CLOSED, REPLIES = AUDITED = ("open cases", "closed cases", "replies")
"""Categories whose going is told in the audit trail, by these names."""


class Retention(Protocol):
    """Days for which each category is kept."""

    @property
    def draft(self) -> int:
        """Since the last press, unless an open case stands behind it."""

    @property
    def open(self) -> int:
        """A case that is not closed, since it was received."""

    @property
    def closed(self) -> int:
        """Since it was closed."""

    @property
    def replies(self) -> int:
        """What either side wrote after the request was sent, since it was written; the case stays."""

    @property
    def audit(self) -> int:
        """A row of the audit trail, since it was written."""


@dataclass(frozen=True, slots=True)
class Category:
    name: str
    count: Callable[[Tx], int]
    """How many there are past their time."""
    erase: Callable[[Tx], int]
    """Erase some of them; how many. 0: none is left."""


def categories(retention: Retention, now: int) -> tuple[Category, ...]:
    """Everything whose end can be told from its row. `now`: Unix seconds."""
    today = now // DAY
    old_open = cases.unfinished_since(today - retention.open)
    old_closed = cases.finished_since(today - retention.closed)
    old_entries = thread.written_until(today - retention.replies)
    old_files = files.come_until(today - retention.replies)
    old_states = replies.written_until(today - retention.replies)
    expired, updates = invites.c.expires_at <= now, handled.c.day < today - HANDLED_DAYS
    counts = combinations_table.c.day < today - WINDOW_DAYS
    return (
        Category(OPEN, _counting(cases_table, old_open), lambda tx: _cases(tx, old_open, now)),
        Category(CLOSED, _counting(cases_table, old_closed), lambda tx: _cases(tx, old_closed, now)),
        Category(
            REPLIES,
            _counting(thread_table, old_entries),
            lambda tx: thread.erase(tx, old_entries, AT_ONCE),
        ),
        Category(
            "files of cases",
            _counting(files_table, old_files),
            lambda tx: files.erase(tx, old_files, 1),
        ),
        Category(
            "states of replies",
            _counting(replies_table, old_states),
            lambda tx: replies.forget(tx, old_states, SMALL_AT_ONCE),
        ),
        Category(
            "notes of what was given up",
            _counting(undelivered_table, undelivered_table.c.day < today - undelivered.KEPT_DAYS),
            lambda tx: undelivered.forget_before(tx, today - undelivered.KEPT_DAYS, SMALL_AT_ONCE),
        ),
        Category(
            "handled updates",
            _counting(handled, updates),
            lambda tx: meta.forget_handled(tx, today - HANDLED_DAYS, SMALL_AT_ONCE),
        ),
        Category(
            "expired invitations",
            _counting(invites, expired),
            lambda tx: tx.conn.execute(delete(invites).where(expired)).rowcount,
        ),
        Category(
            "ended blocks",
            _counting(blocked_table, blocked_table.c.until_day <= today),
            lambda tx: blocked.purge(tx, today),
        ),
        Category(
            "counts of combinations",
            _counting(combinations_table, counts),
            lambda tx: combinations.forget(tx, today - WINDOW_DAYS, SMALL_AT_ONCE),
        ),
        Category(
            "people of earlier months",
            lambda tx: people.of_earlier(tx, month_of(now)),
            lambda tx: people.forget(tx, month_of(now)),
        ),
        Category(
            "rows of the audit trail",
            lambda tx: audit.past(tx, today - retention.audit),
            lambda tx: audit.purge(tx, today - retention.audit, SMALL_AT_ONCE),
        ),
    )


def count(tx: Tx, retention: Retention, now: int) -> dict[str, int]:
    """What a purge would erase now."""
    found = {each.name: each.count(tx) for each in categories(retention, now)}
    return found | leftovers.count(tx, now - retention.draft * DAY)


async def purge(
    db: Database,
    retention: Retention,
    now: int,
    tell: Callable[[int], None] = lambda _: None,
    by: By = By.ITSELF,
) -> dict[str, int]:
    """Erase what is past its time; how much of each category. `tell` hears how many went in each batch.

    It may be cut short anywhere, and done again. `by`: who is named in the audit trail, if cases or replies went.
    """
    found = dict[str, int]()
    for each in categories(retention, now):
        found[each.name] = 0
        while some := await db.write(each.erase):
            found[each.name] += some
            tell(some)
            await asyncio.sleep(REST_SECONDS)
    for name in AUDITED:
        if found[name]:
            await db.write(lambda tx, name=name: audit.note(tx, Event.PURGED, by, now, detail=name))  # type: ignore[misc]
    return found | await leftovers.erase(db, now - retention.draft * DAY)


def _counting(table: Table, past: ColumnElement[bool]) -> Callable[[Tx], int]:
    return lambda tx: tx.conn.execute(select(func.count()).select_from(table).where(past)).scalar_one()


def _cases(tx: Tx, past: ColumnElement[bool], now: int) -> int:
    some = list(tx.conn.execute(select(cases_table.c.case_id).where(past).limit(AT_ONCE)).scalars())
    if some:
        custody.clear_away(tx, [case for each in some if (case := cases.sound(tx, each))], now)
        cases.erase(tx, some)
    return len(some)


async def compact(url: str) -> bool:
    """Rewrite the files without what was erased, if they aren't large; on SQLite, empty its log as well.

    False: somebody was reading, so that something is left until next time.
    """
    if not url.startswith("sqlite"):
        return await rewrite(url)
    engine = connect(url)
    try:
        async with engine.connect() as conn:
            if await _in_use(conn) <= MOST_TO_REBUILD:
                await conn.exec_driver_sql("VACUUM")  # into the log, which the checkpoint then writes back
            await conn.exec_driver_sql(f"PRAGMA busy_timeout={READERS_MILLISECONDS}")
            busy = (await conn.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")).scalar_one()
            return not busy
    finally:
        await engine.dispose()


async def _in_use(conn: Any) -> int:
    """Bytes of the file that hold something."""
    pages, free, size = [
        (await conn.exec_driver_sql(f"PRAGMA {name}")).scalar_one()
        for name in ("page_count", "freelist_count", "page_size")
    ]
    return int((pages - free) * size)
