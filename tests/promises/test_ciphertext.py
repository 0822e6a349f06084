"""What the shape of the ciphertext says: nothing about who wrote how much, when in the day, or in what order."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from sqlalchemy import Integer, LargeBinary, select
from sqlalchemy.dialects import sqlite
from sqlalchemy.schema import CreateTable

from intake.roles import Role
from storage import replies, staff, tallies, undelivered
from storage.database import Tx
from storage.replies import State
from storage.schema import cases, metadata
from storage.sealing import BOX_BYTES
from storage.wrapped import WRAPPED
from tests.handlers.desk import GROUP, Person, World, ask, join

DAY, HOUR = 86_400, 3_600
TEXTS = ("", "x", "Помогите. " * 100, "🕯" * 700)

NUMBERS = {
    "blocks.position": "which of a questionnaire's boxes",
    "cases.received_day": "a day",
    "cases.closed_day": "a day",
    "cases.version": "random, another with each change",
    "thread.sequence": "counts within one case",
    "thread.day": "a day",
    "files.sequence": "random",
    "files.day": "a day",
    "file_blocks.sequence": "random",
    "file_blocks.position": "which of a file's blocks",
    "handouts.sequence": "random",
    "replies.day": "a day",
    "undelivered.day": "a day",
    "outbox.due_day": "a day",
    "traces.due_day": "a day",
    "invites.expires_at": "about the staff",
    "blocked.until_day": "a day",
    "combinations.day": "a day",
    "combinations.count": "how many share a combination on a day",
    "handled.day": "a day",
    "audit.number": "counts what the staff did",
    "audit.day": "a day",
}
"""Every number that stands in the clear. Another one has to be justified here."""


async def _lives(world: World) -> list[Person]:
    """At different hours of a day: short and long texts, both channels, emergencies, drafts, replies."""
    await join(world, 90, Role.OPERATOR, "Heron")
    people = [Person(world, 4_000_000_000 + n) for n in range(8)]
    for n, who in enumerate(people):
        await ask(who, held=n == 5, text=TEXTS[n % 4], until=("chat", "code", "review", "chat")[n % 4])
        world.wait(HOUR + 7 * n)
    await world.deliver()
    heron = Person(world, 90)
    await heron.press("Claim", chat=GROUP)  # the file for the holder stays in the outbox
    await world.write(lambda tx: _answered(tx, world.now))
    await world.write(lambda tx: _on_duty(tx, world.now))
    return people


def _on_duty(tx: Tx, now: int) -> None:
    for number, member in enumerate(staff.everyone(tx)):
        staff.set_duty(tx, member.id, now + number * HOUR)


def _answered(tx: Tx, now: int) -> None:
    for number, case in enumerate(tx.conn.execute(select(cases.c.case_id)).scalars()):
        replies.add(tx, case, list(State)[number % 5], now + 7 * number * HOUR)
    undelivered.note(tx, "reply", "blocked", now, reference="K7QM-4ZDP")
    undelivered.note(tx, "notice", "too-late", now)


async def test_all_that_is_sealed_has_one_size_and_all_wrapped_values_of_a_kind_as_well(world: World) -> None:
    await _lives(world)
    sizes: dict[str, set[int]] = defaultdict(set)
    per_case: dict[bytes, int] = defaultdict(int)

    def measure(tx: Tx) -> None:
        for table in metadata.sorted_tables:
            for row in tx.conn.execute(select(table)).mappings():
                for name, value in row.items():
                    if isinstance(value, bytes) and table.name != "meta":
                        sizes[f"{table.name}.{name}"].add(len(value))
                if table.name == "blocks":
                    per_case[row["case_id"]] += 1

    await world.read(measure)
    await world.write(lambda tx: tallies.fold(tx, world.now, 1))
    await world.read(measure)
    assert sizes["blocks.box"] == {BOX_BYTES}
    assert {place: found for place, found in sizes.items() if len(found) > 1} == {}
    assert len(per_case) == 8
    assert len(set(per_case.values())) == 1
    measured = {f"{w.column.table.name}.{w.column.name}" for w in WRAPPED}
    measured -= {"meta.value", "blocked.source", "releases.shown"}  # the last is about no single person
    assert measured <= sizes.keys()


async def test_the_same_words_never_look_the_same_twice(world: World) -> None:
    for n in range(3):
        await ask(Person(world, 4_100_000_000 + n), text=TEXTS[2], until="chat")
    rows = (await world.tables())["blocks"]
    assert len({row[2] for row in rows}) == len(rows)


def test_every_number_in_the_clear_is_a_day_or_is_justified() -> None:
    found = {
        f"{table.name}.{column.name}"
        for table in metadata.sorted_tables
        for column in table.columns
        if isinstance(column.type, Integer)
    }
    assert found == NUMBERS.keys()


def test_no_table_has_row_numbers_and_every_key_is_random_or_hashed() -> None:
    """Rows lie in the order of their keys; a key that counted up would tell who came first."""
    for table in metadata.sorted_tables:
        made = str(CreateTable(table).compile(dialect=sqlite.dialect()))
        assert "WITHOUT ROWID" in made
        assert "AUTOINCREMENT" not in made
        first = next(iter(table.primary_key))
        about_people = table.name not in {"meta", "staff", "tallies", "invites", "audit"}
        assert not about_people or isinstance(first.type, LargeBinary), table.name


async def test_the_order_of_rows_is_the_order_of_random_keys_and_says_nothing_of_arrival(
    world: World,
) -> None:
    people = [Person(world, 4_200_000_000 + n) for n in range(12)]
    arrived = []
    for who in people:
        await ask(who, until="chat")
        arrived.append(who.account)
    stored = [row[4] for row in await world.read(_cases_as_they_lie)]
    assert sorted(stored) == sorted(arrived)
    assert stored != arrived
    keys = [row[0] for row in await world.read(_cases_as_they_lie)]
    assert keys == sorted(keys)


async def test_two_cases_of_one_day_differ_in_no_clear_value_but_their_keys(world: World) -> None:
    world.wait(DAY - world.now % DAY)  # midnight
    await ask(Person(world, 4_300_000_001), until="chat")
    world.wait(DAY - HOUR)
    await ask(Person(world, 4_300_000_002), until="chat")

    def clear(tx: Tx) -> list[tuple[object, ...]]:
        return [
            tuple(
                value
                for value in row
                if not isinstance(value, bytes) and value not in {row.reference, row.version}
            )
            for row in _cases_as_they_lie(tx)
        ]

    first, second = await world.read(clear)
    assert first == second


def _cases_as_they_lie(tx: Tx) -> list[Any]:
    return list(tx.conn.exec_driver_sql("SELECT * FROM cases").all())
