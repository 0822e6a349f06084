"""RESULTS.md: two runs write it, and neither takes away what the other wrote."""

from __future__ import annotations

import json
from pathlib import Path

from benchmarks import results, sections
from benchmarks.demands import DEMANDS, judged
from benchmarks.tables import Table
from tests.fire import record
from tests.fire.counts import Counts
from tests.fire.scenarios import SCENARIOS


def table(title: str, row: str, *cells: str) -> Table:
    made = Table(title, ["bot", *map(str, range(len(cells)))])
    made.add("the one it is compared with", *("1.00" for _ in cells))
    made.add(row, *cells)
    return made


def test_each_run_writes_its_own_section(tmp_path: Path) -> None:
    path, kept = tmp_path / "RESULTS.md", tmp_path / "fire" / "record.json"
    first, second = SCENARIOS[0].name, SCENARIOS[1].name
    record.note(
        {first: (Counts(tried=70, survived=69, lost=["an answer"], said=["as said"]), ["2026-01-02 abc"])},
        kept,
    )
    sections.write(sections.FIRE, record.written(kept), path)
    results.keep([table("Memory", "postern", "1", "2", "0.40")], quick=False, seconds=600, path=path)
    record.note({second: (Counts(tried=5, survived=5), ["unknown"])}, kept)
    sections.write(sections.FIRE, record.written(kept), path)
    results.keep([table("Memory", "postern", "1", "2", "0.50")], quick=False, seconds=600, path=path)
    text = path.read_text()
    assert text.count(f"# {sections.SPEED}") == text.count(f"# {sections.FIRE}") == 1
    assert text.index(sections.SPEED) < text.index(sections.FIRE)
    assert "0.50" in text
    assert "0.40" not in text
    assert [json.loads(kept.read_text())[name]["survived"] for name in (first, second)] == [69, 5]
    for name, numbers in ((first, ["70", "69", "1", "0", "0"]), (second, ["5", "5", "0", "0", "0"])):
        line = next(line for line in text.splitlines() if line.startswith(f"| {name} "))
        assert [cell.strip() for cell in line.split("|")][2:7] == numbers
    assert "as said" in text
    assert "2026-01-02 abc" in text
    results.keep([], quick=True, seconds=60, path=path)
    assert path.read_text() == text


def test_what_was_asked_for_is_reached_or_not() -> None:
    made = judged(
        [
            table("Memory: conversations that stay open", "postern", "1", "2", "1.01"),
            table("Turns by long polling: 32 people", "postern", "300", "1.50", "", "", "", "", "1.39"),
        ]
    )
    assert [(row[0], row[-1]) for row in made.rows] == [
        ("steps/s, as it is deployed (the goal)", "reached"),
        ("resident memory", "reached"),
        ("kB an open conversation", "NOT REACHED"),
    ]
    assert len({demand.what for demand in DEMANDS}) == len(DEMANDS)
