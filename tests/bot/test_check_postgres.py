"""What `check` finds out about a PostgreSQL server, and what it says to that."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from bot.check_postgres import Facts, ask, judge
from tests.bot.installed import RECOVERY, Place, Shell
from tests.postgres import PostgresServer, database_of

SOUND = Facts(
    version=17,
    local=True,
    encrypted=False,
    verified=False,
    superuser=False,
    settings={
        "archive_mode": "off",
        "fsync": "on",
        "full_page_writes": "on",
        "log_min_duration_sample": "-1",
        "log_min_duration_statement": "-1",
        "log_statement": "none",
        "synchronous_commit": "on",
        "track_commit_timestamp": "off",
    },
)
ALWAYS = 1
"""What stays in files and log is said of any server."""


def said(facts: Facts) -> list[str]:
    return [str(finding) for finding in judge(facts)][:-ALWAYS]


def test_a_sound_server_is_told_only_what_holds_for_all() -> None:
    assert said(SOUND) == []
    (always,) = judge(SOUND)
    assert "WAL" in str(always)


@pytest.mark.parametrize(
    ("changed", "serious", "words"),
    [
        ({"version": 12}, True, "version 12"),
        ({"local": False}, True, "not encrypted"),
        ({"local": False, "encrypted": True}, False, "ssl=verify-full"),
        ({"superuser": True}, False, "superuser"),
    ],
)
def test_what_is_wrong_with_the_line_and_the_role(
    changed: dict[str, object], serious: bool, words: str
) -> None:
    (found,) = said(replace(SOUND, **changed))  # type: ignore[arg-type]
    assert found.startswith("problem:" if serious else "note:")
    assert words in found


def test_an_encrypted_line_to_a_server_that_proves_itself_is_fine() -> None:
    assert said(replace(SOUND, local=False, encrypted=True, verified=True)) == []


@pytest.mark.parametrize(
    ("name", "value", "serious"),
    [
        ("fsync", "off", True),
        ("full_page_writes", "off", True),
        ("synchronous_commit", "off", True),
        ("log_statement", "all", True),
        ("log_statement", "mod", True),
        ("log_min_duration_statement", "0", True),
        ("log_min_duration_sample", "0", True),
        ("log_min_duration_statement", "250", False),
        ("track_commit_timestamp", "on", True),
        ("archive_mode", "on", False),
    ],
)
def test_what_is_wrong_with_the_settings(name: str, value: str, serious: bool) -> None:
    (found,) = said(replace(SOUND, settings={**SOUND.settings, name: value}))
    assert found.startswith("problem:" if serious else "note:")


@pytest.mark.parametrize("value", ["remote_apply", "local", "remote_write"])
def test_a_commit_may_wait_for_more_than_our_disk(value: str) -> None:
    assert said(replace(SOUND, settings={**SOUND.settings, "synchronous_commit": value})) == []


@pytest.fixture
async def url(postgres: PostgresServer) -> AsyncIterator[str]:
    made = await postgres.fresh()
    yield made
    await postgres.drop(made)


async def test_a_real_server_is_asked(url: str, postgres: PostgresServer) -> None:
    await postgres.sql(f"ALTER DATABASE {database_of(url)} SET log_statement = 'mod'")
    facts = await ask(url)
    assert (facts.version, facts.local, facts.encrypted, facts.superuser) == (18, True, False, False)
    assert facts.settings["log_statement"] == "mod"
    assert facts.settings["fsync"] == "off"  # of the tests' server
    assert set(facts.settings) == set(SOUND.settings)


@pytest.mark.parametrize(
    ("address", "local", "verified"),
    [
        ("postgresql+asyncpg://a@localhost/x", True, False),
        ("postgresql+asyncpg://a@db.example.org/x?ssl=verify-full", False, True),
        ("postgresql+asyncpg://a@/x?host=one.example.org:5432&host=two.example.org:5433", False, False),
        ("postgresql+asyncpg://a@/x?host=/var/run/postgresql", True, False),
    ],
)
def test_whether_it_is_here_is_read_off_the_address(address: str, local: bool, verified: bool) -> None:
    from bot.check_postgres import is_local, is_verified

    assert (is_local(address), is_verified(address)) == (local, verified)


def test_the_command_says_it(shell: Shell, postgres: PostgresServer) -> None:
    url = asyncio.run(postgres.fresh(upgraded=False))
    there = replace(shell, place=Place(shell.place.home, shell.place.settings | {"DATABASE_URL": url}))
    assert there("init", "--yes", "--recovery-pubkey", RECOVERY).code == 0
    found = there("check").out
    assert (
        "problem: PostgreSQL may lose, in a crash, what it said was committed (fsync, full_page_writes"
        in found
    )
    away = replace(shell, place=Place(shell.place.home, shell.place.settings | {"DATABASE_URL": url + "x"}))
    assert "problem: The database can't be reached" in away("check").out
    asyncio.run(postgres.drop(url))
