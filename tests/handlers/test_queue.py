"""The queue's first page: the right cases in the right order, whatever happened since the last look."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import update

from handlers.queue import Queue, order_of
from intake.lifecycle import Act, Outcome, Status
from intake.questionnaire import Level
from storage import cases, locks
from storage.database import Database, Tx
from storage.schema import cases as table
from storage.sealing import make_lock
from tests.storage.conftest import *  # noqa: F403 - a real database
from tests.storage.test_cases import FACTS, case
from tests.storage.test_grouped import fresh_database
from tests.storage.test_locks import KEYS

DEEDS = st.sampled_from(["claim", "release", "close", "erase", "look"])


def put(tx: Tx, number: int, level: Level, hour: int) -> None:
    locks.add(tx, make_lock(bytes([number]) * 16, KEYS))
    cases.add(tx, case(number, facts=replace(FACTS, level=level, received_hour=hour * 3_600)))


def do(tx: Tx, queue: Queue, deed: str, number: int) -> None:
    found = cases.by_id(tx, bytes([number]) * 16)
    if found is None:
        return
    match deed:
        case "claim":
            cases.move(tx, found, Act.CLAIM, holder="heron")
        case "release":
            cases.move(tx, found, Act.RELEASE, holder=None)
        case "close":
            cases.close(tx, found, Outcome.HELPED, 19_700)
        case "erase":
            cases.erase(tx, [found.case])
        case _:
            queue.look(tx, 2)


@settings(max_examples=25, deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from(Level), st.integers(1, 3)), min_size=5, max_size=5),
    st.lists(st.tuples(DEEDS, st.integers(1, 5)), max_size=20),
)
async def test_every_look_shows_what_sorting_all_open_cases_would(
    sent: list[tuple[Level, int]], deeds: list[tuple[str, int]]
) -> None:
    def work(tx: Tx) -> None:
        queue = Queue()
        for number, (level, hour) in enumerate(sent, start=1):
            put(tx, number, level, hour)
        for deed, number in deeds:
            do(tx, queue, deed, number)
            expected = sorted(cases.with_status(tx, Status.OPEN), key=order_of)
            line = queue.look(tx, 3)
            assert (line.waiting, line.first) == (len(expected), expected[:3])

    async with fresh_database() as db:
        await db.write(work)


async def test_a_damaged_case_holds_up_no_other(db: Database) -> None:
    def work(tx: Tx) -> None:
        for number in (1, 2):
            put(tx, number, Level.URGENT, number)
        tx.conn.execute(update(table).where(table.c.case_id == bytes([1]) * 16).values(facts=b"\0" * 9_000))

    await db.write(work)
    queue = Queue()
    for _ in range(2):
        line = await db.read(lambda tx: queue.look(tx, 3), long=True)
        assert (line.waiting, [each.case for each in line.first]) == (1, [bytes([2]) * 16])
