"""Thousands press as fast as they can, while a few real people walk through."""

from __future__ import annotations

import asyncio
from pathlib import Path
from random import Random
from statistics import quantiles

from tests.fire import health
from tests.fire.counts import Counts
from tests.fire.field import Field, open_field
from tests.fire.person import Habits

FLOODER = 8_200_000_000
GROUP_MESSAGES = 20
FINISH_SECONDS = 600.0
REAL = Habits(patience=20.0, pause=1.0, erases=0.0, by_code=0.0, emergency=0.02)
"""Real people read before they press."""


async def run(
    home: Path, *, seed: int, accounts: int, seconds: float, people: int, rate: float = 0.0
) -> Counts:
    """`rate`: updates a second from all flooders together; 0: as many as are taken.

    As in service: the throttle and the cards' delay are at their defaults.
    """
    settings = {"THROTTLE": "3", "CARD_DELAY_MINUTES": "0", "ANONYMITY_K": "5"}
    async with open_field(home, seed=seed, habits=REAL, settings=settings) as field:
        await field.start()
        quiet = await _walked(field, people)
        before = health.status(field, "VmRSS")
        flood = asyncio.create_task(_flood(field, accounts, seconds, rate))
        flooded = await _walked(field, people, FINISH_SECONDS)
        sent = await flood
        peak = health.status(field, "VmHWM")
        await field.stop()
        counts = await field.verdict()
        counts.count("flooders' updates", sent)
        ratio = _p99(flooded) / max(_p99(quiet), 0.001)
        counts.said.append(
            f"p99 quiet {_p99(quiet) * 1000:.0f} ms, flooded {_p99(flooded) * 1000:.0f} ms: {ratio:.1f} times; "
            f"resident {before:.0f} MiB before, {peak:.0f} MiB at its peak"
        )
        _readable(field, counts)
        if peak > before + 150:
            counts.wrong.append(f"memory grew from {before:.0f} to {peak:.0f} MiB")
        return counts


async def _walked(field: Field, people: int, within: float = 300.0) -> list[float]:
    """So many people, all at once; how long each of their presses took to show."""
    crowd = [field.newcomer() for _ in range(people)]
    await asyncio.wait([asyncio.create_task(person.walk()) for person in crowd], timeout=within)
    return [wait for person in crowd for wait in person.memory.waits]


async def _flood(field: Field, accounts: int, seconds: float, rate: float) -> int:
    """Presses on whatever they saw, /start, text; none waits for anything."""
    random, loop = Random(1), asyncio.get_running_loop()
    ends, sent = loop.time() + seconds, 0
    while loop.time() < ends:
        for _ in range(50):
            user = FLOODER + random.randrange(accounts)
            screens = [n for n, m in field.far_end.chats[user].items() if m.rows]
            if screens and random.random() < 0.7:
                rows = field.far_end.chats[user][screens[-1]].rows
                data = str(random.choice(random.choice(rows)).get("callback_data", "0.x"))
                field.far_end.press(user, screens[-1], data)
            else:
                field.far_end.write(user, random.choice(["/start", "/start", "hello", "/status"]))
            sent += 1
        backlog = len(field.far_end.delivery.waiting)
        await asyncio.sleep(50 / rate if rate else 0.01 if backlog < 2000 else 0.2)
    return sent


def _readable(field: Field, counts: Counts) -> None:
    """No minute holds more messages to the group than Telegram takes."""
    times = sorted(field.far_end.group_times)
    most = max((sum(t <= other < t + 60 for other in times) for t in times), default=0)
    counts.count("most messages to the group in a minute", most)
    if most > GROUP_MESSAGES:
        counts.wrong.append(f"{most} messages to the group within a minute")


def _p99(waits: list[float]) -> float:
    return quantiles(waits, n=100)[98] if len(waits) > 1 else 0.0
