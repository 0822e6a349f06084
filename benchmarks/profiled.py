"""Run a module under a profiler that sleeps: SIGUSR1 wakes it, SIGUSR2 writes what it saw.

python -m benchmarks.profiled FILE MODULE ARGUMENTS…
"""

from __future__ import annotations

import cProfile
import runpy
import signal
import sys


def main() -> None:
    file, module = sys.argv[1:3]
    profiler = cProfile.Profile()
    signal.signal(signal.SIGUSR1, lambda _signal, _frame: profiler.enable())
    signal.signal(signal.SIGUSR2, lambda _signal, _frame: profiler.dump_stats(file))
    sys.argv = sys.argv[2:]
    runpy.run_module(module, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
