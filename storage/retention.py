"""What is kept too long goes: the daily purge of the service, and of `postern purge`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from sqlalchemy import delete, func, select

from intake.anonymity import WINDOW_DAYS
from storage import blocked, cases, combinations, meta
from storage.database import Tx, connect
from storage.schema import handled, invites

DAY = 86_400
HANDLED_DAYS = 2
"""Telegram keeps an update for 24 hours, which touch two days."""


READERS_MILLISECONDS = 500
"""How long the log's emptying waits for readers. Turns wait meanwhile."""


class Retention(Protocol):
    """Days for which cases are kept: since they were received, and since they were closed."""

    @property
    def open(self) -> int: ...
    @property
    def closed(self) -> int: ...


@dataclass(frozen=True, slots=True)
class Purged:
    """How many rows of each kind went, or would."""

    cases: int
    updates: int
    invites: int


def purge(tx: Tx, retention: Retention, now: int, *, dry_run: bool = False) -> Purged:
    """Erase what is past its time. `now`: Unix seconds. `dry_run`: only count."""
    today = now // DAY
    old_cases = cases.past_retention(
        tx, open_until=today - retention.open, closed_until=today - retention.closed
    )
    old_updates = handled.c.day < today - HANDLED_DAYS
    expired = invites.c.expires_at <= now
    found = Purged(
        cases=len(old_cases),
        updates=tx.conn.execute(select(func.count()).select_from(handled).where(old_updates)).scalar_one(),
        invites=tx.conn.execute(select(func.count()).select_from(invites).where(expired)).scalar_one(),
    )
    if not dry_run:
        cases.erase(tx, old_cases)
        combinations.forget(tx, before=today - WINDOW_DAYS)
        blocked.purge(tx, today)
        meta.forget_handled(tx, before_day=today - HANDLED_DAYS)
        tx.conn.execute(delete(invites).where(expired))
    return found


async def compact(url: str) -> bool:
    """On SQLite, rewrite the file without the gaps and empty its log, so that no old page is left in either.

    False: somebody was reading, so the log keeps old pages until next time. PostgreSQL does this by itself.
    """
    engine = connect(url)
    try:
        async with engine.connect() as conn:
            if conn.dialect.name != "sqlite":
                return True
            await conn.exec_driver_sql("VACUUM")  # into the log, which the checkpoint then writes back
            await conn.exec_driver_sql(f"PRAGMA busy_timeout={READERS_MILLISECONDS}")
            busy = (await conn.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")).scalar_one()
            return not busy
    finally:
        await engine.dispose()
