"""The migrations lead to the schema, all at once or not at all, and say plainly when they can't."""

from __future__ import annotations

import asyncio
import shutil
import sqlite3
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import create_engine
from sqlalchemy.engine import Connection

from intake.errors import PosternError
from storage import migrate
from storage.schema import metadata

SECOND = """
from alembic import op
from sqlalchemy import Column, Integer

revision = "{next}"
down_revision = "{last}"


def upgrade() -> None:
    op.add_column("staff", Column("shifts", Integer, nullable=False, server_default="3"))
    {then}
"""


def url(tmp_path: Path) -> str:
    return f"sqlite+aiosqlite:///{tmp_path / 'x.sqlite'}"


def scripts_with(tmp_path: Path, then: str = "") -> Path:
    """The shipped migrations and one more."""
    last = max(path.name[:4] for path in (migrate.SCRIPTS / "versions").glob("[0-9]*.py"))
    following = f"{int(last) + 1:04d}"
    folder = tmp_path / "100% mine"  # a percent sign means something to Alembic's configuration
    shutil.copytree(migrate.SCRIPTS, folder, ignore=shutil.ignore_patterns("__pycache__"))
    step = SECOND.format(then=then, last=last, next=following)
    (folder / "versions" / f"{following}_shifts.py").write_text(step)
    return folder


def made_of(path: Path) -> list[tuple[str, str]]:
    with sqlite3.connect(path) as conn:
        found = conn.execute(
            "SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL AND name != 'alembic_version'"
        )
        return sorted((name, " ".join(sql.split())) for name, sql in found)


async def test_an_upgraded_database_is_what_the_schema_says(tmp_path: Path) -> None:
    await migrate.upgrade(url(tmp_path))
    fresh = create_engine(f"sqlite:///{tmp_path / 'fresh.sqlite'}")
    metadata.create_all(fresh)
    fresh.dispose()
    upgraded = made_of(tmp_path / "x.sqlite")
    assert upgraded == made_of(tmp_path / "fresh.sqlite")
    assert all(sql.endswith("WITHOUT ROWID") for _, sql in upgraded if sql.startswith("CREATE TABLE"))


async def test_alembic_finds_nothing_left_to_change(tmp_path: Path) -> None:
    await migrate.upgrade(url(tmp_path))
    engine = create_engine(f"sqlite:///{tmp_path / 'x.sqlite'}")

    def differences(conn: Connection) -> object:
        return compare_metadata(MigrationContext.configure(conn, opts={"compare_type": True}), metadata)

    with engine.connect() as conn:
        assert differences(conn) == []
        conn.exec_driver_sql("DROP INDEX ix_cases_holder")  # would the comparison notice?
        assert differences(conn) != []
    engine.dispose()


async def test_rows_survive_a_later_step(tmp_path: Path) -> None:
    await migrate.upgrade(url(tmp_path))
    add_member(tmp_path)
    await migrate.upgrade(url(tmp_path))
    await migrate.upgrade(url(tmp_path), scripts_with(tmp_path))
    with sqlite3.connect(tmp_path / "x.sqlite") as conn:
        assert conn.execute("SELECT name, role, shifts FROM staff").fetchall() == [("heron", "lead", 3)]
    assert "WITHOUT ROWID" in dict(made_of(tmp_path / "x.sqlite"))["staff"]


async def test_what_is_owed_survives_the_step_that_makes_its_table_anew(tmp_path: Path) -> None:
    folder = tmp_path / "before"
    shutil.copytree(
        migrate.SCRIPTS, folder, ignore=shutil.ignore_patterns("__pycache__", "000[5-9]*", "00[1-9]*")
    )
    await migrate.upgrade(url(tmp_path), folder)
    with sqlite3.connect(tmp_path / "x.sqlite") as conn:
        conn.execute("INSERT INTO outbox VALUES (x'01', 7, x'abcd')")
    await migrate.upgrade(url(tmp_path))
    with sqlite3.connect(tmp_path / "x.sqlite") as conn:
        assert conn.execute("SELECT id, due_day, about, job FROM outbox").fetchall() == [
            (b"\x01", 7, None, b"\xab\xcd")
        ]


async def test_a_step_that_fails_leaves_everything_as_it_was(tmp_path: Path) -> None:
    await migrate.upgrade(url(tmp_path))
    add_member(tmp_path)
    before = made_of(tmp_path / "x.sqlite")
    with pytest.raises(ZeroDivisionError):
        await migrate.upgrade(url(tmp_path), scripts_with(tmp_path, then="1 / 0"))
    assert made_of(tmp_path / "x.sqlite") == before
    await migrate.check(url(tmp_path))


def test_a_database_that_is_not_there_is_not_made_by_looking(tmp_path: Path) -> None:
    with pytest.raises(PosternError, match="is missing: run `postern init`"):
        asyncio.run(migrate.check(url(tmp_path)))
    assert list(tmp_path.iterdir()) == []


async def test_an_older_a_newer_an_empty_and_a_foreign_database_are_told_apart(tmp_path: Path) -> None:
    (tmp_path / "x.sqlite").touch()
    with pytest.raises(PosternError, match="is empty: run `postern init`"):
        await migrate.check(url(tmp_path))
    await migrate.upgrade(url(tmp_path))
    await migrate.check(url(tmp_path))
    newer = scripts_with(tmp_path)
    with pytest.raises(PosternError, match=r"older Postern: .* `postern init`"):
        await migrate.check(url(tmp_path), newer)
    await migrate.upgrade(url(tmp_path), newer)
    for act in (migrate.check, migrate.upgrade):
        with pytest.raises(PosternError, match="newer Postern: update"):
            await act(url(tmp_path))
    with sqlite3.connect(tmp_path / "x.sqlite") as conn:
        conn.execute("UPDATE alembic_version SET version_num = '00ab34cd'")
    with pytest.raises(PosternError, match="not Postern's"):
        await migrate.check(url(tmp_path))


def add_member(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "x.sqlite") as conn:
        conn.execute("INSERT INTO staff (id, name, role, confirmed) VALUES ('1', 'heron', 'lead', 0)")
