"""Running scenarios: a part at a time, each in a folder of its own, with a fixed seed."""

from __future__ import annotations

import asyncio
import json
import re
import subprocess
import tempfile
import traceback
import zlib
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

from tests.fire.counts import Counts
from tests.fire.scenarios import Scenario
from tests.postgres import postgres_server

SLOWEST = 5400.0
"""Seconds for one part; whatever hangs longer is a finding."""


async def run_part(scenario: Scenario, part: int, *, full: bool, home: Path) -> Counts:
    """One part of it; what it raises is a finding, too."""
    seed = zlib.crc32(f"{scenario.name} {part}".encode()) % 10_000
    try:
        async with asyncio.timeout(SLOWEST):
            given = {"seed": seed, **scenario.arguments(full=full)}
            if not scenario.postgres:
                return await scenario.run(home, **given)
            with postgres_server() as server:
                given["database"] = await server.fresh(upgraded=False)
                if scenario.server:
                    given["server"] = server
                return await scenario.run(home, **given)
    except Exception:
        return Counts(wrong=[traceback.format_exc(limit=-4).strip()])


def in_folder(scenario: Scenario, part: int, *, full: bool) -> Counts:
    """The same, from where nothing runs yet; the folder goes if all is well, and is named if not."""
    folder = tempfile.mkdtemp(prefix="postern-fire-")
    counts = asyncio.run(run_part(scenario, part, full=full, home=Path(folder)))
    if counts.sound:
        _remove(Path(folder))
    else:
        counts.said.append(f"its folder: {folder}")
    return counts


def _remove(folder: Path) -> None:
    for path in sorted(folder.rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() and not path.is_symlink() else path.unlink()
    folder.rmdir()


def commit() -> str:
    """Of the sources that run, with a + if they differ from it; empty where there is no git."""
    command = ["git", "describe", "--always", "--dirty=+", "--exclude=*"]
    try:
        done = subprocess.run(command, cwd=Path(__file__).parent, capture_output=True, text=True, check=False)
    except OSError:
        return ""
    return done.stdout.strip()


class Ledger:
    """What is done already, on disk: a full run can be interrupted and goes on where it was."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def done(self, scenario: Scenario, part: int) -> Counts | None:
        path = self._path(scenario, part)
        return Counts(**json.loads(path.read_text())) if path.exists() else None

    def note(self, scenario: Scenario, part: int, counts: Counts) -> None:
        self._folder.mkdir(exist_ok=True)
        path = self._path(scenario, part)
        path.write_text(json.dumps(asdict(counts), indent=1))
        path.with_suffix(".ran").write_text(f"{datetime.now(UTC):%Y-%m-%d} {commit()}")

    def ran(self, scenario: Scenario) -> list[str]:
        """When its parts ran, and of which commit: each once."""
        paths = [self._path(scenario, part).with_suffix(".ran") for part in range(scenario.parts)]
        return sorted({path.read_text() if path.exists() else "unknown" for path in paths})

    def _path(self, scenario: Scenario, part: int) -> Path:
        name = re.sub(r"[^a-z0-9]+", "-", scenario.name.lower()).strip("-")
        given = zlib.crc32(json.dumps(dict(scenario.arguments(full=True)), sort_keys=True).encode())
        return self._folder / f"{name}-{given:08x}-{part}.json"
