"""The counts on the board are those of the cases, whatever happens to them and in whatever order."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given, settings
from hypothesis import strategies as st

from intake.lifecycle import Act, Outcome, Status
from intake.questionnaire import Level
from storage import cases, grouped, locks, migrate
from storage.database import Database, Tx
from storage.opening import open_database
from storage.sealing import make_lock
from storage.server_key import ServerKey
from storage.vault import Vault
from tests.storage.test_cases import FACTS, case
from tests.storage.test_locks import KEYS

NUMBERS = st.integers(1, 4)
DEEDS = st.sampled_from(["group", "claim", "release", "close", "erase"])


def put(tx: Tx, number: int, level: Level, near_empty: bool) -> None:
    locks.add(tx, make_lock(bytes([number]) * 16, KEYS))
    cases.add(tx, case(number, facts=replace(FACTS, level=level, near_empty=near_empty)))


def do(tx: Tx, deed: str, number: int) -> None:
    found = cases.by_id(tx, bytes([number]) * 16)
    if found is None:
        return
    match deed:
        case "group":
            cases.save_facts(tx, found, replace(found.facts, grouped=True))
        case "claim":
            cases.move(tx, found, Act.CLAIM, holder="heron")
        case "release":
            cases.move(tx, found, Act.RELEASE, holder=None)
        case "close":
            cases.close(tx, found, Outcome.HELPED, 19_700)
        case _:
            cases.erase(tx, [found.case])


def by_looking(tx: Tx) -> Counter[tuple[Level, bool]]:
    waiting = [each.facts for each in cases.with_status(tx, Status.OPEN) if each.facts.grouped]
    return Counter((facts.level, facts.near_empty) for facts in waiting)


@asynccontextmanager
async def fresh_database() -> AsyncIterator[Database]:
    """An empty one for each example."""
    key = ServerKey.generate()
    with TemporaryDirectory() as folder:
        url = f"sqlite+aiosqlite:///{Path(folder) / 'x.sqlite'}"
        await migrate.upgrade(url)
        db = open_database(url, Vault.open(key, Vault.new_secrets(key)))
        try:
            yield db
        finally:
            await db.close()


@settings(max_examples=25, deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from(Level), st.booleans()), min_size=4, max_size=4),
    st.lists(st.tuples(DEEDS, NUMBERS), max_size=25),
)
async def test_the_counts_are_what_one_would_find_by_looking(
    kinds: list[tuple[Level, bool]], deeds: list[tuple[str, int]]
) -> None:
    def work(tx: Tx) -> None:
        for number, kind in enumerate(kinds, start=1):
            put(tx, number, *kind)
        for deed, number in deeds:
            do(tx, deed, number)
            assert grouped.read(tx) == by_looking(tx)

    async with fresh_database() as db:
        await db.write(work)
