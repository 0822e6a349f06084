"""`make promises`: run every check, and print the table of promises with what became of them.

    python -m tests.promises [--full] [--write-readme]

Exit code 1 when a check failed, when a cell has no check that passed, when a branch that must be reached is not, or
when the README's table is not this one.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

from rich.console import Console
from rich.table import Table

from tests.promises import long_runs, reached, readme
from tests.promises.table import ALSO, COLUMNS, TABLE, Cell, Row, every_cell

TESTS = Path(__file__).parents[1]


@dataclass
class Outcome:
    passed: int = 0
    failed: int = 0
    skipped: int = 0


Outcomes = defaultdict[str, Outcome]
"""By `module::test`, its cases counted together."""


def main() -> int:
    given = _asked()
    if given.write_readme:
        readme.renew()
        return 0
    code, outcomes = _run()
    console = Console(width=max(160, Console().width))
    console.print(show(outcomes))
    for row in ALSO:
        _show_row(console, row, outcomes)
    unproven = [f"{row} / {column}" for row, column, cell in every_cell() if not proven(cell, outcomes)]
    for each in unproven:
        print(f"Not proven: {each}", file=sys.stderr)
    if not readme.is_current():
        print("README.md shows another table: run python -m tests.promises --write-readme", file=sys.stderr)
    total = sum(outcome.passed for outcome in outcomes.values())
    print(f"{total} checks passed; {len(list(every_cell()))} cells, {len(unproven)} of them not proven.")
    reach = reached.main()
    failed = long_runs.run(long_runs.parts()) if given.full else []
    for part in failed:
        print(f"Failed: {part}", file=sys.stderr)
    return int(bool(code or unproven or reach or failed or not readme.is_current()))


def _asked() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make promises")
    parser.add_argument("--full", action="store_true", help="the long runs as well")
    parser.add_argument("--write-readme", action="store_true", help="write the table into the README and end")
    return parser.parse_args()


def _run() -> tuple[int, Outcomes]:
    """pytest's exit code, and what became of each test."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder, "report.xml")
        options = ["-n", "auto", "--show-capture=no", f"--junitxml={report}"]
        command = [sys.executable, "-m", "pytest", *options, *_files()]
        code = subprocess.run(command, cwd=TESTS.parent, check=False).returncode
        return code, read_report(report)


def _files() -> list[str]:
    """Everything in this folder, and the other files that the table names."""
    named = {test.partition("::")[0] for _, _, cell in every_cell() for test in cell.tests}
    return [
        "tests/promises",
        *sorted(f"tests/{name}.py" for name in named if not name.startswith("promises/")),
    ]


def read_report(report: Path) -> Outcomes:
    outcomes: Outcomes = defaultdict(Outcome)
    if not report.exists():
        return outcomes
    for case in ElementTree.parse(report).iter("testcase"):  # noqa: S314 - pytest wrote it just now
        module = case.attrib["classname"].removeprefix("tests.").replace(".", "/")
        outcome = outcomes[f"{module}::{case.attrib['name'].partition('[')[0]}"]
        if case.find("failure") is not None or case.find("error") is not None:
            outcome.failed += 1
        elif case.find("skipped") is not None:
            outcome.skipped += 1
        else:
            outcome.passed += 1
    return outcomes


def proven(cell: Cell, outcomes: Outcomes) -> bool:
    """Each of its tests ran, and passed in all its cases."""
    return bool(cell.tests) and all(
        outcomes[test].passed and not outcomes[test].failed and not outcomes[test].skipped
        for test in cell.tests
    )


def show(outcomes: Outcomes) -> Table:
    shown = Table("", *COLUMNS, show_lines=True)
    for row in TABLE:
        shown.add_row(row.datum, *(_says(cell, outcomes) for cell in row.cells))
    return shown


def _show_row(console: Console, row: Row, outcomes: Outcomes) -> None:
    console.print(f"[bold]{row.datum}[/bold]")
    for cell in row.cells:
        console.print("  " + _says(cell, outcomes).replace("\n", "  "))


def _says(cell: Cell, outcomes: Outcomes) -> str:
    passed = sum(outcomes[test].passed for test in cell.tests)
    good = proven(cell, outcomes)
    mark = f"[green]✓ {passed}[/green]" if good else f"[red]✗ {passed} passed[/red]"
    return f"{cell.says}\n{mark}"


if __name__ == "__main__":
    sys.exit(main())
