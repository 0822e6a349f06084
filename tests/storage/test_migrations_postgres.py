"""The same steps on PostgreSQL: to the schema, all at once or not at all, and for several processes at a time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, text

from intake.errors import PosternError
from intake.roles import Role
from storage import migrate, staff
from storage.database import connect
from storage.opening import open_database
from storage.schema import metadata
from storage.server_key import ServerKey
from storage.vault import Vault
from tests.postgres import PostgresServer
from tests.storage.test_migrations import scripts_with

COLUMNS = """
SELECT table_name, column_name, data_type, character_maximum_length, is_nullable FROM information_schema.columns
WHERE table_schema = 'public' AND table_name <> 'alembic_version' ORDER BY 1, 2
"""
INDEXES = """
SELECT indexdef FROM pg_indexes WHERE schemaname = 'public' AND tablename <> 'alembic_version' ORDER BY 1
"""


@pytest.fixture
async def empty(postgres: PostgresServer) -> AsyncIterator[str]:
    url = await postgres.fresh(upgraded=False)
    yield url
    await postgres.drop(url)


async def looked_at(url: str, *statements: str) -> list[list[tuple[object, ...]]]:
    engine = connect(url)
    try:
        async with engine.connect() as conn:
            return [[tuple(row) for row in (await conn.execute(text(each))).all()] for each in statements]
    finally:
        await engine.dispose()


async def test_an_upgraded_database_is_what_the_schema_says(empty: str, postgres: PostgresServer) -> None:
    await migrate.upgrade(empty)
    fresh = await postgres.fresh(upgraded=False)
    engine = connect(fresh)
    async with engine.begin() as conn:
        await conn.run_sync(metadata.create_all)
    await engine.dispose()
    upgraded = await looked_at(empty, COLUMNS, INDEXES)
    assert upgraded == await looked_at(fresh, COLUMNS, INDEXES)
    assert all(upgraded)
    await postgres.drop(fresh)


async def test_alembic_finds_nothing_left_to_change(empty: str) -> None:
    await migrate.upgrade(empty)

    def differences(conn: Connection) -> object:
        return compare_metadata(MigrationContext.configure(conn, opts={"compare_type": True}), metadata)

    engine = connect(empty)
    async with engine.connect() as conn:
        assert await conn.run_sync(differences) == []
        await conn.execute(text("DROP INDEX ix_cases_holder"))  # would the comparison notice?
        assert await conn.run_sync(differences) != []
    await engine.dispose()


async def test_of_several_that_start_at_once_one_makes_the_tables(empty: str) -> None:
    made = await asyncio.gather(*(migrate.upgrade(empty) for _ in range(6)))
    assert sorted(made) == [False] * 5 + [True]
    await migrate.check(empty)


async def test_a_step_that_fails_leaves_everything_as_it_was(empty: str, tmp_path: Path) -> None:
    await migrate.upgrade(empty)
    before = await looked_at(empty, COLUMNS, INDEXES)
    with pytest.raises(ZeroDivisionError):
        await migrate.upgrade(empty, scripts_with(tmp_path, then="1 / 0"))
    assert await looked_at(empty, COLUMNS, INDEXES) == before
    await migrate.check(empty)


async def test_an_older_a_newer_and_an_empty_database_are_told_apart(empty: str, tmp_path: Path) -> None:
    with pytest.raises(PosternError, match="is empty: run `postern init`"):
        await migrate.check(empty)
    await migrate.upgrade(empty)
    newer = scripts_with(tmp_path)
    with pytest.raises(PosternError, match="older Postern"):
        await migrate.check(empty, newer)
    await migrate.upgrade(empty, newer)
    with pytest.raises(PosternError, match="newer Postern"):
        await migrate.check(empty)


async def test_an_invitation_may_expire_after_2038(empty: str) -> None:
    await migrate.upgrade(empty)
    key = ServerKey.generate()
    db = open_database(empty, Vault.open(key, Vault.new_secrets(key)))
    now = 2**31 + 5
    try:
        token = await db.write(lambda tx: staff.invite(tx, Role.LEAD, now))
        assert await db.write(lambda tx: staff.use_invite(tx, token, now + 1)) is Role.LEAD
    finally:
        await db.close()
