"""`kill -9` at random instants, under load: what anybody was told is done is done, once."""

from __future__ import annotations

import asyncio
from pathlib import Path
from random import Random
from typing import Any

from tests.fire.counts import Counts
from tests.fire.field import Field, open_field
from tests.fire.habits import Habits
from tests.fire.lives import Life
from tests.service.town import free_port

LONGEST_LIFE = 1.2
"""Seconds after it has come online."""
AIMED = ("sendmessage", "editmessagetext", "deletemessage", "answercallbackquery", "getupdates")
FINISH_SECONDS = 120.0


async def run(
    home: Path,
    *,
    kills: int,
    seed: int,
    webhook: bool = False,
    database: str = "",
    people: int = 12,
    quiet_seconds: float = 0.0,
    plant: str = "",
    habits: Habits | None = None,
) -> Counts:
    async with open_field(home, seed=seed, webhook=webhook, database=database, habits=habits) as field:
        field.plant = plant
        async with field.crowd(people, FINISH_SECONDS):
            for _ in range(kills):
                await _one_life(field)
            await field.start()
        is_quiet = quiet_seconds > 0 and await field.quiet(quiet_seconds)
        await field.stop()
        counts = await field.verdict(quiet=is_quiet)
        counts.count("kills", len(field.far_end.cut_short))
        counts.count("updates", len(field.far_end.delivery.confirmed))
        counts.count("redelivered", field.far_end.delivery.again)
        if quiet_seconds and not is_quiet:
            counts.said.append("the outbox was not empty at the end")
        return counts


async def several(
    home: Path, *, kills: int, seed: int, database: str, processes: int = 2, people: int = 12
) -> Counts:
    """Behind a load balancer: now this one dies, now that one, and the others go on meanwhile."""
    async with open_field(home, seed=seed, webhook=True, database=database) as field:
        field.far_end.delivery.balanced = Random(seed)
        ports = [free_port() for _ in range(processes)]
        lives = [await _behind(field, port) for port in ports]
        async with field.crowd(people, FINISH_SECONDS):
            for _ in range(kills):
                await asyncio.sleep(field.random.random() * LONGEST_LIFE)
                which = field.random.randrange(processes)
                lives[which].kill()
                field.note_killed()
                await lives[which].gone()
                lives[which] = await _behind(field, ports[which])
        assert [await life.stop() for life in lives] == [0] * processes, field.log.read_text()[-3000:]
        counts = await field.verdict()
        counts.count("kills", kills)
        counts.count("updates", len(field.far_end.delivery.confirmed))
        counts.count("redelivered", field.far_end.delivery.again)
        return counts


async def _behind(field: Field, port: int) -> Life:
    """One more process, which listens there."""
    return await field.start(LISTEN=f"127.0.0.1:{port}", WEBHOOK_URL=f"http://127.0.0.1:{port}/telegram")


async def _one_life(field: Field) -> None:
    """Ended while it starts, after some time, or at the very moment of a call: before its effect, or just after."""
    random = field.random
    lot = random.random()
    if lot < 0.1:
        await field.begin_life()
        await asyncio.sleep(random.random() * 0.8)
    elif lot < 0.6:
        await field.start()
        await asyncio.sleep(random.random() * LONGEST_LIFE)
    else:
        await field.start()
        await _aim(field, random)
    await field.kill()


async def _aim(field: Field, random: Random) -> None:
    """Dead before the next line of ours runs, at the n-th call of one kind from now."""
    method, done = random.choice(AIMED), random.random() < 0.5
    left = random.randrange(1, 12)
    hit = asyncio.Event()

    def shoot(called: str, _: dict[str, Any], carried_out: bool) -> None:
        nonlocal left
        if called == method and carried_out == done and field.life is not None and not hit.is_set():
            left -= 1
            if left <= 0:
                field.life.kill()
                field.note_killed()
                hit.set()

    field.far_end.on_call = shoot
    try:
        await asyncio.wait_for(hit.wait(), LONGEST_LIFE)
    except TimeoutError:
        pass
    finally:
        field.far_end.on_call = None
