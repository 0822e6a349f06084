"""The harness can fail: faults that are planted on purpose are found, and called by their names."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.fire import kills, telegram_faults
from tests.fire.habits import Habits

pytestmark = pytest.mark.asyncio(loop_scope="session")
QUICK = Habits(by_code=0.0, erases=0.0, changes=0.0, adds=0.9)


async def test_confirming_before_the_commit_loses_what_was_confirmed(tmp_path: Path) -> None:
    counts = await kills.run(tmp_path, kills=3, seed=5, people=6, plant="confirm-first", habits=QUICK)
    assert any("confirmed, and never committed" in what for what in counts.lost), counts


async def test_a_card_outside_the_transaction_is_missing_after_a_kill(tmp_path: Path) -> None:
    counts = await kills.run(tmp_path, kills=8, seed=5, people=6, plant="card-outside", habits=QUICK)
    assert any("its summary" in what for what in counts.lost), counts


async def test_an_update_that_is_not_remembered_doubles_what_was_added(tmp_path: Path) -> None:
    counts = await telegram_faults.disorder(tmp_path, seed=5, people=4, plant="forget-updates", habits=QUICK)
    assert any("an addition" in what for what in counts.doubled), counts


async def test_a_request_that_is_counted_twice_is_noticed(tmp_path: Path) -> None:
    counts = await telegram_faults.disorder(tmp_path, seed=5, people=4, plant="count-twice", habits=QUICK)
    assert any("were sent" in what for what in counts.doubled), counts
