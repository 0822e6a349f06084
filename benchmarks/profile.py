"""`python -m benchmarks.profile`: where a step's time goes, function by function, with all people pressing at once.

The profiler makes every call dearer, small functions most of all: read it for what is called, how often, and in what
proportion; measure with `python -m benchmarks --only turn`.
"""

from __future__ import annotations

import argparse
import pstats
import signal
import tempfile
import time
from pathlib import Path

from benchmarks.contestants import running
from benchmarks.kinds import PLAIN, POSTERN

PEOPLE = 32


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.profile", description=__doc__)
    parser.add_argument("--seconds", type=float, default=8.0)
    parser.add_argument("--sort", choices=["tottime", "cumtime", "ncalls"], default="tottime")
    parser.add_argument("--lines", type=int, default=40)
    parser.add_argument("--plain", action="store_true", help="the plain bot instead")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="postern-profile-") as folder:
        found = Path(folder) / "profile"
        kind = PLAIN if chosen.plain else POSTERN
        with running(kind, Path(folder) / "bot", under=["benchmarks.profiled", str(found)]) as bot:
            bot.load.run("closed", people=PEOPLE, warm=1.0, seconds=1.0, pids=bot.pids)
            bot.processes[0].send_signal(signal.SIGUSR1)
            result = bot.load.run("closed", people=PEOPLE, warm=0.1, seconds=chosen.seconds, pids=bot.pids)
            bot.processes[0].send_signal(signal.SIGUSR2)
            time.sleep(1)
        _print(pstats.Stats(str(found)), result["cpu_steps"], chosen.sort, chosen.lines)


def _print(stats: pstats.Stats, steps: int, by: str, lines: int) -> None:
    """Calls and milliseconds for each step."""
    rows: list[tuple[float, float, float, str]] = [
        (calls / steps, 1000 * own / steps, 1000 * whole / steps, f"{Path(file).name}:{line} {name}")
        for (file, line, name), (_, calls, own, whole, _) in stats.stats.items()  # type: ignore[attr-defined]
    ]
    order = {"ncalls": 0, "tottime": 1, "cumtime": 2}[by]
    rows.sort(key=lambda row: row[order], reverse=True)
    print(f"{steps} steps\n{'calls':>9} {'own ms':>8} {'all ms':>8}  a step")
    for calls, own, whole, where in rows[:lines]:
        print(f"{calls:9.1f} {own:8.3f} {whole:8.3f}  {where}")


if __name__ == "__main__":
    main()
