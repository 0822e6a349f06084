"""PostgreSQL, for several processes: a transaction takes one connection of a pool.

Who may write beside whom is decided by advisory locks, which a transaction takes with its first statement:

- A work with a lane is alone in its lane, and runs beside the works of other lanes. It may change what belongs to
  its chat, and what it has called `storage.database.hold` for.
- A work without a lane is alone in the whole house, as every writer is on SQLite. It may read, decide and write
  whatever it likes. It is for what is seldom: the staff, the background, commands.

So nothing needs to be proved about two works that meet, except of those with a lane. A reader waits for nobody: it
sees one instant.

Connections break: the server is restarted, another takes over. A work that was not committed is run again. If the
answer to a COMMIT was lost, the server is asked what became of that transaction, so that nothing is done twice. Where
this ends: a standby that took over without having received the transaction has lost it, whatever anybody was told
before; who wants to exclude that lets PostgreSQL replicate synchronously.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from random import SystemRandom
from time import monotonic
from typing import Any, TypeVar

from sqlalchemy import Connection
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from intake.errors import DatabaseAway
from storage.advisory import LANES, SINGLE, Single
from storage.database import CONNECT_SECONDS, Tx, tell, writing
from storage.marks import Bell, Listener, Mark, ring
from storage.postgres_files import rewrite
from storage.postgres_trouble import is_away, is_in_doubt, only_reads, tries_of
from storage.vault import Vault

T = TypeVar("T")

CONNECTIONS = 10
"""Of one process. It has one thread: more would only wait for each other."""
STATEMENT_SECONDS = 30
"""Then the connection is taken for broken: nothing that a turn does takes so long."""
LOCK_SECONDS = 20
"""How long a work waits for the others' locks before it is run again."""
AWAY_SECONDS = 10.0
"""How long a work waits for a database that is away; then its caller is told, and tries again in its own time."""
FIRST_PAUSE, LONGEST_PAUSE = 0.02, 1.0
TIDY_EVERY, TIDY_AGAIN = 24 * 3_600, 600
"""Seconds; the second when a table was in use."""
LANE_BYTES = 2
"""Of a chat's keyed hash. Two chats that share a lane wait for each other now and then; a server's log that tells of
waiting for locks tells no more than this of whom it was."""

_SETTINGS = {
    "application_name": "postern",
    "jit": "off",  # compiling costs more than any statement here
    "lock_timeout": f"{LOCK_SECONDS}s",
    "idle_in_transaction_session_timeout": f"{STATEMENT_SECONDS}s",  # a process that hangs holds up no other
    "tcp_keepalives_idle": "5",
    "tcp_keepalives_interval": "2",
    "tcp_keepalives_count": "3",
}
_HOUSE = f"{SINGLE}, {Single.HOUSE}"
_TIMELINE = "left(pg_walfile_name(pg_current_wal_lsn()), 8) || ' ' || pg_postmaster_start_time()::text"
_NAMES = f"pg_current_xact_id()::text AS number, {_TIMELINE} AS timeline, now()::text AS began"
_ALONE = f"SELECT pg_advisory_xact_lock({_HOUSE}), {_NAMES}"
# The lane first: who waits for that keeps nobody from being alone.
_BESIDE = f"SELECT pg_advisory_xact_lock({LANES}, $1), pg_advisory_xact_lock_shared({_HOUSE}), {_NAMES}"
_BECAME = f"""SELECT CASE WHEN {_TIMELINE} = $2
    AND (SELECT checkpoint_time FROM pg_control_checkpoint()) <= $3::text::timestamptz
    THEN pg_xact_status($1::text::xid8) END AS became"""  # noqa: S608 - made of constants
"""Nothing is said of a transaction that began before the server's last start or checkpoint. A server that recovers from
a crash makes one, and hands out anew the numbers of transactions of which nothing had reached the disk: such a number
may be another's by now. Where this ends: the time of a checkpoint is told in whole seconds."""


@dataclass(slots=True)
class _Try:
    """How far a transaction has come."""

    number: str = ""
    """By which the server knows it."""
    timeline: str = ""
    """Of the server's history: another one begins with each start, and when a standby takes over; its numbers mean
    others."""
    began: str = ""
    """When, by the server's clock."""
    committing: bool = False
    result: Any = None
    marks: Sequence[Mark] = ()


