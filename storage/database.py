"""The one owner of connections and transactions. Stores get a `Tx` and never commit.

`storage.sqlite` and `storage.postgres` keep what is promised here, each in its own way.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Protocol, TypeVar

from sqlalchemy import Connection, Executable, Table, event, or_, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from intake.errors import DatabaseAway
from storage.advisory import SINGLE, Single
from storage.marks import Listener, Mark, ring
from storage.ready import Ready
from storage.schema import meta
from storage.vault import SECRETS_NAME, Vault

T = TypeVar("T")

BUSY_SECONDS = 20
"""How long a statement waits for another process's lock on SQLite (a backup, a command in the shell)."""

CONNECT_SECONDS = 5
"""How long PostgreSQL may take for a connection."""

PRAGMAS = (
    "PRAGMA journal_mode=WAL",
    "PRAGMA synchronous=FULL",  # a commit that was reported survives a power cut
    "PRAGMA secure_delete=ON",  # deleted rows are overwritten with zeros
    "PRAGMA foreign_keys=ON",
    "PRAGMA temp_store=MEMORY",  # no temporary files on the disk
)
MOVED_AWAY = "moved-away"
"""In `meta` once everything has been moved to another database."""
MOVED = (
    "This installation was moved to PostgreSQL: set POSTERN_DATABASE_URL to that, or take this database into use again "
    "with `postern migrate-database --undo`."
)
PEOPLE_KEY_NAME = "people-key"
STANDING = (SECRETS_NAME, "paused", "recovery-key", MOVED_AWAY, PEOPLE_KEY_NAME)
"""Names in `meta` that nearly every transaction asks for: they are read at once."""
_STANDING = Ready(select(meta.c.name, meta.c.value).where(or_(*(meta.c.name == name for name in STANDING))))


@dataclass(slots=True)
class Tx:
    """One transaction: the connection, and the vault that reads and writes what is wrapped."""

    conn: Connection
    vault: Vault
    marks: list[Mark] = field(default_factory=list)
    """What has become due by it, for `storage.marks`."""
    _standing: dict[str, bytes] | None = None

    @property
    def standing(self) -> Mapping[str, bytes]:
        """The values of `STANDING` that there are, as they were when this transaction first looked."""
        if self._standing is None:
            self._standing = {row.name: row.value for row in _STANDING.all(self.conn, {})}
        return self._standing


class Database(Protocol):
    listener: Listener | None
    """Hears of what this process has written, right after the commit. None: the sender is elsewhere."""

    async def read(self, work: Callable[[Tx], T], *, long: bool = False) -> T:
        """Run `work` on one consistent view of the data. `long`: it goes through many rows; turns go on meanwhile."""

    async def write(self, work: Callable[[Tx], T], lane: bytes | None = None, *, long: bool = False) -> T:
        """Run `work` in one transaction: all of it is on the disk when this returns, or none of it ever.

        `work` is plain synchronous code that may not wait for anything else: others wait for it. It may be run
        again, from the start, if the database says so. Works of one `lane` (16 bytes, the keyed hash of a chat)
        are run one after another, across processes too, and may only change what belongs to that chat, and what they
        hold (`hold_counts`); a work without a lane is alone. While a `long` one runs, only those who write wait.
        """

    async def tidy(self) -> bool:
        """Take what was deleted since the last time out of the files. To be called often; there is seldom much to do.

        False: readers are at it; ask again. On SQLite it empties the log, at once; on PostgreSQL it is done once a day.
        """

    async def close(self) -> None: ...


def writing(conn: Connection, vault: Vault) -> Tx:
    """Wraps under the server key that is in force in this very transaction, see `storage.rotation`.

    Nobody changes it meanwhile: whoever puts a key in force writes without a lane, and so alone. Raises DatabaseAway
    if everything was moved elsewhere: nothing that a forgotten process still takes may get lost here.
    """
    tx = Tx(conn, vault)
    if MOVED_AWAY in tx.standing:
        raise DatabaseAway(MOVED)
    in_force = tx.standing.get(SECRETS_NAME)
    if in_force is not None:
        vault.follow(in_force)
    return tx


def leave_word(tx: Tx, listener: Listener | None) -> None:
    """The last thing in a transaction: if nobody listens here, the sender finds word of its rows."""
    if tx.marks and listener is None:
        ring(tx.conn, tx.marks)


def tell(marks: Sequence[Mark], listener: Listener | None) -> None:
    """The first thing after a commit."""
    if marks and listener is not None:
        listener(marks)


def hold_counts(tx: Tx) -> None:
    """From here to its end, this transaction is alone at what requests of different chats are counted in.

    For works with a lane, which on PostgreSQL run beside each other; whoever writes on SQLite is alone in any case.
    """
    hold(tx, Single.COUNTS)


def hold(tx: Tx, single: Single) -> None:
    """As `hold_counts`, at something else that there is one of."""
    if tx.conn.dialect.name != "sqlite":
        tx.conn.exec_driver_sql(f"SELECT pg_advisory_xact_lock({SINGLE}, {single})")


def connect(url: str) -> AsyncEngine:
    """For work beside the service: making tables, a rebuild of the file, a first look."""
    embedded = make_url(url).get_backend_name() == "sqlite"
    patience = {} if embedded else {"timeout": CONNECT_SECONDS}
    engine = create_async_engine(url, hide_parameters=True, connect_args=patience)
    if embedded:
        event.listen(engine.sync_engine, "connect", prepare_sqlite)
    return engine


def prepare_sqlite(connection: Any, _record: object) -> None:
    # The driver's own BEGIN is late and invisible: it is turned off, and whoever writes says BEGIN.
    connection.isolation_level = None
    cursor = connection.cursor()
    cursor.execute(f"PRAGMA busy_timeout={BUSY_SECONDS * 1000}")
    for pragma in PRAGMAS:
        cursor.execute(pragma)
    cursor.close()


def upsert(tx: Tx, table: Table, key: Mapping[str, object], values: Mapping[str, object]) -> None:
    """Insert the row, or, when the key is there already, set its values."""
    statement = _upserting(tx.conn.dialect.name, table, tuple(key), tuple(values))
    statement.run(tx.conn, {**key, **values})


def increment_all(tx: Tx, table: Table, rows: Sequence[Mapping[str, object]], column: str) -> None:
    """Insert the rows; where one with its primary key is there already, add this one's `column` to it."""
    if rows:
        tx.conn.execute(_incrementing(tx.conn.dialect.name, table, column), rows)


def insert_new(tx: Tx, table: Table, row: Mapping[str, object]) -> bool:
    """Insert the row unless one with its primary key is there already; whether it was inserted."""
    return _inserting(tx.conn.dialect.name, table).run(tx.conn, row) == 1


@cache
def _upserting(dialect: str, table: Table, key: tuple[str, ...], values: tuple[str, ...]) -> Ready:
    # Made once: building a statement costs four times as much as running it.
    row = _insert(dialect)(table)
    return Ready(
        row.on_conflict_do_update(index_elements=key, set_={name: row.excluded[name] for name in values})
    )


@cache
def _incrementing(dialect: str, table: Table, column: str) -> Executable:
    row = _insert(dialect)(table)
    key = [each.name for each in table.primary_key]
    made: Executable = row.on_conflict_do_update(
        index_elements=key, set_={column: table.c[column] + row.excluded[column]}
    )
    return made


@cache
def _inserting(dialect: str, table: Table) -> Ready:
    return Ready(_insert(dialect)(table).on_conflict_do_nothing())


def _insert(dialect: str) -> Any:
    return sqlite.insert if dialect == "sqlite" else postgresql.insert
