"""`python -m benchmarks`: measure the service next to plain bots, and print the tables."""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

from benchmarks import arrivals, growth, locking, memory, starting, turns
from benchmarks.contestants import (
    PLAIN,
    PLAIN_SQLITE,
    PLAIN_SQLITE_WEBHOOK,
    PLAIN_WEBHOOK,
    POSTERN,
    POSTERN_30,
    POSTERN_LEAVE,
    POSTERN_WEBHOOK,
    Stage,
)
from benchmarks.plan import FULL, QUICK, Plan
from benchmarks.tables import Table


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="about a minute instead of ten")
    parser.add_argument("--only", choices=PARTS, action="append", help="this part only; may be repeated")
    parser.add_argument("--seconds", type=float, help="of each bot in each round of turns")
    parser.add_argument("--rounds", type=int)
    chosen = parser.parse_args()
    plan = QUICK if chosen.quick else FULL
    plan = replace(plan, seconds=chosen.seconds or plan.seconds, rounds=chosen.rounds or plan.rounds)
    with tempfile.TemporaryDirectory(prefix="postern-bench-") as home, Stage(Path(home)) as stage:
        for name in chosen.only or PARTS:
            for table in PARTS[name](plan, stage):
                print(table, flush=True)


def _turns(plan: Plan, stage: Stage) -> Iterator[Table]:
    kinds = [PLAIN, POSTERN, PLAIN_WEBHOOK, POSTERN_WEBHOOK]
    if not plan.quick:
        kinds += [PLAIN_SQLITE, PLAIN_SQLITE_WEBHOOK, POSTERN_30, POSTERN_LEAVE]
    bots = stage.bots(kinds)
    yield turns.table(bots, turns.measure(bots, plan.rounds, plan.seconds))


def _arrivals(plan: Plan, stage: Stage) -> Iterator[Table]:
    bots = stage.bots([PLAIN, POSTERN] if plan.quick else [PLAIN, POSTERN, PLAIN_WEBHOOK, POSTERN_WEBHOOK])
    yield arrivals.table(bots, arrivals.measure(bots, plan.arriving_rounds, plan.arriving_seconds))


def _memory(plan: Plan, stage: Stage) -> Iterator[Table]:
    if plan.conversations:
        bots = stage.bots([replace(kind, name=f"{kind.name} (for memory)") for kind in (PLAIN, POSTERN)])
        yield memory.table(bots, memory.measure(bots, plan.conversations))


def _starting(plan: Plan, stage: Stage) -> Iterator[Table]:
    yield starting.services([PLAIN, POSTERN], plan.starts, stage.home / "starting")
    yield starting.commands(plan.starts, stage.home / "commands")


def _locks(plan: Plan, _: Stage) -> Iterator[Table]:
    yield locking.table(20 if plan.quick else 100)


def _growth(plan: Plan, stage: Stage) -> Iterator[Table]:
    small, big = (10, 0), plan.stored
    kinds = [replace(POSTERN, name=f"{sum(stored):,} cases", stored=stored) for stored in (small, big)]
    yield growth.table(stage.bots(kinds), plan.rounds, plan.seconds)


PARTS: dict[str, Callable[[Plan, Stage], Iterator[Table]]] = {
    "turns": _turns,
    "arrivals": _arrivals,
    "memory": _memory,
    "starting": _starting,
    "locks": _locks,
    "growth": _growth,
}


if __name__ == "__main__":
    main()
