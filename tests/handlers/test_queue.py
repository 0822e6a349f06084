"""The queue's first page: the right cases in the right order, whatever happened since the last look."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from random import Random
from unittest.mock import patch

from hypothesis import given, settings
from hypothesis import strategies as st
from nacl.public import PrivateKey
from sqlalchemy import update

from handlers.queue import Queue, can_open, order_of
from handlers.unfinished import Entry
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

NOW = 100 * 3_600
ALL_DEEDS = ["claim", "release", "close", "erase", "look", "reply"]
DEEDS = st.sampled_from(ALL_DEEDS)


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
        case "reply":
            cases.save_facts(tx, found, replace(found.facts, replied_hour=NOW, near_empty=number % 2 == 0))
        case _:
            queue.look(tx, NOW)


@settings(max_examples=25, deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from(Level), st.sampled_from((20, 30, 80, 99))), min_size=5, max_size=5),
    st.lists(st.tuples(DEEDS, st.integers(1, 5), st.sampled_from((0, 1, 30, -40))), max_size=20),
)
async def test_every_look_shows_what_sorting_all_open_cases_would(
    sent: list[tuple[Level, int]], deeds: list[tuple[str, int, int]]
) -> None:
    """Whatever happens to the cases, and to the clock."""

    def work(tx: Tx) -> None:
        queue, now = Queue(), NOW
        for number, (level, hour) in enumerate(sent, start=1):
            put(tx, number, level, hour)
        for deed, number, hours in deeds:
            do(tx, queue, deed, number)
            now += hours * 3_600
            expected = sorted(cases.with_status(tx, Status.OPEN), key=lambda case: order_of(case, now))
            look = queue.look(tx, now)
            assert [entry.case for entry in look.queue()] == [case.case for case in expected]
            held = {case.case for case in cases.with_status(tx, Status.CLAIMED)}
            assert {entry.case for entry in look.held} == held

    async with fresh_database() as db:
        await db.write(work)


class Undone(Exception):
    pass


async def test_what_is_remembered_is_what_a_new_process_would_read(db: Database) -> None:
    """Also after a transaction that looked at what it had changed, and came to nothing."""
    random, queue = Random(7), Queue()

    def same(tx: Tx) -> int:
        look, anew = queue.look(tx, NOW), Queue().look(tx, NOW)
        assert [vars_of(entry) for entry in look.queue()] == [vars_of(entry) for entry in anew.queue()]
        assert sorted(map(vars_of, look.held)) == sorted(map(vars_of, anew.held))
        assert queue.look(tx, NOW).open is look.open
        return len(look.open)

    def change(tx: Tx) -> None:
        for _ in range(random.randint(1, 3)):
            do(
                tx,
                Queue(),
                random.choice(ALL_DEEDS[: 3 if random.random() < 0.8 else None]),
                random.randint(1, 30),
            )

    def change_in_vain(tx: Tx) -> None:
        change(tx)
        same(tx)
        raise Undone

    def fill(tx: Tx) -> None:
        for number in range(1, 31):
            put(tx, number, random.choice(list(Level)), random.randint(1, 40))

    await db.write(fill)
    assert await db.read(same) == 30
    for _ in range(40):
        with suppress(Undone):
            await db.write(change_in_vain if random.random() < 0.3 else change)
        await db.read(same)


def vars_of(entry: Entry) -> str:
    return " ".join(str(getattr(entry, name)) for name in Entry.__slots__)


async def test_only_what_has_changed_is_read(db: Database) -> None:
    def read(tx: Tx) -> list[bytes]:
        with patch("handlers.unfinished.cases.read", wraps=cases.read) as reading:
            queue.look(tx, NOW)
        return [call.args[1].case_id for call in reading.call_args_list]

    def fill(tx: Tx) -> None:
        for number in range(1, 9):
            put(tx, number, Level.URGENT, number)

    queue = Queue()
    await db.write(fill)
    assert len(await db.read(read)) == 8
    assert await db.read(read) == []
    await db.write(lambda tx: do(tx, queue, "claim", 3))
    assert await db.read(read) == [bytes([3]) * 16]


async def test_a_damaged_case_holds_up_no_other(db: Database) -> None:
    def work(tx: Tx) -> None:
        for number in (1, 2):
            put(tx, number, Level.URGENT, number)
        tx.conn.execute(update(table).where(table.c.case_id == bytes([1]) * 16).values(facts=b"\0" * 9_000))

    await db.write(work)
    queue = Queue()
    for _ in range(2):
        look = await db.read(lambda tx: queue.look(tx, NOW), long=True)
        assert [entry.case for entry in look.queue()] == [bytes([2]) * 16]


async def test_what_is_written_anew_is_read_anew(db: Database) -> None:
    queue = Queue()

    def change(tx: Tx, level: Level) -> list[Level]:
        found = cases.by_id(tx, bytes([1]) * 16)
        assert found is not None
        cases.save_facts(tx, found, replace(found.facts, level=level, replied_hour=3_600))
        return [entry.waiting.level for entry in queue.look(tx, NOW).open]

    await db.write(lambda tx: put(tx, 1, Level.URGENT, 1))
    await db.read(lambda tx: queue.look(tx, NOW))
    assert await db.write(lambda tx: change(tx, Level.STANDARD)) == [Level.STANDARD]


async def test_only_what_a_key_opens_is_offered_however_many_it_does_not_open(db: Database) -> None:
    ours, theirs = (bytes(PrivateKey.generate().public_key) for _ in range(2))

    def work(tx: Tx) -> None:
        for number in range(1, 7):
            keys = [theirs, ours] if number in (2, 5) else [theirs]
            locks.add(tx, make_lock(bytes([number]) * 16, keys))
            cases.add(tx, case(number, facts=replace(FACTS, received_hour=number * 3_600)))
        found = Queue().look(tx, NOW).queue()
        assert [entry.case[0] for entry in can_open(tx, found, ours)] == [2, 5]
        assert [entry.case[0] for entry in can_open(tx, found, theirs)] == [1, 2, 3, 4, 5, 6]
        assert list(can_open(tx, found, None)) == []

    with patch("handlers.queue.AT_FIRST", 1), patch("handlers.queue.AT_ONCE", 2):
        await db.write(work)
