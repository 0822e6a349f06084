"""What tests of failing turns share: persistence over a real database, and errors as a database raises them."""

from __future__ import annotations

import sqlite3
from typing import Any

from sqlalchemy.exc import OperationalError

from bot.counts import Counts
from bot.persistence import Persistence
from bot.states import State, States
from tests.handlers.desk import World

AT_ONCE = dict.fromkeys(State, 0.0)
"""States that are over with the first thing that works."""


def persistence(world: World, states: States | None = None, **more: Any) -> Persistence:
    """Impatient: tests don't wait for seconds."""
    given: dict[str, Any] = {"retries": (0.01, 0.01), "patience": (0.01, 0.02)} | more
    return Persistence(world.desk.db, states or States(AT_ONCE), Counts(), world.wire.clock, **given)


def sick(code: int = sqlite3.SQLITE_FULL) -> OperationalError:
    """As SQLAlchemy hands on what SQLite says."""
    error = sqlite3.OperationalError("database or disk is full")
    error.sqlite_errorcode, error.sqlite_errorname = code, "SQLITE_FULL"
    return OperationalError("INSERT", None, error, hide_parameters=True)
