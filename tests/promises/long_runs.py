"""The long runs of `make promises FULL=1`, in parts: what was done for exactly this code is not done again.

A part that failed, or was cut short, is run again the next time. What was done is kept in a file that git ignores.
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

from tests.promises.mutate import MODULES

ROOT = Path(__file__).parents[2]
STATE = ROOT / ".promises.json"
CODE = ("intake", "storage", "handlers", "bot", "sandbox", "tests", "questionnaires")
RUNS, UPDATES = 10, 10_000
"""A hundred thousand updates in so many runs, each from another seed."""


@dataclass(frozen=True)
class Part:
    name: str
    command: tuple[str, ...]
    """For this Python: `-m …`."""
    environment: dict[str, str] = field(default_factory=dict)


def parts() -> list[Part]:
    hell = [
        Part(
            f"updates from hell, seed {seed}", ("tests.hell", "--updates", str(UPDATES), "--seed", str(seed))
        )
        for seed in range(1, RUNS + 1)
    ]
    flood = Part("a flood from 10,000 accounts", ("pytest", "tests/handlers/test_flooded.py"), {"FULL": "1"})
    mutants = [Part(f"mutants of {module}", ("tests.promises.mutate", module)) for module in MODULES]
    attacker = Part("an attacker with every table of two years", ("tests.intake.attack", "--sets", "10000"))
    return [flood, attacker, *mutants, *hell]


def fingerprint(root: Path = ROOT) -> str:
    """Of all code and tests: whatever changes in them, everything is to be done again."""
    files = sorted(
        path
        for folder in CODE
        for path in (root / folder).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    )
    hashed = hashlib.blake2b(digest_size=16)
    for path in (*files, root / "requirements-dev.lock"):
        hashed.update(f"{path.relative_to(root)}\0".encode())
        hashed.update(hashlib.blake2b(path.read_bytes()).digest())
    return hashed.hexdigest()


def done(state: Path, code: str) -> dict[str, float]:
    """The parts that were done for this code, and the seconds each took."""
    try:
        kept = json.loads(state.read_text("utf-8"))
        found: dict[str, float] = kept["done"] if kept["code"] == code else {}
    except (OSError, ValueError, LookupError, TypeError):
        return {}
    return found


def run(wanted: list[Part], state: Path = STATE, code: str | None = None) -> list[str]:
    """Do what is left to do; the names of the parts that failed."""
    code = code or fingerprint()
    finished, failed = done(state, code), []
    for part in wanted:
        if part.name in finished:
            print(f"{part.name}: done before, in {finished[part.name]:.0f} s", flush=True)
            continue
        print(f"{part.name}: …", flush=True)
        began = time.monotonic()
        result = subprocess.run(
            [sys.executable, "-m", *part.command], cwd=ROOT, env=os.environ | part.environment, check=False
        )
        if result.returncode:
            failed.append(part.name)
            continue
        finished[part.name] = time.monotonic() - began
        _keep(state, code, finished)
    return failed


def _keep(state: Path, code: str, finished: dict[str, float]) -> None:
    aside = state.with_suffix(".new")
    aside.write_text(json.dumps({"code": code, "done": finished}, indent=1), "utf-8")
    aside.replace(state)  # at one stroke: a kill leaves the one or the other
