"""The table of full runs in benchmarks/RESULTS.md: of each scenario the last one, with its days and commits."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from benchmarks.results import machine
from benchmarks.tables import Table
from tests.fire.counts import Counts
from tests.fire.scenarios import SCENARIOS


def note(found: Mapping[str, tuple[Counts, Sequence[str]]], path: Path) -> None:
    """Remember these, and when they ran; what was found of other scenarios stays."""
    kept = json.loads(path.read_text()) if path.exists() else {}
    for name, (counts, ran) in found.items():
        numbers = {kind: len(getattr(counts, kind)) for kind in ("lost", "doubled", "wrong")}
        told = [*(f"{what}: {number:g}" for what, number in counts.figures.items()), *counts.said]
        kept[name] = numbers | {
            "tried": counts.tried,
            "survived": counts.survived,
            "told": told,
            "ran": ", ".join(ran),
        }
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(kept, indent=1))


def written(path: Path) -> str:
    kept = json.loads(path.read_text())
    numbers = ("tried", "survived", "lost", "doubled", "wrong")
    made = Table("What was tried", ["scenario", *numbers, "ran on, of commit"])
    told = []
    for scenario in SCENARIOS:
        if row := kept.get(scenario.name):
            made.add(scenario.name, *(f"{row[name]:,}" for name in numbers), row["ran"])
            told += [f"- {scenario.name}: {line}" for line in row["told"]]
    missing = "; ".join(scenario.name for scenario in SCENARIOS if scenario.name not in kept)
    made.notes.append(f"Not run yet: {missing}." if missing else "Nothing is left out.")
    head = (
        "Written by `make fire FULL=1`, line by line. docs/fire.md says what is counted, and what is excused.\n\n"
        f"- {machine()}"
    )
    return "\n".join([head, "", str(made), "## What was counted besides", "", *told])
