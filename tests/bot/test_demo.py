"""`postern demo`: the walk is played through, and what keeps it from starting is one clear line."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent


def run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    kept = {k: v for k, v in os.environ.items() if not k.startswith("POSTERN_")}
    return subprocess.run(
        [sys.executable, "-m", "bot.cli", "demo", *arguments],
        capture_output=True,
        text=True,
        timeout=120,
        cwd=ROOT,
        env=kept | environment,
        check=False,
    )


def test_the_walk_plays_every_step_and_leaves_nothing(tmp_path: Path) -> None:
    done = run("--walk", TMPDIR=str(tmp_path), HOME=str(tmp_path))
    assert done.returncode == 0, done.stderr + done.stdout[-2_000:]
    for seen in (
        "I agree, begin",
        "Claim",
        "postern open",
        "My leave ends on Friday",
        "Every step happened.",
    ):
        assert seen in done.stdout
    card = done.stdout[done.stdout.index("The operators’ group sees") :].split("└─")[0]
    assert "Armenia" in card
    assert "My leave ends" not in card
    assert list(tmp_path.iterdir()) == []


def test_a_port_that_is_taken_is_one_clear_line() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = run("--port", str(port))
    assert done.returncode == 1
    assert done.stderr.strip() == f"Port {port} is taken: choose another with --port, or make demo PORT=…"


def test_a_folder_that_cannot_be_written_is_one_clear_line(tmp_path: Path) -> None:
    """Root may write everywhere: a file in the folder's place keeps out everybody."""
    nowhere = tmp_path / "file"
    nowhere.write_text("")
    done = run("--walk", TMPDIR=str(nowhere))
    assert done.returncode == 1
    assert len(done.stderr.strip().splitlines()) == 1
    assert "TMPDIR" in done.stderr


@pytest.fixture
def old_python(tmp_path: Path) -> Path:
    """Says of itself what Python 3.10 would: that it is too old."""
    path = tmp_path / "python3.10"
    path.write_text("#!/bin/sh\nexit 1\n")
    path.chmod(0o755)
    return path


def test_a_python_that_is_too_old_is_one_clear_line(tmp_path: Path, old_python: Path) -> None:
    for name in ("Makefile", "requirements.lock", "pyproject.toml"):
        (tmp_path / name).write_bytes((ROOT / name).read_bytes())
    done = subprocess.run(
        ["make", "demo", f"PYTHON={old_python}"],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        timeout=60,
        check=False,
    )
    assert done.returncode != 0
    lines = [line for line in done.stderr.splitlines() if not line.startswith("make")]
    assert lines == [
        f"Postern needs Python 3.11 or newer as {old_python}; choose another: make PYTHON=python3.12"
    ]
