"""Which errors mean that the database can't be used just now, whatever is asked of it.

This is the one place that draws the line. What is in trouble is tried again for as long as it takes; any other error
is a defect of ours or a damaged row, comes back every time, and is given up after some tries.
"""

from __future__ import annotations

import sqlite3

from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError, PendingRollbackError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from intake.errors import DatabaseAway

_SQLITE = frozenset(
    {
        sqlite3.SQLITE_BUSY,
        sqlite3.SQLITE_CANTOPEN,
        sqlite3.SQLITE_FULL,
        sqlite3.SQLITE_INTERRUPT,
        sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_LOCKED,
        sqlite3.SQLITE_NOLFS,
        sqlite3.SQLITE_NOMEM,
        sqlite3.SQLITE_PERM,
        sqlite3.SQLITE_PROTOCOL,
        sqlite3.SQLITE_READONLY,
    }
)
"""SQLite's primary result codes. Not CORRUPT and NOTADB: a page may be damaged that only one row lies on."""
_POSTGRES = ("08", "40", "53", "55", "57", "58", "25006")
"""Beginnings of SQLSTATE: connection, rolled back for another's sake, resources, not ready, being shut down, system,
and a server that became read-only, as after a failover."""


def is_trouble(error: BaseException) -> bool:
    """Whether it is the database that fails, and not what was asked of it."""
    if isinstance(error, DatabaseAway | OSError | PoolTimeout | PendingRollbackError):  # no connection
        return True
    if not isinstance(error, DBAPIError):
        return isinstance(error, sqlite3.Error) and _sqlite(error)
    if error.connection_invalidated or isinstance(error, InterfaceError):
        return True
    if isinstance(error.orig, sqlite3.Error):
        return _sqlite(error.orig)
    state = getattr(error.orig, "sqlstate", None)
    if isinstance(state, str):
        return state.startswith(_POSTGRES)
    return isinstance(error, OperationalError)


def name_of(error: BaseException) -> str:
    """One short word for the log: the database's own name for it, or the error's type."""
    orig = error.orig if isinstance(error, DBAPIError) and error.orig is not None else error
    name = getattr(orig, "sqlite_errorname", None) or getattr(orig, "sqlstate", None)
    return name if isinstance(name, str) else type(orig).__name__


_SAID = {
    "28000": "this user may not come in from here",
    "28P01": "the password is wrong",
    "3D000": "there is no database of that name: create it",
    "42501": "this user may not do that there: let it own the database",
    "53300": "it has no connection left",
    "57P03": "it is starting, or being shut down",
}


def what_is_wrong(error: object) -> str:
    """Words of ours for what PostgreSQL says; its own may quote a row."""
    return _SAID.get(getattr(error, "sqlstate", None) or "", type(error).__name__)


def _sqlite(error: sqlite3.Error) -> bool:
    code = getattr(error, "sqlite_errorcode", None)
    if isinstance(code, int):
        return code & 0xFF in _SQLITE  # the rest of it is the extended code
    return isinstance(error, sqlite3.OperationalError)  # made by `storage.sqlite`, not by SQLite
