"""Telegram fails, in every way it has: people get through, nothing is lost, and nothing is doubled."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from random import Random

from tests.fire import weather
from tests.fire.counts import Counts
from tests.fire.field import Field, open_field
from tests.fire.habits import Habits
from tests.fire.weather import Weather

PATIENT = Habits(patience=12.0, by_code=0.1)
"""Longer than a call is tried again after a fault or two: who presses sooner is covered by the kills."""

STORMS: Mapping[str, Mapping[str, float]] = {
    "429": {weather.FLOODED: 0.25},
    "5xx": {weather.BROKEN: 0.25},
    "resets": {weather.RESET: 0.25},
    "lost answers": {weather.LOST_ANSWER: 0.2},
    "slow": {weather.SLOW: 0.3},
    "all at once": {
        weather.FLOODED: 0.06,
        weather.BROKEN: 0.06,
        weather.RESET: 0.06,
        weather.LOST_ANSWER: 0.06,
        weather.SLOW: 0.03,
    },
}
FINISH_SECONDS = 240.0


async def storm(
    home: Path,
    *,
    kind: str,
    seed: int,
    people: int,
    slow_seconds: float = weather.SLOW_SECONDS,
    webhook: bool = False,
) -> Counts:
    """One kind of fault on a good part of all calls, while so many people ask for help."""
    async with open_field(home, seed=seed, habits=PATIENT, webhook=webhook) as field:
        await field.start()
        field.far_end.weather = Weather(Random(seed), STORMS[kind], slow_seconds=slow_seconds)
        async with field.crowd(people, FINISH_SECONDS, most=people):
            pass
        met = field.far_end.weather.met
        field.far_end.weather = Weather(Random(seed))
        return await _ended(field, sum(met.values()))


async def away(home: Path, *, seed: int, people: int, hours: int = 24, seconds: float = 3.0) -> Counts:
    """Nothing gets through for a day (moved clocks); then everything that waited comes, and everybody goes on."""
    habits = replace(PATIENT, may_expire=True, by_code=0.0)
    async with open_field(home, seed=seed, habits=habits) as field:
        await field.start()
        async with field.crowd(people, FINISH_SECONDS, most=2 * people):
            await asyncio.sleep(1.0)
            field.far_end.weather.down = True
            for _ in range(4):
                await asyncio.sleep(seconds / 4)
                field.move_clock(hours * 3600 // 4)
            field.far_end.weather.down = False
        return await _ended(field, sum(field.far_end.weather.met.values()))


async def disorder(
    home: Path, *, seed: int, people: int, plant: str = "", habits: Habits | None = None
) -> Counts:
    """By webhook: updates out of order, most of them twice or thrice, some after they were confirmed."""
    async with open_field(home, seed=seed, webhook=True, habits=habits) as field:
        field.plant = plant
        field.far_end.delivery.disorder = Random(seed)
        await field.start()
        async with field.crowd(people, FINISH_SECONDS, most=2 * people):
            pass
        counts = await _ended(field, 0)
        counts.count("redelivered", field.far_end.delivery.again)
        return counts


async def vanishing(home: Path, *, seed: int, people: int, share: float = 0.15) -> Counts:
    """Messages are deleted under us, screens and cards alike, while they are about to be edited."""
    async with open_field(home, seed=seed) as field:
        await field.start()
        gone = 0
        async with field.crowd(people, FINISH_SECONDS, most=2 * people):
            for _ in range(4 * people):
                await asyncio.sleep(0.1)
                person = field.random.choice(field.people)
                look = person.look()
                if look is not None and field.random.random() < share * 4:
                    field.far_end.vanish(person.user, look[0])
                    gone += 1
        return await _ended(field, gone)


async def blocked(home: Path, *, seed: int, people: int) -> Counts:
    """Half of the people block the bot on their way. The others notice nothing, and what was sent stays."""
    async with open_field(home, seed=seed) as field:
        await field.start()
        walks = []
        for n in range(people):
            person = field.newcomer()
            walks.append(asyncio.create_task(person.walk()))
            if n % 2:
                walks.append(asyncio.create_task(_blocks(field, person.user, field.random.random() * 2)))
        await asyncio.wait(walks, timeout=15.0)
        back = [person.user for person in field.people if person.user in field.far_end.gone]
        field.far_end.gone.clear()  # they think better of it, and go on
        await asyncio.wait(walks, timeout=FINISH_SECONDS)
        for walk in walks:
            walk.cancel()
        return await _ended(field, len(back))


async def _blocks(field: Field, user: int, after: float) -> None:
    await asyncio.sleep(after)
    field.far_end.gone.add(user)


async def _ended(field: Field, faults: int) -> Counts:
    await field.stop()
    counts = await field.verdict()
    counts.count("faults met", faults)
    return counts
