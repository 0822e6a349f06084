"""SQLite, embedded: statements on the event loop's own thread, commits in a thread, one commit for all who wait.

A statement takes microseconds; handing each to a thread and back would cost more than the statement, and two threads
would contend for the interpreter. What takes time is the commit, which waits for the disk: it runs in a thread, and
whatever wants to write meanwhile is gathered into the next transaction. Each piece of work has a savepoint of its own,
so one that fails takes back its own writes and nobody else's.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from time import monotonic
from typing import Any, NamedTuple, TypeVar

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import OperationalError
from sqlalchemy.pool import NullPool

from storage.database import BUSY_SECONDS, Tx, leave_word, prepare_sqlite, tell, writing
from storage.marks import Listener
from storage.vault import Vault

T = TypeVar("T")


class Waiting(NamedTuple):
    """A work that has not been begun."""

    work: Callable[[Tx], Any]
    future: asyncio.Future[Any]
    long: bool = False


TOGETHER_SECONDS = 0.02
"""For so long works are added to one transaction; then it is committed, whoever else waits."""
AT_ONCE_SECONDS = 0.0005
"""A disk that takes no longer is not worth a thread: handing a commit over and back takes about as long."""
TIDY_MILLISECONDS = 50
"""How long `tidy` waits for readers. Turns wait meanwhile."""


class SqliteDatabase:
    def __init__(self, url: str, vault: Vault) -> None:
        self._engine = _engine(url)
        self._vault = vault
        self.listener: Listener | None = None
        self._thread = ThreadPoolExecutor(1, "commit")
        self._beside = ThreadPoolExecutor(1, "tidy")
        self._tidier: Connection | None = None
        self._reader: Connection | None = None
        self._writer: Connection | None = None
        self._writing = asyncio.Lock()
        """Held by whoever is using the writer's connection."""
        self._waiting: deque[Waiting] = deque()
        self._pump: asyncio.Task[None] | None = None
        self._untidy = True
        self._commit_seconds = 1.0
        """A moving average of what a commit takes."""

    async def read(self, work: Callable[[Tx], T], *, long: bool = False) -> T:
        if long:
            return await asyncio.to_thread(self._read_apart, work)
        if self._reader is None:
            self._reader = self._engine.connect()
        return self._read(self._reader, work)

    def _read_apart(self, work: Callable[[Tx], T]) -> T:
        with self._engine.connect() as conn:
            return self._read(conn, work)

    def _read(self, conn: Connection, work: Callable[[Tx], T]) -> T:
        raw = _raw(conn)
        raw.execute("BEGIN")  # without it, each statement would see its own instant
        try:
            return work(Tx(conn, self._vault))
        finally:
            raw.execute("ROLLBACK")

    async def write(self, work: Callable[[Tx], T], lane: bytes | None = None, *, long: bool = False) -> T:
        # Whoever writes is alone in any case, so a lane's order is the order of the calls.
        future: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._waiting.append(Waiting(work, future, long))
        if self._pump is None or self._pump.done():
            self._pump = asyncio.create_task(self._write_all())
        try:
            return await future
        except asyncio.CancelledError:
            await asyncio.wait([self._pump])  # so that it is decided, when this ends, whether it was written
            raise

    async def tidy(self) -> bool:
        if not self._untidy:
            return True
        # First beside the turns: they wait only for what has come meanwhile, and for the file to be cut.
        await self._in_thread(self._copy_log, thread=self._beside)
        async with self._writing:
            busy = await self._in_thread(_empty_log, self._open_writer())
            self._untidy = busy
            return not busy

    async def close(self) -> None:
        if self._pump is not None:
            await asyncio.wait([self._pump])
        async with self._writing:
            for conn in (self._reader, self._writer, self._tidier):
                if conn is not None:
                    conn.close()
            self._reader = self._writer = self._tidier = None
        self._thread.shutdown()
        self._beside.shutdown()

    async def _write_all(self) -> None:
        while self._waiting:
            async with self._writing:
                try:
                    await self._write_some()
                except (
                    Exception
                ) as error:  # the database can't be written at all: nobody waits for it in vain
                    _fail([waiting.future for waiting in self._waiting], error)
                    self._waiting.clear()

    async def _write_some(self) -> None:
        """One transaction, for all who wait by now."""
        conn = self._open_writer()
        raw = _raw(conn)
        await self._begin(raw)
        done: list[tuple[asyncio.Future[Any], Any]] = []
        try:
            tx = writing(conn, self._vault)
            before = raw.total_changes
            until = monotonic() + TOGETHER_SECONDS
            while self._waiting and raw.in_transaction and monotonic() < until:
                waiting = self._waiting.popleft()
                if waiting.future.cancelled():
                    continue
                if waiting.long:
                    result, failure = await self._in_thread(_run, raw, tx, waiting.work)
                else:
                    result, failure = _run(raw, tx, waiting.work)
                if failure is None:
                    done.append((waiting.future, result))
                else:
                    _fail([waiting.future], failure)
            if raw.in_transaction:
                leave_word(tx, self.listener)
            if raw.in_transaction and raw.total_changes == before:
                raw.execute("ROLLBACK")  # nothing for the disk
            else:
                self._untidy = True
                await self._commit(raw, alone=len(done) == 1 and not self._waiting)
        except BaseException as error:
            _take_back(raw)
            _fail([future for future, _ in done], error)
            raise
        tell(tx.marks, self.listener)
        for future, result in done:
            if not future.done():
                future.set_result(result)

    async def _commit(self, raw: sqlite3.Connection, *, alone: bool) -> None:
        """`alone`: nobody else's turn is known of that could go on meanwhile."""
        if alone and self._commit_seconds < AT_ONCE_SECONDS:
            took = _commit(raw)
        else:
            took = await self._in_thread(_commit, raw)
        self._commit_seconds += (took - self._commit_seconds) / 8

    async def _begin(self, raw: sqlite3.Connection) -> None:
        """Take the writer's place at once: two readers that both want to write are the one deadlock SQLite has."""
        try:
            raw.execute("BEGIN IMMEDIATE")
        except (
            sqlite3.OperationalError
        ):  # another process is writing: wait for it, without stopping everybody
            await self._in_thread(_begin_patiently, raw)

    def _open_writer(self) -> Connection:
        if self._writer is None:
            self._writer = self._engine.connect()
            _raw(self._writer).execute("PRAGMA busy_timeout=0")
        return self._writer

    def _copy_log(self) -> None:
        if self._tidier is None:
            self._tidier = self._engine.connect()
        for _ in range(2):  # the second time what was written during the first
            _raw(self._tidier).execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()

    async def _in_thread(
        self, work: Callable[..., T], *given: object, thread: ThreadPoolExecutor | None = None
    ) -> T:
        """Finished when this returns, also when the caller is cancelled: nobody else may use the connection before."""
        running = asyncio.get_running_loop().run_in_executor(thread or self._thread, work, *given)
        try:
            return await asyncio.shield(running)
        except asyncio.CancelledError:
            await asyncio.wait([running])
            raise


