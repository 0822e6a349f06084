"""From SQLite to PostgreSQL: every row arrives as it was, or nothing was moved; and no write is lost between them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from sqlalchemy import select

from intake.errors import DatabaseAway, PosternError
from intake.roles import Role
from storage import combinations, locks, marks, meta, moving, staff, tallies, thread
from storage.database import MOVED_AWAY, Database, Tx, connect
from storage.envelope import Who
from storage.marks import Kind, Mark
from storage.opening import open_database
from storage.schema import metadata
from storage.thread import Entry
from storage.vault import Vault
from tests.postgres import PostgresServer, database_of
from tests.storage.filled import PEOPLE, contents, fill

pytestmark = pytest.mark.only_on("sqlite")
Rows = dict[str, list[tuple[object, ...]]]


@pytest.fixture
async def target(postgres: PostgresServer) -> AsyncIterator[str]:
    url = await postgres.fresh()
    yield url
    await postgres.drop(url)


@pytest.fixture
async def filled(db: Database, vault: Vault) -> Database:
    """Something in every table."""

    def work(tx: Tx) -> None:
        meta.put(tx, meta.VAULT_SECRETS, vault.rewrap_secrets(vault._ring.newest))
        fill(tx)
        staff.invite(tx, Role.LEAD, 2**31 + 9)
        locks.put_block(tx, b"c" * 16, 3, b"box")
        thread.add(tx, b"c" * 16, Entry(1, Who.ORGANISATION, 19_000, b"box", b"code box"))
        combinations.count(tx, 19_000, [b"t" * 16], 18_000)
        meta.first_time(tx, 77, 19_000)
        marks.ring(tx.conn, [Mark(Kind.JOB, b"r" * 16, 0)])

    await db.write(work)
    return db


async def everything(url: str) -> Rows:
    engine = connect(url)
    try:
        async with engine.connect() as conn:
            return {
                table.name: sorted((tuple(row) for row in await conn.execute(select(table))), key=repr)
                for table in metadata.sorted_tables
            }
    finally:
        await engine.dispose()


def without_signs(rows: Rows) -> Rows:
    """Without what the move itself writes."""
    signs = {MOVED_AWAY, moving.MOVED_HERE}
    return rows | {"meta": [row for row in rows["meta"] if row[0] not in signs]}


async def test_every_row_arrives_and_opens_there(
    filled: Database, url: str, target: str, vault: Vault, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(moving, "AT_ONCE", 2)
    before = await everything(url)
    told: list[int] = []
    counts = await moving.move(url, target, told.append)
    assert counts == {table: len(rows) for table, rows in before.items()}
    assert all(counts.values()), "fill more tables"
    assert sum(told) == 2 * sum(counts.values())
    assert without_signs(await everything(target)) == before == without_signs(await everything(url))
    there = open_database(target, vault)
    try:
        assert await there.read(contents) == await filled.read(contents)
        await there.write(lambda tx: tallies.add(tx, "2026-11", ["requests"]))
        assert (await there.read(tallies.read))["2026-11", "requests"] == len(PEOPLE) + 1
    finally:
        await there.close()


@pytest.mark.parametrize("step", [1, 3, 8, 14, 20])
async def test_interrupted_anywhere_it_is_made_again(
    filled: Database, url: str, target: str, step: int
) -> None:
    before, empty = await everything(url), await everything(target)
    steps: list[int] = []

    def power_cut(rows: int) -> None:
        steps.append(rows)
        if len(steps) == step:
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await moving.move(url, target, power_cut)
    assert await everything(target) == empty
    await filled.write(lambda tx: meta.put(tx, "later", b"x"))  # the service went on meanwhile
    await moving.move(url, target, lambda _: None)
    moved = without_signs(await everything(target))
    assert moved["cases"] == before["cases"]
    assert ("later", b"x") in moved["meta"]


async def test_what_a_move_left_that_ended_between_the_two_commits_is_made_anew(
    filled: Database, url: str, target: str
) -> None:
    await moving.move(url, target, lambda _: None)
    assert await moving.take_back(url)  # as if it had been killed before it could say so here
    await filled.write(lambda tx: meta.drop(tx, meta.PAUSED))
    await moving.move(url, target, lambda _: None)
    assert without_signs(await everything(target)) == without_signs(await everything(url))


async def test_an_installation_that_is_there_already_is_left_alone(
    filled: Database, url: str, target: str, vault: Vault
) -> None:
    there = open_database(target, vault)
    await there.write(lambda tx: meta.put(tx, meta.VAULT_SECRETS, b"somebody else's"))
    await there.close()
    before = await everything(target)
    with pytest.raises(PosternError, match="holds an installation already"):
        await moving.move(url, target, lambda _: None)
    assert await everything(target) == before
    await filled.write(lambda tx: meta.put(tx, "here", b"x"))  # and this one is still in use


@pytest.mark.parametrize(
    "change", ["NEW.mac = NEW.mac || '\\x00'::bytea; RETURN NEW", "RETURN NULL", "NEW.slots = ''; RETURN NEW"]
)
async def test_a_row_that_does_not_arrive_as_it_was_stops_everything(
    filled: Database, url: str, target: str, postgres: PostgresServer, change: str
) -> None:
    name = database_of(target)
    await postgres.sql(
        f"CREATE FUNCTION spoil() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {change}; END $$",
        database=name,
    )
    await postgres.sql(
        "CREATE TRIGGER spoil BEFORE INSERT ON locks FOR EACH ROW EXECUTE FUNCTION spoil()", database=name
    )
    with pytest.raises(PosternError, match="locks did not arrive as they were: nothing was moved"):
        await moving.move(url, target, lambda _: None)
    assert not any((await everything(target)).values())
    await filled.write(lambda tx: meta.put(tx, "here", b"x"))


async def test_whoever_still_writes_to_the_old_one_is_told_and_loses_nothing(
    filled: Database, url: str, target: str, vault: Vault
) -> None:
    forgotten = open_database(url, vault)
    writing: list[asyncio.Task[Any]] = []

    def meanwhile(_: int) -> None:
        if not writing:
            writing.append(asyncio.create_task(forgotten.write(put("meanwhile"))))

    await moving.move(url, target, meanwhile)
    with pytest.raises(DatabaseAway, match="was moved to PostgreSQL"):
        await writing[0]
    for db in (filled, forgotten):
        with pytest.raises(DatabaseAway, match="was moved to PostgreSQL"):
            await db.write(put("afterwards"))
        assert await db.read(lambda tx: meta.get(tx, "meanwhile")) is None
    await forgotten.close()
    assert await moving.take_back(url)
    assert not await moving.take_back(url)
    await filled.write(put("afterwards"))


def put(name: str) -> Callable[[Tx], None]:
    return lambda tx: meta.put(tx, name, b"x")
