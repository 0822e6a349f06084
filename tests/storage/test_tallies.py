"""Monthly counts: each adds up, none can be read or swapped without the server key, and a month that is over stays."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule
from sqlalchemy import create_engine, insert, select, update

from intake.counts import earlier, month_of
from intake.errors import Tampered
from storage import tallies
from storage.database import Database, Tx
from storage.schema import metadata, pending_counts
from storage.schema import tallies as table
from storage.server_key import ServerKey
from storage.vault import Vault

NOVEMBER = 1_700_000_000
"""In November 2023."""
MONTH_LATER = NOVEMBER + 31 * 86_400
K = 5


async def count(db: Database, *names: str, month: str = "2023-11", times: int = 1) -> None:
    def work(tx: Tx) -> None:
        for _ in range(times):
            tallies.add(tx, month, names)

    await db.write(work)


async def fold(db: Database, now: int = NOVEMBER) -> int:
    return await db.write(lambda tx: tallies.fold(tx, now, K))


async def stored(db: Database) -> list[tuple[object, ...]]:
    return await db.read(lambda tx: sorted(map(tuple, tx.conn.execute(select(table)).all())))


async def test_counts_add_up_even_when_they_come_at_once(db: Database) -> None:
    lane = [number.to_bytes(16) for number in range(9)]
    await asyncio.gather(
        *(db.write(lambda tx: tallies.add(tx, "2023-11", ["requests", "urgent"]), each) for each in lane),
        db.write(lambda tx: tallies.add(tx, "2023-12", ["requests"])),
        fold(db),
    )
    expected = {("2023-11", "requests"): 9, ("2023-11", "urgent"): 9, ("2023-12", "requests"): 1}
    assert await db.read(tallies.read) == expected
    await fold(db)
    assert await db.read(tallies.read) == expected


async def test_a_pending_row_says_nothing_and_has_one_size(db: Database) -> None:
    await count(db, "requests")
    await count(db, "requests", "urgent", *(f"answer:question:{'o' * number}" for number in range(20)))
    rows = await db.read(lambda tx: tx.conn.execute(select(pending_counts)).all())
    assert len({len(row.box) for row in rows}) == 1
    assert {len(row.id) for row in rows} == {16}


async def test_an_event_with_very_many_names_is_counted_whole(db: Database) -> None:
    names = ["requests", *(f"answer:{'q' * 32}:{'o' * 28}{number}" for number in range(100))]
    await count(db, *names)
    assert await db.read(tallies.read) == {("2023-11", name): 1 for name in names}
    assert (
        len(await db.read(lambda tx: {len(row.box) for row in tx.conn.execute(select(pending_counts))})) == 1
    )


async def test_a_month_is_wrapped_and_of_one_size(db: Database) -> None:
    await count(db, "requests", times=K)
    await count(db, "requests", "urgent", "language:ru", month="2023-10", times=K)
    await fold(db)
    assert len({len(row[2]) for row in await stored(db)}) == 1  # type: ignore[arg-type]
    assert {row[1] for row in await stored(db)} == {""}


async def test_fewer_than_k_of_a_kind_wait(db: Database) -> None:
    """What one request changed can't be seen from two copies, however much else happened between them."""
    await count(db, "requests", "urgent", times=K - 1)
    await count(db, "outcome:helped", "cases", times=K)
    assert await fold(db) == K
    assert await db.read(tallies.settled) == {("2023-11", "outcome:helped"): K, ("2023-11", "cases"): K}
    assert (await db.read(tallies.read))["2023-11", "requests"] == K - 1
    before = await stored(db)
    assert await fold(db) == 0
    assert await stored(db) == before
    await count(db, "requests", "standard")
    assert await fold(db) == K
    assert (await db.read(tallies.settled))["2023-11", "requests"] == K
    assert await db.read(tallies.read) == await db.read(tallies.settled)


async def test_a_month_that_is_over_takes_what_is_left_and_then_nothing(db: Database) -> None:
    await count(db, "requests", "urgent", times=2)
    last_second = 1_701_388_799
    assert await fold(db, last_second + tallies.GRACE) == 0
    assert await fold(db, last_second + tallies.GRACE + 1) == 2
    final = await stored(db)
    await count(db, "requests", "urgent", times=K)  # late: it counts in the month in which it is folded
    assert await fold(db, MONTH_LATER) == K
    assert [row for row in await stored(db) if row[0] == "2023-11"] == final
    assert await db.read(tallies.settled) == {
        ("2023-11", "requests"): 2,
        ("2023-11", "urgent"): 2,
        ("2023-12", "requests"): K,
        ("2023-12", "urgent"): K,
    }


async def test_a_month_that_a_wrong_clock_has_closed_stays_as_it_is(db: Database) -> None:
    await count(db, "requests", times=2)
    while await fold(db, NOVEMBER + 400 * 86_400):
        pass
    final = await stored(db)
    await count(db, "requests", times=K)
    assert await fold(db) == K
    assert [row for row in await stored(db) if row[0] == "2023-11"] == final
    assert (await db.read(tallies.settled))["2023-12", "requests"] == K


async def test_what_waited_while_the_service_was_away_comes_into_its_own_month(db: Database) -> None:
    await count(db, "requests", times=2)
    await count(db, "requests", month="2023-12")
    while await fold(db, NOVEMBER + 200 * 86_400):
        pass
    assert await db.read(tallies.settled) == {("2023-11", "requests"): 2, ("2023-12", "requests"): 1}
    assert await db.read(tallies.newest_over) == "2023-12"


