"""Bringing a database to this program's schema, and telling whether it is there.

Steps are numbered files in `storage/migrations/versions`; a revision's id is its number ("0001"), so a
database from a newer program is told from one that isn't ours.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from sqlalchemy import Connection, inspect, text
from sqlalchemy.engine import make_url

from intake.errors import PosternError
from storage.advisory import SINGLE, Single
from storage.database import connect

T = TypeVar("T")
SCRIPTS = Path(__file__).parent / "migrations"
_ID_CHARS = 4
_LOCK = f"SELECT pg_advisory_xact_lock({SINGLE}, {Single.MIGRATION})"
"""On PostgreSQL, processes that start together upgrade one after the other."""


async def upgrade(url: str, scripts: Path = SCRIPTS) -> bool:
    """Make the tables, or bring them up to date, in one transaction: all steps or none.

    Returns whether there was anything to do. Safe to call from several processes at once. Raises PosternError
    if the database was made by a newer program.
    """
    return await _in_transaction(url, lambda conn: _upgrade(conn, scripts))


async def check(url: str, scripts: Path = SCRIPTS) -> None:
    """Raises PosternError unless the database is there and has exactly this program's tables."""
    path = sqlite_path(url)
    if path is not None and not path.exists():  # connecting would make an empty one
        raise PosternError(f"{path} is missing: run `postern init`.")
    revision = await _in_transaction(url, lambda conn: _revision(conn, scripts))
    if revision is None:
        raise PosternError("The database is empty: run `postern init`.")
    if revision != _known(scripts)[-1]:
        raise PosternError(
            "The database was made by an older Postern: stop the service, then let `postern init` update it."
        )


def sqlite_path(url: str) -> Path | None:
    """The database's file; None if it is not one in a file."""
    address = make_url(url)
    in_file = address.get_backend_name() == "sqlite" and address.database not in {None, "", ":memory:"}
    return Path(str(address.database)) if in_file else None


async def _in_transaction(url: str, work: Callable[[Connection], T]) -> T:
    engine = connect(url)
    try:
        async with engine.connect() as conn:
            sqlite = conn.dialect.name == "sqlite"
            await conn.exec_driver_sql("BEGIN IMMEDIATE" if sqlite else _LOCK)
            result = await conn.run_sync(work)
            await conn.commit()
            return result
    finally:
        await engine.dispose()


def _upgrade(conn: Connection, scripts: Path) -> bool:
    if _revision(conn, scripts) == _known(scripts)[-1]:
        return False
    from alembic import command  # half a second of CPU, which a start with nothing to do is spared
    from alembic.config import Config

    config = Config(attributes={"connection": conn})
    config.set_main_option("script_location", str(scripts).replace("%", "%%"))
    command.upgrade(config, "head")
    return True


def _revision(conn: Connection, scripts: Path) -> str | None:
    """The database's revision, None before the first. Raises PosternError for one unknown here."""
    if not inspect(conn).has_table("alembic_version"):
        return None
    found = conn.execute(text("SELECT version_num FROM alembic_version")).scalar()
    known = _known(scripts)
    if found is None or found in known:
        return found
    if len(found) == _ID_CHARS and found > known[-1]:
        raise PosternError("The database was made by a newer Postern: update this one.")
    raise PosternError("The database is not Postern's: point DATABASE_URL or DATA_DIR at the right one.")


def _known(scripts: Path) -> list[str]:
    return sorted(path.name[:_ID_CHARS] for path in (scripts / "versions").glob("[0-9]*.py"))
