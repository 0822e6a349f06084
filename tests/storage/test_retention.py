"""What is past its time goes, and nothing else."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from nacl.public import PrivateKey
from sqlalchemy import text

from intake.questionnaire import Level
from intake.roles import Role
from intake.triage import Outcome, Status
from storage import cases, locks, meta, migrate, staff
from storage.cases import Case, Facts
from storage.database import Database, Tx
from storage.opening import open_database
from storage.retention import DAY, Purged, compact, purge
from storage.sealing import Sealer, make_lock
from storage.server_key import ServerKey
from storage.vault import Vault

TODAY = 20_000
NOW = TODAY * DAY + 3_600


@dataclass(frozen=True)
class Days:
    open: int = 180
    closed: int = 30


@pytest.fixture
async def db(tmp_path: Path) -> AsyncIterator[Database]:
    url = f"sqlite+aiosqlite:///{tmp_path / 'x.sqlite'}"
    await migrate.upgrade(url)
    key = ServerKey.generate()
    database = open_database(url, Vault.open(key, Vault.new_secrets(key)))
    yield database
    await database.close()


def add_case(tx: Tx, number: int, *, received: int, closed: int | None = None) -> bytes:
    case_id = bytes([number]) * 16
    lock = make_lock(case_id, [bytes(PrivateKey.generate().public_key)])
    locks.add(tx, lock)
    locks.put_block(tx, case_id, 0, Sealer(case_id, lock.public).dummy("answers", 0))
    facts = Facts(Level.STANDARD, received * DAY, "en")
    case = Case(case_id, f"CASE-{number:04}", Status.OPEN, None, facts, received)
    cases.add(tx, case)
    if closed is not None:
        tx.conn.execute(text("UPDATE cases SET status = 'claimed' WHERE case_id = :id"), {"id": case_id})
        claimed = cases.by_id(tx, case_id)
        assert claimed
        assert cases.close(tx, claimed, Outcome.HELPED, closed)
    return case_id


def everything_in(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in folder.iterdir())


async def test_cases_past_their_retention_are_erased_with_their_locks(db: Database) -> None:
    def fill(tx: Tx) -> None:
        add_case(tx, 1, received=TODAY - 180)
        add_case(tx, 2, received=TODAY - 179)
        add_case(tx, 3, received=TODAY - 400, closed=TODAY - 30)
        add_case(tx, 4, received=TODAY - 400, closed=TODAY - 29)

    await db.write(fill)
    expected = Purged(cases=2, updates=0, invites=0)
    assert await db.read(lambda tx: purge(tx, Days(), NOW, dry_run=True)) == expected
    assert await db.write(lambda tx: purge(tx, Days(), NOW)) == expected
    assert await db.write(lambda tx: purge(tx, Days(), NOW)) == Purged(0, 0, 0)

    def left(tx: Tx, table: str) -> set[bytes]:
        return {row.case_id[:1] for row in tx.conn.execute(text(f"SELECT case_id FROM {table}")).all()}  # noqa: S608

    for table in ("cases", "locks", "blocks"):
        assert await db.read(lambda tx, table=table: left(tx, table)) == {b"\x02", b"\x04"}  # type: ignore[misc]


async def test_handled_updates_and_invitations_go_when_they_can_no_longer_matter(db: Database) -> None:
    def fill(tx: Tx) -> tuple[str, str]:
        for number, day in enumerate((TODAY, TODAY - 1, TODAY - 2, TODAY - 3)):
            meta.first_time(tx, number, day)
        return (
            staff.invite(tx, Role.LEAD, NOW - staff.INVITE_SECONDS),
            staff.invite(tx, Role.LEAD, NOW - staff.INVITE_SECONDS + 1),
        )

    expired, fresh = await db.write(fill)
    assert await db.write(lambda tx: purge(tx, Days(), NOW)) == Purged(cases=0, updates=1, invites=1)
    assert await db.write(lambda tx: staff.use_invite(tx, expired, NOW)) is None
    assert await db.write(lambda tx: staff.use_invite(tx, fresh, NOW)) is Role.LEAD


async def test_nothing_erased_is_left_in_the_files(db: Database, tmp_path: Path) -> None:
    case = await db.write(lambda tx: add_case(tx, 7, received=TODAY - 181))
    box = (await db.read(lambda tx: locks.get_blocks(tx, case)))[0]
    await db.write(lambda tx: purge(tx, Days(), NOW))
    assert await compact(f"sqlite+aiosqlite:///{tmp_path / 'x.sqlite'}")
    content = await asyncio.to_thread(everything_in, tmp_path)
    assert box[:64] not in content
    assert box[-64:] not in content
    assert await db.read(lambda tx: tx.conn.execute(text("PRAGMA freelist_count")).scalar()) == 0


async def test_a_reader_that_holds_the_log_is_reported(db: Database, tmp_path: Path) -> None:
    await db.write(lambda tx: add_case(tx, 7, received=TODAY))
    with sqlite3.connect(tmp_path / "x.sqlite", isolation_level=None) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT * FROM cases").fetchall()
        await db.write(lambda tx: cases.erase(tx, [b"\x07" * 16]))
        assert not await compact(f"sqlite+aiosqlite:///{tmp_path / 'x.sqlite'}")
        reader.execute("ROLLBACK")
    assert await compact(f"sqlite+aiosqlite:///{tmp_path / 'x.sqlite'}")
