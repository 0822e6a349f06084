"""Single values, the words of questionnaires, and updates that come twice."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from storage import meta
from storage.database import Database, Tx
from storage.schema import handled


async def test_a_value_is_put_replaced_and_dropped(db: Database) -> None:
    def work(tx: Tx) -> list[bytes | None]:
        found = [meta.get(tx, meta.PAUSED)]
        for value in (b"", b"till Monday"):
            meta.put(tx, meta.PAUSED, value)
            found.append(meta.get(tx, meta.PAUSED))
        meta.drop(tx, meta.PAUSED)
        return [*found, meta.get(tx, meta.PAUSED)]

    assert await db.write(work) == [None, b"", b"till Monday", None]


async def test_an_update_is_new_once_and_its_number_is_not_stored(db: Database) -> None:
    def work(tx: Tx) -> list[bool]:
        return [meta.first_time(tx, number, 19_675) for number in (7, 7, 8, -(2**63), 2**63 - 1, 7)]

    assert await db.write(work) == [True, False, True, True, True, False]
    tags = await db.read(
        lambda tx: [bytes(tag) for tag in tx.conn.execute(select(handled.c.update_tag)).scalars()]
    )
    assert all((7).to_bytes(8, "big") not in tag for tag in tags)


async def test_a_turn_that_failed_is_new_again(db: Database) -> None:
    def fails(tx: Tx) -> None:
        meta.first_time(tx, 7, 19_675)
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await db.write(fails)
    assert await db.write(lambda tx: meta.first_time(tx, 7, 19_675))


async def test_updates_are_forgotten_by_their_day(db: Database) -> None:
    def work(tx: Tx) -> list[bool]:
        meta.first_time(tx, 1, 10)
        meta.first_time(tx, 2, 11)
        assert meta.forget_handled(tx, before_day=11, most=9) == 1
        return [meta.first_time(tx, 1, 12), meta.first_time(tx, 2, 12)]

    assert await db.write(work) == [True, False]


async def test_the_words_of_a_questionnaire_are_kept_under_their_fingerprint(db: Database) -> None:
    words = {"title": {"en": "A"}, "questions": {"z": {"options": {}}, "a": {"options": {}}}}

    def work(tx: Tx) -> list[object]:
        meta.keep_labels(tx, "f" * 32, words)
        meta.keep_labels(tx, "f" * 32, {"title": {}})  # known already
        kept = meta.labels(tx, "f" * 32)
        assert kept is not None
        return [kept, list(kept["questions"]), meta.labels(tx, "0" * 32), meta.labels(tx, "")]

    assert await db.write(work) == [words, ["z", "a"], None, None]
