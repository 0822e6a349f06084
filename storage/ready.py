"""Statements that every turn makes: written with SQLAlchemy, once, and run on SQLite without it.

Running a statement through SQLAlchemy costs some 30 µs of CPU, and through SQLite's own driver 2 to 10; a turn makes
seven. On PostgreSQL they are run as any other. Only plain columns: text, whole numbers and bytes, which the driver
takes and gives as they are.
"""

from __future__ import annotations

import sqlite3
from collections import namedtuple
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import Boolean, Connection, Executable
from sqlalchemy.dialects import sqlite
from sqlalchemy.exc import DBAPIError
from sqlalchemy.sql.compiler import SQLCompiler

_DIALECT = sqlite.dialect(paramstyle="named")


class _Text(NamedTuple):
    """A statement as SQLite takes it."""

    sql: str
    constants: dict[str, Any]
    row: Callable[[Sequence[Any]], Any]


class Ready:
    """One statement. Parameters that an INSERT isn't given keep their columns' defaults."""

    def __init__(self, statement: Executable) -> None:
        self.statement = statement
        self._texts: dict[tuple[str, ...], _Text] = {}
        """By the names of the parameters."""

    def all(self, conn: Connection, values: Mapping[str, object]) -> Sequence[Any]:
        """The rows; their columns are attributes."""
        raw = _sqlite(conn)
        if raw is None:
            return conn.execute(self.statement, values).all()
        text = self._text(values)
        return [text.row(row) for row in _run(raw, text, values).fetchall()]

    def one(self, conn: Connection, values: Mapping[str, object]) -> Any | None:
        """The first row, if there is one."""
        rows = self.all(conn, values)
        return rows[0] if rows else None

    def run(self, conn: Connection, values: Mapping[str, object]) -> int:
        """How many rows it has changed."""
        raw = _sqlite(conn)
        if raw is None:
            return conn.execute(self.statement, values).rowcount
        return _run(raw, self._text(values), values).rowcount

    def _text(self, values: Mapping[str, object]) -> _Text:
        names = tuple(values)
        if names not in self._texts:
            self._texts[names] = _compiled(self.statement, names)
        return self._texts[names]


def _compiled(statement: Executable, names: Sequence[str]) -> _Text:
    made = statement.compile(dialect=_DIALECT, column_keys=list(names))  # type: ignore[attr-defined]
    assert isinstance(made, SQLCompiler)  # noqa: S101 - what the dialect makes of a statement with rows
    columns = made._result_columns
    plain = not made.post_compile_params and not any(isinstance(each.type, Boolean) for each in columns)
    assert plain, "only plain columns, and lists of no certain length go through SQLAlchemy"  # noqa: S101
    constants = {name: value for name, value in made.params.items() if name not in names}
    fields = [column.keyname for column in columns]
    row = namedtuple("Row", fields)  # type: ignore[misc]
    return _Text(str(made), constants, row._make)


def _run(raw: sqlite3.Connection, text: _Text, values: Mapping[str, object]) -> sqlite3.Cursor:
    try:
        return raw.execute(text.sql, {**text.constants, **values} if text.constants else values)
    except sqlite3.Error as error:  # in the form that it has when SQLAlchemy runs it, and without the values
        raise DBAPIError.instance(
            "a statement", None, error, sqlite3.Error, hide_parameters=True, dialect=_DIALECT
        ) from None


def _sqlite(conn: Connection) -> sqlite3.Connection | None:
    raw = conn.connection.driver_connection
    return raw if isinstance(raw, sqlite3.Connection) else None
