"""After a jump of the clock the purge waits: long enough to set it right, and not for ever."""

from __future__ import annotations

from functools import partial

import pytest

from storage import clock_jump, meta
from storage.clock_jump import HELD_DAYS, MOST_DAYS, Held
from storage.database import Database

TODAY = 20_000


async def days(db: Database, *seen: int) -> list[bool]:
    """Whether the purge waits on each of these days, one after another."""
    return [await db.write(partial(clock_jump.notice, today=day)) is not None for day in seen]


async def test_days_that_follow_each_other_wait_for_nothing(db: Database) -> None:
    assert not any(await days(db, *range(TODAY, TODAY + 10)))


async def test_a_weekend_without_the_service_is_no_jump(db: Database) -> None:
    assert await days(db, TODAY, TODAY + MOST_DAYS, TODAY + 2 * MOST_DAYS) == [False] * 3


@pytest.mark.parametrize("further", [MOST_DAYS + 1, 90, 36_500])
async def test_after_a_jump_it_waits_and_then_believes_the_clock(db: Database, further: int) -> None:
    there = TODAY + further
    assert await days(db, TODAY, *range(there, there + HELD_DAYS + 2)) == [
        False,
        *[True] * HELD_DAYS,
        False,
        False,
    ]
    assert await db.read(clock_jump.held) is None


async def test_the_jump_is_remembered_as_it_was_noticed(db: Database) -> None:
    await days(db, TODAY, TODAY + 100, TODAY + 101)
    assert await db.read(clock_jump.held) == Held(TODAY, TODAY + 100)


async def test_a_clock_that_is_set_right_ends_it_at_once(db: Database) -> None:
    assert await days(db, TODAY, TODAY + 100, TODAY + 1, TODAY + 2) == [False, True, False, False]
    assert await days(db, TODAY + 100) == [True]


async def test_a_second_jump_while_it_waits_begins_the_waiting_anew(db: Database) -> None:
    assert await days(db, TODAY, TODAY + 100, TODAY + 50, TODAY + 52, TODAY + 53) == [
        False,
        True,
        True,
        True,
        False,
    ]


async def test_a_clock_that_went_back_is_not_taken_for_the_future_for_ever(db: Database) -> None:
    assert await days(db, TODAY, TODAY - 400, TODAY - 399) == [False] * 3


async def test_who_purges_by_hand_vouches_for_the_clock(db: Database) -> None:
    await days(db, TODAY, TODAY + 100)
    await db.write(lambda tx: clock_jump.believe(tx, TODAY + 100))
    assert await days(db, TODAY + 100, TODAY + 101) == [False, False]
    assert await db.read(lambda tx: meta.get(tx, meta.CLOCK_JUMPED)) is None


async def test_one_jump_after_another_is_not_believed_because_the_first_was_long_ago(db: Database) -> None:
    assert await days(db, TODAY, TODAY + 100, TODAY + 200, TODAY + 203) == [False, True, True, True]
    assert await db.read(clock_jump.held) == Held(TODAY, TODAY + 203)
    assert await days(db, TODAY + 204, TODAY + 205, TODAY + 206) == [True, True, False]
