"""RESULTS.md: the tables, with the machine and the versions that they hold for."""

from __future__ import annotations

import os
import platform
import tempfile
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from statistics import median

from benchmarks import sections
from benchmarks.tables import Table

LIBRARIES = (
    "aiogram",
    "aiohttp",
    "aiosqlite",
    "asyncpg",
    "orjson",
    "pydantic",
    "pynacl",
    "sqlalchemy",
    "uvloop",
)


def keep(tables: Sequence[Table], *, quick: bool, seconds: float, path: Path = sections.RESULTS) -> None:
    """A quick run is printed only: what is kept was measured at length."""
    if not quick:
        text = "\n".join([_about(seconds), "", *map(str, tables)])
        sections.write(sections.SPEED, text, path)


def _about(seconds: float) -> str:
    libraries = ", ".join(f"{name} {version(name)}" for name in LIBRARIES)
    return (
        f"Measured by `make bench` on {datetime.now(UTC):%Y-%m-%d} in {seconds / 60:.0f} minutes. "
        "README.md says what each number means, and what is not measured.\n\n"
        f"- {machine()}\n"
        f"- the disk takes {1000 * _sync_seconds():.2f} ms to keep 4 kB for good (fdatasync), as each commit does\n"
        f"- Python {platform.python_version()}; {libraries}\n"
        "- × is the ratio to the table's first line, taken round by round; figures are medians of the rounds"
    )


def machine() -> str:
    return f"{os.cpu_count()} cores: {_processor()}; {platform.system()} {platform.release()}"


def _sync_seconds(times: int = 200) -> float:
    """Where the databases lay, too."""
    found = []
    with tempfile.TemporaryFile(buffering=0) as file:
        for _ in range(times):
            file.write(bytes(4096))
            start = time.monotonic()
            os.fdatasync(file.fileno())
            found.append(time.monotonic() - start)
    return median(found)


def _processor() -> str:
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    return next(
        (line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "unknown"
    )
