"""The clock jumps: by an hour, by a year, over a leap day, over a month's end in the middle of a queue of turns."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime
from pathlib import Path

from tests.fire.counts import Counts
from tests.fire.field import Field, open_field
from tests.fire.habits import Habits

HOUR, YEAR = 3_600, 365 * 86_400
FINISH_SECONDS = 120.0
STEPS = (HOUR, -HOUR, -HOUR, 2 * HOUR, YEAR, -YEAR, -YEAR, 2 * YEAR, -YEAR - HOUR)
JUMPED = "the clock has jumped"
"""What the log must say of a step by more than two days, once."""
KEPT = "open=3650,closed=3650,replies=3650,draft=30"
NO_ERASING = Habits(erases=0.0, by_code=0.0, patience=3.0, may_expire=True)


async def steps(home: Path, *, seed: int, people: int, seconds: float) -> Counts:
    """Forward and back under load. A draft may expire when a year goes by; what was sent may not.

    Open cases are kept for ten years here: that a year's step purges them is what retention is for.
    """
    settings = {"RETENTION_DAYS": KEPT}
    async with open_field(home, seed=seed, habits=NO_ERASING, settings=settings) as field:
        await field.start()
        async with field.crowd(people, FINISH_SECONDS, most=3 * people):
            for step in STEPS:
                await asyncio.sleep(seconds / len(STEPS))
                field.move_clock(step)
        return await _ended(field)


async def dead_battery(home: Path, *, seed: int, people: int, seconds: float = 6.0) -> Counts:
    """The clock is a year ahead for a while, also over a restart, and is then set right: everything is still there."""
    async with open_field(home, seed=seed, habits=NO_ERASING) as field:
        await field.start()
        async with field.crowd(people, FINISH_SECONDS, most=people):
            pass
        await asyncio.sleep(2.0)
        field.move_clock(YEAR)
        await asyncio.sleep(seconds / 2)
        await field.stop()
        await field.start()
        await asyncio.sleep(seconds / 2)
        field.move_clock(-YEAR)
        await asyncio.sleep(2.0)
        await field.stop()
        counts = await field.verdict(updates=False, errors=False)
        said = sum(JUMPED in line for line in field.errors())
        counts.hold("it was said that the clock has jumped, once in each life", said == 2)
        return counts


async def at(home: Path, *, seed: int, people: int, moment: str, before: float = 2.0) -> Counts:
    """A queue of turns across one instant, such as a month's end: each request is counted once, in one month."""
    then = datetime.fromisoformat(moment).replace(tzinfo=UTC)
    settings = {"RETENTION_DAYS": KEPT}
    async with open_field(home, seed=seed, habits=NO_ERASING, settings=settings) as field:
        field.move_clock(int(then.timestamp() - time.time() - before))
        await field.start()
        async with field.crowd(people, FINISH_SECONDS, most=3 * people):
            await asyncio.sleep(before + 2.0)
        return await _ended(field)


async def _ended(field: Field) -> Counts:
    await field.stop()
    counts = await field.verdict(updates=False, errors=False)
    counts.wrong += [f"logged: {line}" for line in sorted(set(field.errors())) if JUMPED not in line]
    return counts