async def test_counts_from_before_there_were_pending_rows_are_taken_over(db: Database) -> None:
    def work(tx: Tx) -> None:
        for month, name, number in [
            ("2023-10", "requests", 40),
            ("2023-10", "urgent", 9),
            ("2023-11", "requests", 7),
        ]:
            box = tx.vault.wrap_padded(
                tallies.COUNT, f"{month}|{name}".encode(), str(number).encode(), tallies.COUNT_BYTES
            )
            tx.conn.execute(insert(table).values(month=month, name=name, count=box))

    await db.write(work)
    await count(db, "requests", times=K)
    expected = {("2023-10", "requests"): 40, ("2023-10", "urgent"): 9, ("2023-11", "requests"): 7 + K}
    assert await db.read(tallies.read) == expected
    await fold(db)
    assert await db.read(tallies.settled) == expected
    assert {row[:2] for row in await stored(db)} == {("2023-10", ""), ("2023-11", "")}


async def test_a_count_moved_to_another_month_does_not_open(db: Database) -> None:
    await count(db, "requests", times=K)
    await fold(db)
    await db.write(lambda tx: tx.conn.execute(update(table).values(month="2023-12")) and None)
    with pytest.raises(Tampered):
        await db.read(tallies.read)


async def test_a_request_that_fails_is_not_counted(db: Database) -> None:
    def work(tx: Tx) -> None:
        tallies.add(tx, "2023-11", ["requests"])
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await db.write(work)
    assert await db.read(tallies.read) == {}


async def test_months_that_nobody_closes_are_told(db: Database) -> None:
    await count(db, "requests", times=K)
    await fold(db)
    await count(db, "requests", month="2023-10")  # which waits
    assert await db.read(lambda tx: tallies.overdue(tx, NOVEMBER)) == []
    assert await db.read(lambda tx: tallies.overdue(tx, MONTH_LATER)) == ["2023-10"]
    await fold(db, MONTH_LATER - 16 * 86_400)
    assert await db.read(lambda tx: tallies.overdue(tx, MONTH_LATER)) == []
    assert await db.read(lambda tx: tallies.overdue(tx, MONTH_LATER + 40 * 86_400)) == ["2023-11"]
    await fold(db, MONTH_LATER + 40 * 86_400)
    assert await db.read(lambda tx: tallies.overdue(tx, MONTH_LATER + 40 * 86_400)) == []


async def test_a_month_without_anything_is_closed_with_the_next_one(db: Database) -> None:
    await count(db, "requests", month="2023-08", times=K)
    await count(db, "requests", times=K)
    await fold(db, MONTH_LATER)
    final = await stored(db)
    assert {str(row[0]) for row in final} == {"2023-08", "2023-09", "2023-10", "2023-11"}
    await count(db, "requests", month="2023-09", times=K)  # two months too late
    await fold(db, MONTH_LATER)
    assert [row for row in await stored(db) if str(row[0]) < "2023-12"] == final
    assert (await db.read(tallies.settled))["2023-12", "requests"] == K


async def test_the_decades_after_a_clock_at_1970_are_not_closed_one_by_one(db: Database) -> None:
    await count(db, "requests", month="1970-01", times=K)
    await count(db, "requests", times=K)
    await fold(db, MONTH_LATER)
    assert len(await stored(db)) == tallies.MOST_EMPTY + 2


class Months(RuleBasedStateMachine):
    """Events that come late, folds at any time: no total that was read ever falls, and a closed month stays."""

    def __init__(self) -> None:
        super().__init__()
        key = ServerKey.generate()
        engine = create_engine("sqlite://")
        metadata.create_all(engine, tables=[table, pending_counts])
        self.tx = Tx(engine.connect(), Vault.open(key, Vault.new_secrets(key)))
        self.now = NOVEMBER
        self.read = tallies.Counts()
        self.closed: dict[object, object] = {}
        self.sent = 0

    @rule(late=st.integers(0, 5), times=st.integers(1, K), kind=st.sampled_from(["requests", "outcome:test"]))
    def event(self, late: int, times: int, kind: str) -> None:
        for _ in range(times):
            tallies.add(self.tx, earlier(month_of(self.now), late), [kind])
        self.sent += times

    @rule()
    def fold(self) -> None:
        while tallies.fold(self.tx, self.now, K):
            pass

    @rule(days=st.sampled_from([1, 3, 20, 70]))
    def later(self, days: int) -> None:
        self.now += days * 86_400

    @invariant()
    def nothing_shown_falls(self) -> None:
        read = tallies.read(self.tx)
        assert read.total() == self.sent
        for place, n in self.read.items():
            assert read[place] >= n, place
        self.read = read
        newest = tallies.newest_over(self.tx)
        for row in self.tx.conn.execute(select(table)).all():
            if newest is not None and row.month <= newest:
                assert self.closed.setdefault(row.month, row.count) == row.count, row.month
                assert sum(n for (m, _), n in read.items() if m == row.month) == sum(
                    n for (m, _), n in tallies.settled(self.tx, [row.month]).items()
                )


TestMonths = Months.TestCase
TestMonths.settings = settings(max_examples=15, stateful_step_count=20)
