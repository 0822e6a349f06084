"""How many recent requests share a combination: each counts once, for as long as it is recent."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import create_engine, select

from storage import combinations
from storage.database import Database, Tx
from storage.schema import combinations as table
from storage.schema import metadata
from storage.server_key import ServerKey
from storage.vault import Vault

A, B, C = (bytes([n]) * 16 for n in (1, 2, 3))


async def test_each_request_counts_in_its_combinations_itself_included(db: Database) -> None:
    def work(tx: Tx) -> list[dict[bytes, int]]:
        return [
            combinations.count(tx, 100, [A, B], since=70),
            combinations.count(tx, 101, [A], since=71),
            combinations.count(tx, 130, [A, C], since=101),  # the first is no longer recent
        ]

    assert await db.write(work) == [{A: 1, B: 1}, {A: 2}, {A: 2, C: 1}]


async def test_a_request_that_changed_is_taken_out_where_it_was_counted(db: Database) -> None:
    def work(tx: Tx) -> dict[bytes, int]:
        combinations.count(tx, 100, [A, B], since=70)
        combinations.count(tx, 100, [A], since=70)
        combinations.uncount(tx, 100, [A, B])
        combinations.uncount(tx, 99, [A])  # never counted there
        return combinations.count(tx, 101, [A, B], since=71)

    assert await db.write(work) == {A: 2, B: 1}


async def test_what_is_no_longer_recent_is_forgotten(db: Database) -> None:
    def work(tx: Tx) -> list[int]:
        for day in (99, 100):
            combinations.count(tx, day, [A], since=day - 30)
        assert combinations.forget(tx, before=100, most=9) == 1
        return list(tx.conn.execute(select(table.c.day)).scalars())

    assert await db.write(work) == [100]


Request = tuple[int, frozenset[bytes]]


@given(
    st.lists(st.tuples(st.integers(100, 140), st.frozensets(st.sampled_from([A, B, C]))), max_size=12),
    st.data(),
)
def test_counting_and_uncounting_agree_with_a_list_of_requests(
    requests: list[Request], data: st.DataObject
) -> None:
    engine = create_engine("sqlite://")
    metadata.create_all(engine)
    key = ServerKey.generate()
    with engine.connect() as conn:
        tx = Tx(conn, Vault.open(key, Vault.new_secrets(key)))
        kept: list[Request] = []
        for day, tags in sorted(requests):
            kept.append((day, tags))
            counted = combinations.count(tx, day, tags, since=day - 30)
            assert counted == {tag: sum(tag in t and d >= day - 30 for d, t in kept) for tag in tags}
            if data.draw(st.booleans()):
                gone_day, gone = kept.pop(data.draw(st.integers(0, len(kept) - 1)))
                combinations.uncount(tx, gone_day, gone)
