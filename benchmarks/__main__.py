"""`python -m benchmarks`: measure the service next to plain bots, print the tables, and keep them in RESULTS.md."""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from dataclasses import replace
from pathlib import Path

from benchmarks import results
from benchmarks.contestants import Stage
from benchmarks.demands import judged
from benchmarks.parts import PARTS
from benchmarks.plan import FULL, PARTS_OF_QUICK, QUICK


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="about a minute instead of ten")
    parser.add_argument("--only", choices=PARTS, action="append", help="this part only, and keep nothing")
    parser.add_argument("--seconds", type=float, help="of each bot in each round of turns")
    parser.add_argument("--rounds", type=int)
    chosen = parser.parse_args()
    if (os.cpu_count() or 1) < 2:
        parser.error("needs two cores: one for the bot, one for what loads it")
    plan = QUICK if chosen.quick else FULL
    plan = replace(plan, seconds=chosen.seconds or plan.seconds, rounds=chosen.rounds or plan.rounds)
    began = time.monotonic()
    tables = []
    with tempfile.TemporaryDirectory(prefix="postern-bench-") as home, Stage(Path(home)) as stage:
        for name in chosen.only or (PARTS_OF_QUICK if chosen.quick else PARTS):
            for table in PARTS[name](plan, stage):
                tables.append(table)
                print(table, flush=True)
    tables.insert(0, judged(tables))
    print(tables[0])
    if not chosen.only:
        results.keep(tables, quick=chosen.quick, seconds=time.monotonic() - began)


if __name__ == "__main__":
    main()