class PostgresDatabase:
    def __init__(self, url: str, vault: Vault) -> None:
        self._url = url
        self._engine = _engine(url)
        self._reading = self._engine.execution_options(
            isolation_level="REPEATABLE READ", postgresql_readonly=True
        )
        self._vault = vault
        self.listener: Listener | None = None
        self._bell = Bell()
        self._random = SystemRandom()
        self._untidy_at = monotonic() + TIDY_EVERY

    async def read(self, work: Callable[[Tx], T], *, long: bool = False) -> T:
        if long:
            return await self._apart(lambda db: db.read(work))
        return await self._persist(partial(self._read, work), reads=True)

    async def write(self, work: Callable[[Tx], T], lane: bytes | None = None, *, long: bool = False) -> T:
        if long:
            return await self._apart(lambda db: db.write(work, lane))
        return await self._persist(partial(self._write, work, lane))

    async def tidy(self) -> bool:
        """Once a day the tables are written anew, see `storage.postgres_files`."""
        if monotonic() < self._untidy_at:
            return True
        done = await rewrite(self._url)
        self._untidy_at = monotonic() + (TIDY_EVERY if done else TIDY_AGAIN)
        return done

    async def close(self) -> None:
        await self._engine.dispose()

    async def _apart(self, ask: Callable[[PostgresDatabase], Awaitable[T]]) -> T:
        """In a thread with a loop and a connection of its own: this loop's turns go on."""
        loop, listener = asyncio.get_running_loop(), self.listener

        async def there() -> T:
            db = PostgresDatabase(self._url, self._vault)
            if listener is not None:
                db.listener = partial(_hand_over, loop, listener)
            try:
                return await ask(db)
            finally:
                await db.close()

        return await asyncio.to_thread(asyncio.run, there())

    async def _read(self, work: Callable[[Tx], T]) -> T:
        async with _lent(self._reading) as conn:
            return await conn.run_sync(lambda sync: work(Tx(sync, self._vault)))

    async def _write(self, work: Callable[[Tx], T], lane: bytes | None) -> T:
        attempt = _Try()
        try:
            async with _lent(self._engine) as conn:
                await conn.run_sync(self._transact, work, lane, attempt)
        except Exception as error:
            if not (attempt.committing and is_in_doubt(error) and await self._was_committed(attempt)):
                raise
        self._bell.rang(attempt.marks)
        tell(attempt.marks, self.listener)
        result: T = attempt.result
        return result

    def _transact(
        self, conn: Connection, work: Callable[[Tx], Any], lane: bytes | None, attempt: _Try
    ) -> None:
        if lane is None:
            locked = conn.exec_driver_sql(_ALONE)
        else:
            locked = conn.exec_driver_sql(_BESIDE, (int.from_bytes(lane[:LANE_BYTES]),))
        named = locked.one()
        attempt.number, attempt.timeline, attempt.began = named.number, named.timeline, named.began
        # A statement sees what was committed when it began: whatever is read must come after the locks.
        tx = writing(conn, self._vault)
        attempt.result = work(tx)
        if self.listener is None and (wanted := self._bell.wanted(tx.marks)):
            ring(conn, wanted)
        attempt.marks = tx.marks
        attempt.committing = True
        conn.commit()

    async def _was_committed(self, attempt: _Try) -> bool:
        """Raises, as any other statement does, while that can't be found out."""
        return await self._persist(partial(self._ask_what_became_of, attempt))

    async def _ask_what_became_of(self, attempt: _Try) -> bool:
        async with _lent(self._engine) as conn:
            asked = await conn.exec_driver_sql(_BECAME, (attempt.number, attempt.timeline, attempt.began))
        became: str | None = asked.one().became
        if became == "in progress":
            raise DatabaseAway("The database has not said yet whether something was written.")
        # Where that can't be told it is run again: what must not happen twice looks whether it has happened.
        return became == "committed"

    async def _persist(self, attempt: Callable[[], Awaitable[T]], *, reads: bool = False) -> T:
        until, clashes, pause = monotonic() + AWAY_SECONDS, 0, FIRST_PAUSE
        while True:
            try:
                return await attempt()
            except Exception as error:
                if most := tries_of(error):
                    clashes += 1
                    if clashes >= most:
                        raise
                elif not is_away(error) or (reads and only_reads(error)):
                    raise
                elif monotonic() > until:
                    raise DatabaseAway("The database can't be reached: try again later.") from error
                elif only_reads(error):
                    await self._engine.dispose()  # the next connection may lead to the server that took over
            await asyncio.sleep(pause * self._random.uniform(0.5, 1.0))
            pause = min(2 * pause, LONGEST_PAUSE)


@asynccontextmanager
async def _lent(engine: AsyncEngine) -> AsyncIterator[AsyncConnection]:
    """A connection of the pool's. One that broke does not go back."""
    async with engine.connect() as conn:
        try:
            yield conn
        except Exception as error:
            if is_in_doubt(error):
                await conn.invalidate()
            raise


def _hand_over(loop: asyncio.AbstractEventLoop, listener: Listener, marks: Sequence[Mark]) -> None:
    loop.call_soon_threadsafe(listener, marks)


def _engine(url: str) -> AsyncEngine:
    return create_async_engine(
        url,
        hide_parameters=True,
        pool_size=CONNECTIONS,
        max_overflow=0,
        pool_timeout=STATEMENT_SECONDS,
        pool_use_lifo=True,
        connect_args={
            "timeout": CONNECT_SECONDS,
            "command_timeout": STATEMENT_SECONDS,
            "server_settings": _SETTINGS,
        },
    )
