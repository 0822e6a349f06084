"""python -m tests.hell --updates 100000 --seed 1: a long run, with a report."""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
import traceback
from pathlib import Path

import uvloop

from tests.hell.run import run

SHOWN = 10


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.hell", description=__doc__)
    parser.add_argument("--updates", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=1)
    chosen = parser.parse_args()
    began = time.monotonic()
    try:
        with tempfile.TemporaryDirectory() as folder:
            report = uvloop.run(run(Path(folder), chosen.updates, chosen.seed))
    except Exception:  # the service's log, which takes what is left uncaught, goes nowhere here
        traceback.print_exc()
        return 2
    print(
        f"{report.updates} updates in {time.monotonic() - began:.0f} s: {report.handled} turns, {report.calls} calls, "
        f"{report.walks} sane walks; "
        f"second half: {report.grown_bytes / 2**20:+.1f} MiB, {report.grown_blocks:+} blocks; "
        f"{len(report.unseen_fields)} fields unseen"
    )
    for complaint in report.complaints[:SHOWN]:
        print("-", complaint)
    return bool(report.complaints)


if __name__ == "__main__":
    sys.exit(main())
