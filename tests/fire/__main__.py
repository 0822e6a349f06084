"""python -m tests.fire: the service under fire, and a table of what was tried, what survived, what was lost or doubled.

--full           everything, hours of it; parts that are done and sound are not repeated (.fire/ remembers them)
--only WORDS     the scenarios whose names hold these words
--minutes N      of the soak
--again          forget what is done
"""

from __future__ import annotations

import argparse
import shutil
import sys
import time
from dataclasses import replace
from pathlib import Path

from benchmarks import sections
from tests.fire import record
from tests.fire.counts import Counts, table
from tests.fire.run import Ledger, in_folder
from tests.fire.scenarios import SCENARIOS, Scenario

LEDGER = Path(__file__).parents[2] / ".fire"
RECORD = LEDGER / "record.json"


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.fire", description=__doc__)
    parser.add_argument("--full", action="store_true")
    parser.add_argument("--only", default="")
    parser.add_argument("--minutes", type=float, default=0.0)
    parser.add_argument("--again", action="store_true")
    chosen = parser.parse_args()
    if chosen.again:
        shutil.rmtree(LEDGER, ignore_errors=True)
    rows = []
    for scenario in _chosen(chosen.only, full=chosen.full, minutes=chosen.minutes):
        counts = _full(scenario) if chosen.full else in_folder(scenario, 0, full=False)
        rows.append((scenario.name, counts))
        if chosen.full:
            record.note({scenario.name: (counts, Ledger(LEDGER).ran(scenario))}, RECORD)
            sections.write(sections.FIRE, record.written(RECORD))
        print(table(rows[-1:]), flush=True)
    print("\n" + table([*rows, ("all", sum((counts for _, counts in rows), Counts()))][: len(rows) + 1]))
    return 0 if rows and all(counts.sound for _, counts in rows) else 1


def _chosen(words: str, *, full: bool, minutes: float) -> list[Scenario]:
    found = [one for one in SCENARIOS if words in one.name and (full or one.sample is not None)]
    return [
        replace(one, full={**one.full, "minutes": minutes}) if minutes and "minutes" in one.full else one
        for one in found
    ]


def _full(scenario: Scenario) -> Counts:
    ledger, total = Ledger(LEDGER), Counts()
    for part in range(scenario.parts):
        counts = ledger.done(scenario, part)
        if counts is None or not counts.sound:
            began = time.monotonic()
            counts = in_folder(scenario, part, full=True)
            ledger.note(scenario, part, counts)
            print(
                f"{scenario.name}, part {part + 1} of {scenario.parts}: {'sound' if counts.sound else 'NOT SOUND'}, "
                f"{time.monotonic() - began:.0f} s",
                file=sys.stderr,
                flush=True,
            )
        total += counts
    return total


if __name__ == "__main__":
    sys.exit(main())