def _engine(url: str) -> Engine:
    # AUTOCOMMIT: SQLAlchemy neither begins nor ends a transaction; this module does.
    engine = create_engine(
        make_url(url).set(drivername="sqlite"),
        poolclass=NullPool,
        hide_parameters=True,
        isolation_level="AUTOCOMMIT",
        connect_args={"check_same_thread": False},  # one thread at a time, see `_in_thread`
    )
    event.listen(engine, "connect", prepare_sqlite)
    return engine


def _raw(conn: Connection) -> sqlite3.Connection:
    raw = conn.connection.driver_connection
    assert isinstance(raw, sqlite3.Connection)  # noqa: S101 - the engine was made for SQLite
    return raw


def _run(raw: sqlite3.Connection, tx: Tx, work: Callable[[Tx], T]) -> tuple[T | None, Exception | None]:
    """Its result, or its error; then nothing of it is left in the transaction."""
    marked = len(tx.marks)
    result: T | None = None
    failure: Exception | None = None
    try:
        raw.execute("SAVEPOINT work")
        result = work(tx)
    except Exception as error:  # the caller's to judge
        failure = error
        del tx.marks[marked:]
    try:
        if raw.in_transaction and failure is not None:
            raw.execute("ROLLBACK TO work")
        if raw.in_transaction:
            raw.execute("RELEASE work")
    except sqlite3.Error as error:  # nobody knows any more what stands in this transaction
        _take_back(raw)
        failure = failure or _trouble(error)
    return result, failure


def _begin_patiently(raw: sqlite3.Connection) -> None:
    raw.execute(f"PRAGMA busy_timeout={BUSY_SECONDS * 1000}")
    try:
        raw.execute("BEGIN IMMEDIATE")
    except sqlite3.Error as error:
        raise _trouble(error) from None
    finally:
        raw.execute("PRAGMA busy_timeout=0")


def _commit(raw: sqlite3.Connection) -> float:
    """Gives the seconds that it took."""
    began = monotonic()
    if not raw.in_transaction:  # a full disk, an I/O error: SQLite has taken everything back
        raise _trouble(sqlite3.OperationalError("the transaction was taken back"))
    try:
        raw.commit()
    except sqlite3.Error as error:
        raise _trouble(error) from None
    return monotonic() - began


def _trouble(error: sqlite3.Error) -> OperationalError:
    """The driver's own errors in the form that SQLAlchemy gives to those of its statements."""
    return OperationalError("a transaction", None, error, hide_parameters=True)


def _empty_log(conn: Connection) -> bool:
    """Whether somebody was reading, so that something is left in it."""
    raw = _raw(conn)
    raw.execute(f"PRAGMA busy_timeout={TIDY_MILLISECONDS}")
    try:
        busy, _, _ = raw.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    finally:
        raw.execute("PRAGMA busy_timeout=0")
    return bool(busy)


def _take_back(raw: sqlite3.Connection) -> None:
    if raw.in_transaction:
        with suppress(sqlite3.Error):
            raw.execute("ROLLBACK")


def _fail(futures: Sequence[asyncio.Future[Any]], error: BaseException) -> None:
    for future in futures:
        if not future.done():
            future.set_exception(error if isinstance(error, Exception) else asyncio.CancelledError())
