"""Whatever arrives: it is read, its turn ends, nobody waits for it, and nothing of it is left where it shouldn't be.

HELL_UPDATES=100000 makes the long run of it; `python -m tests.hell --seed N` repeats one.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from random import Random

import pytest
import uvloop
from aiogram.types import Update

from tests.hell.damage import damaged, encoded
from tests.hell.run import Report, run
from tests.hell.updates import Updates

UPDATES = int(os.environ.get("HELL_UPDATES", "2000"))
PARTS = 2
"""Runs of a half each, so that two processes share them."""
MEBIBYTE = 2**20
MOST_GROWTH = 16 * MEBIBYTE
"""In the second half of a run, long or short: the noise of buffers, not what is kept of each update."""
NOISE_BLOCKS = 4_000
MOST_BLOCKS_AN_UPDATE = 2


def test_the_generator_makes_what_telegram_could_send_and_reaches_every_field() -> None:
    source = Updates(seed=3)
    for number in range(1200):
        update = source.make()
        if number % 4 == 0:
            Update.model_validate(update)  # raises, if that is no update
    assert source.missing() == []


def test_damage_is_repeatable_and_real() -> None:
    def some(seed: int) -> list[str]:
        random = Random(seed)
        source = Updates(seed)
        return [encoded(random, damaged(random, source.make())) for _ in range(50)]

    assert some(1) == some(1) != some(2)
    unharmed = Updates(1)
    assert sum(text == json.dumps(unharmed.make()) for text in some(1)) < 5


@pytest.mark.parametrize("part", range(PARTS))
def test_hell_passes_and_somebody_sane_gets_help_in_between(tmp_path: Path, part: int) -> None:
    report = uvloop.run(run(tmp_path, UPDATES // PARTS, seed=20 + part))  # the service's own kind of loop
    assert report.complaints[:3] == []
    assert report.handled > report.updates * 0.8
    assert report.calls > report.updates / 2
    assert report.walks >= 1
    _memory_is_flat(report)


def _memory_is_flat(report: Report) -> None:
    assert report.grown_bytes < MOST_GROWTH
    assert report.grown_blocks < MOST_BLOCKS_AN_UPDATE * report.updates / 2 + NOISE_BLOCKS
