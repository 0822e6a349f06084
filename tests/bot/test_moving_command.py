"""`postern migrate-database` as its deployer meets it."""

from __future__ import annotations

import asyncio
import io
import re
import sys
from collections.abc import Iterator
from dataclasses import replace

import pytest

from storage.seat import open_seat
from tests.bot.installed import RECOVERY, Place, Shell
from tests.postgres import PostgresServer


@pytest.fixture
def target(postgres: PostgresServer) -> Iterator[str]:
    url = asyncio.run(postgres.fresh(upgraded=False))
    yield url
    asyncio.run(postgres.drop(url))


def on_postgres(shell: Shell, url: str) -> Shell:
    return replace(shell, place=Place(shell.place.home, shell.place.settings | {"DATABASE_URL": url}))


def test_an_installation_moves_and_is_used_there(installed: Shell, target: str) -> None:
    assert installed("invite", "operator").code == 1  # the bot's name is not known yet
    assert installed("pause", "Closed until Monday.").code == 0
    listed = installed("operators", "list")
    moved = installed("migrate-database", target)
    assert (moved.code, "POSTERN_DATABASE_URL" in moved.err) == (0, True)
    assert any(re.fullmatch("meta: [1-9][0-9]*", line) for line in moved.out.splitlines())
    assert target not in moved.out + moved.err

    there = on_postgres(installed, target)
    assert there("operators", "list") == listed
    assert there("resume").err == "The intake is open again.\n"
    assert "nothing was changed" in there("init", "--yes", "--recovery-pubkey", RECOVERY).err

    for command in (["resume"], ["operators", "list"], ["migrate-database", target]):
        refused = installed(*command)
        assert refused.code == 1
        assert "was moved to PostgreSQL" in refused.err
    assert "in use again" in installed("migrate-database", "--undo").err
    assert installed("resume").err == "The intake is open again.\n"
    assert "was not moved" in installed("migrate-database", "--undo").err


def test_while_the_service_runs_nothing_is_moved(installed: Shell, target: str) -> None:
    async def attempt() -> None:
        seat = open_seat(installed.place.loaded.database())
        assert await seat.take()
        try:
            for given in (target, "--undo"):
                refused = await asyncio.to_thread(installed.place.run, "migrate-database", given)
                assert refused.code == 1
                assert refused.err.startswith("The service is running: stop it first.")
        finally:
            await seat.leave()

    asyncio.run(attempt())
    assert installed("migrate-database", target).code == 0


def test_the_address_can_be_given_without_anybody_seeing_it(
    installed: Shell, target: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO(target + "\n"))
    assert installed("migrate-database", "-").code == 0
    assert on_postgres(installed, target)("operators", "list").code == 0


def test_what_cannot_be_done_is_said_in_one_line(installed: Shell, shell: Shell, target: str) -> None:
    wrong = {
        "sqlite+aiosqlite:///x.sqlite": "must begin with postgresql+asyncpg://",
        target.replace("/db", "/nothing-of-this-name"): "there is no database of that name: create it",
        "postgresql+asyncpg://postern@127.0.0.1:1/x": "can't be reached",
    }
    for given, said in wrong.items():
        refused = installed("migrate-database", given)
        assert (refused.code, said in refused.err, refused.err.count("\n")) == (1, True, 1), refused
    for usage in ([], [target, "--undo"]):
        assert installed("migrate-database", *usage).code == 2
    there = on_postgres(installed, target)
    assert "is not SQLite" in there("migrate-database", target).err
    assert installed("migrate-database", target).code == 0


def test_an_installation_can_begin_on_postgres(shell: Shell, target: str) -> None:
    there = on_postgres(shell, target)
    assert there("init", "--yes", "--recovery-pubkey", RECOVERY).code == 0
    again = there("init", "--yes", "--recovery-pubkey", RECOVERY)
    assert "nothing was changed" in again.err
    assert there("pause", "x").code == 0
    assert there("purge").code == 0
    assert not list(shell.place.home.rglob("*.sqlite*"))
