"""What PostgreSQL's errors mean for whoever wants to go on.

*Away*: it can't be reached, or takes nothing just now; it will be back. *Contention*: two transactions got in each
other's way, and one of them has to begin anew. Everything else is a fault, which trying again doesn't mend.
"""

from __future__ import annotations

from asyncpg import InterfaceError, InternalClientError
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as NoConnectionFree

from intake.errors import DatabaseAway

_TRIES = {
    "40001": 8,  # serialization failure
    "40P01": 8,  # deadlock
    "55P03": 3,  # a lock was not to be had in time
    "23505": 2,  # another transaction has inserted the same key meanwhile: the next time it is seen
}
_READ_ONLY = "25006"
"""It only reads: a standby, or what was the primary until now."""
_AWAY = frozenset(
    {
        _READ_ONLY,
        "25P03",  # it waited too long for us
        "53100",  # its disk is full
        "53200",  # its memory is used up
        "53300",  # it has no connection left
        "57P01",  # it is being shut down
        "57P02",  # it crashed
        "57P03",  # it is starting
        "57P05",  # an idle connection was closed
        "58030",  # an I/O error
    }
)
_CONNECTION = "08"
"""With which the codes of connections that broke begin."""


def tries_of(error: Exception) -> int:
    """How often a work that met contention is run at most; 0: it was none."""
    return _TRIES.get(_code(error), 0)


def is_away(error: Exception) -> bool:
    code = _code(error)
    return isinstance(error, DatabaseAway) or is_in_doubt(error) or code in _AWAY


def is_in_doubt(error: Exception) -> bool:
    """The connection broke: if this was the COMMIT, nobody knows yet what became of it."""
    if isinstance(error, OSError | TimeoutError | NoConnectionFree | InterfaceError | InternalClientError):
        return True
    if isinstance(error, DBAPIError) and type(error.orig).__name__ == InternalClientError.__name__:
        return True  # the driver was surprised by it
    code = _code(error)
    if code.startswith(_CONNECTION) or code in {"57P01", "57P02"}:
        return True
    return isinstance(error, DBAPIError) and error.connection_invalidated


def only_reads(error: Exception) -> bool:
    return _code(error) == _READ_ONLY


def _code(error: Exception) -> str:
    """The five characters by which SQL names an error; empty if it is none of the server's."""
    found = getattr(error.orig if isinstance(error, DBAPIError) else error, "sqlstate", None)
    return str(found or "")
