"""Which errors mean that the database is sick: real ones, as SQLite and PostgreSQL raise them."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest
from sqlalchemy import create_engine
from sqlalchemy.exc import DBAPIError, IntegrityError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from intake.errors import Tampered, WrongKey
from storage.trouble import is_trouble, name_of


class Postgres(Exception):
    """As asyncpg's errors come through SQLAlchemy: with their SQLSTATE."""

    def __init__(self, sqlstate: str) -> None:
        super().__init__("with a row in it")
        self.sqlstate = sqlstate


def from_postgres(state: str) -> DBAPIError:
    return DBAPIError("INSERT", None, Postgres(state), hide_parameters=True)


AWAY = ["08006", "25006", "40001", "40P01", "53100", "53300", "55P03", "57P01", "57P03", "58030"]


@pytest.mark.parametrize("state", AWAY)
def test_a_server_that_is_away_full_starting_or_read_only_is_trouble(state: str) -> None:
    assert is_trouble(from_postgres(state))
    assert name_of(from_postgres(state)) == state


@pytest.mark.parametrize("state", ["23505", "22001", "42P01", "42703", "XX001", "21000"])
def test_a_statement_that_is_wrong_is_a_defect(state: str) -> None:
    assert not is_trouble(from_postgres(state))


@pytest.mark.parametrize(
    "error",
    [
        ConnectionRefusedError(),
        OSError(28, "No space left"),
        PoolTimeout(),
        InterfaceError("x", None, Exception()),
    ],
)
def test_no_connection_is_trouble(error: Exception) -> None:
    assert is_trouble(error)


@pytest.mark.parametrize("error", [KeyError(), ValueError(), Tampered("x"), WrongKey("x"), AssertionError()])
def test_our_own_defects_and_damaged_rows_are_not(error: Exception) -> None:
    assert not is_trouble(error)


def fails(path: Path, statement: str, *before: str) -> Exception:
    """What SQLAlchemy raises for it on a real file."""
    engine = create_engine(f"sqlite:///{path}", hide_parameters=True, connect_args={"timeout": 0})
    with engine.connect() as conn:
        try:
            for each in before:
                conn.exec_driver_sql(each)
            conn.exec_driver_sql(statement)
        except DBAPIError as error:
            return error
        finally:
            conn.rollback()
            engine.dispose()
    raise AssertionError("it did not fail")


def test_a_locked_a_full_a_read_only_and_a_missing_file_are_trouble(tmp_path: Path) -> None:
    path = tmp_path / "x.sqlite"
    with sqlite3.connect(path) as conn:
        conn.execute("CREATE TABLE t (x UNIQUE)")
        conn.execute("INSERT INTO t VALUES (1)")
    fill = "INSERT INTO t VALUES (zeroblob(100000))"
    assert is_trouble(full := fails(path, fill, "PRAGMA max_page_count=4"))
    assert name_of(full) == "SQLITE_FULL"
    assert is_trouble(fails(path, fill, "PRAGMA query_only=1"))
    with sqlite3.connect(path) as other:
        other.execute("BEGIN IMMEDIATE")
        assert is_trouble(fails(path, fill))
    engine = create_engine(f"sqlite:///{tmp_path / 'nowhere' / 'x.sqlite'}")
    with pytest.raises(OperationalError) as missing:
        engine.connect()
    assert is_trouble(missing.value)


def test_what_is_wrong_with_a_statement_or_a_page_is_not(tmp_path: Path) -> None:
    path = tmp_path / "x.sqlite"
    with sqlite3.connect(path) as conn:
        conn.execute("CREATE TABLE t (x UNIQUE)")
        conn.execute("INSERT INTO t VALUES (1)")
    assert not is_trouble(fails(path, "SELECT * FROM missing"))
    assert isinstance(twice := fails(path, "INSERT INTO t VALUES (1)"), IntegrityError)
    assert not is_trouble(twice)
    path.write_bytes(path.read_bytes()[:100] + b"\xff" * 4000)
    assert not is_trouble(fails(path, "SELECT * FROM t"))


def test_what_our_own_database_reports_of_a_commit_that_failed_is_trouble() -> None:
    made = sqlite3.OperationalError("the transaction was taken back")
    assert is_trouble(OperationalError("a transaction", None, made))
