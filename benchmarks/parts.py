"""The parts of a run, in order; each makes its tables."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import replace

from benchmarks import arrivals, growth, locking, memory, processes, starting, turns
from benchmarks.contestants import Stage
from benchmarks.kinds import (
    PLAIN,
    PLAIN_SQLITE,
    POSTERN,
    POSTERN_30,
    POSTERN_AIOGRAM,
    POSTERN_LEAVE,
    by_webhook,
)
from benchmarks.plan import Plan
from benchmarks.tables import Table
from tests.postgres import postgres_server


def _turns(plan: Plan, stage: Stage) -> Iterator[Table]:
    """All in the same rounds; each way of getting updates has a plain bot of its own to be compared with."""
    kinds = [PLAIN, POSTERN, POSTERN_AIOGRAM]
    if not plan.quick:
        kinds = [PLAIN, PLAIN_SQLITE, POSTERN, POSTERN_AIOGRAM, POSTERN_30, POSTERN_LEAVE]
    posted = [
        by_webhook(kind) for kind in ([PLAIN, POSTERN] if plan.quick else [PLAIN, PLAIN_SQLITE, POSTERN])
    ]
    bots = stage.bots([*kinds, *posted])
    found = turns.measure(bots, plan.rounds, plan.seconds)
    yield turns.table("long polling", bots[: len(kinds)], found[: len(kinds)])
    yield turns.table("webhook", bots[len(kinds) :], found[len(kinds) :])


def _arrivals(plan: Plan, stage: Stage) -> Iterator[Table]:
    pairs = {"long polling": [PLAIN, POSTERN]}
    if not plan.quick:
        pairs["webhook"] = [by_webhook(PLAIN), by_webhook(POSTERN)]
    for how, kinds in pairs.items():
        bots = stage.bots(kinds)
        yield arrivals.table(how, bots, arrivals.measure(bots, plan.arriving_rounds, plan.arriving_seconds))


def _memory(plan: Plan, stage: Stage) -> Iterator[Table]:
    if plan.conversations:
        bots = stage.bots(
            [replace(kind, card_delay=1) for kind in (PLAIN, POSTERN)]
        )  # others than those above
        yield memory.table(bots, memory.measure(bots, plan.conversations))


def _starting(plan: Plan, stage: Stage) -> Iterator[Table]:
    yield starting.services([PLAIN, POSTERN], plan.starts, stage.home / "starting")
    if not plan.quick:
        yield starting.commands(plan.starts, stage.home / "commands")


def _locks(plan: Plan, _: Stage) -> Iterator[Table]:
    yield locking.table(20 if plan.quick else 100)


def _growth(plan: Plan, stage: Stage) -> Iterator[Table]:
    kinds = [
        replace(POSTERN, name=f"{sum(stored):,} cases", stored=stored) for stored in ((10, 0), plan.stored)
    ]
    yield growth.table(stage.bots(kinds), plan.rounds, plan.seconds)


def _processes(plan: Plan, stage: Stage) -> Iterator[Table]:
    with postgres_server(**processes.OPTIONS) as server, Stage(stage.home / "processes") as own:
        one, two = (asyncio.run(server.fresh(upgraded=False)) for _ in range(2))
        posted = by_webhook(POSTERN)
        kinds = [
            replace(posted, name="postern on PostgreSQL", database=one),
            replace(posted, name="two processes on PostgreSQL", database=two, processes=2),
            replace(posted, name="postern on SQLite"),
        ]
        yield processes.table(own.bots(kinds), plan.side_rounds, plan.seconds, server.pid)


PARTS: dict[str, Callable[[Plan, Stage], Iterator[Table]]] = {
    "turns": _turns,
    "arrivals": _arrivals,
    "memory": _memory,
    "starting": _starting,
    "locks": _locks,
    "growth": _growth,
    "processes": _processes,
}
