"""`python -m benchmarks`: measure, print the tables, and with --write keep them in RESULTS.md."""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

from benchmarks import turns
from benchmarks.contestants import PLAIN, PLAIN_SQLITE, POSTERN, Kind, running
from benchmarks.tables import Table


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--only", choices=PARTS, action="append", help="this part only; may be repeated")
    parser.add_argument("--quick", action="store_true", help="about a minute")
    parser.add_argument("--seconds", type=float, default=5.0, help="of each bot in each round")
    parser.add_argument("--rounds", type=int, default=3)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="postern-bench-") as home:
        for name in chosen.only or PARTS:
            for table in PARTS[name](chosen, Path(home) / name):
                print(table, flush=True)


def turn(chosen: argparse.Namespace, home: Path) -> Iterator[Table]:
    kinds: list[Kind] = [PLAIN, PLAIN_SQLITE, POSTERN]
    with ExitStack() as stack:
        bots = [stack.enter_context(running(kind, home / str(i))) for i, kind in enumerate(kinds)]
        yield turns.table(bots, turns.measure(bots, chosen.rounds, chosen.seconds))


PARTS: dict[str, Callable[[argparse.Namespace, Path], Iterator[Table]]] = {"turn": turn}


if __name__ == "__main__":
    main()
