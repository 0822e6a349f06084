"""How much of this machine a life of the service takes, seen from outside."""

from __future__ import annotations

import asyncio
import signal
from dataclasses import dataclass
from pathlib import Path

from tests.fire.field import Field


@dataclass(frozen=True)
class Health:
    resident: float
    """MiB; a forked life shares with its parent what it has not written to, and that is counted too."""
    descriptors: int
    tasks: int
    file: float
    """MiB, the log of what was written last included."""


def status(field: Field, name: str) -> float:
    """MiB, by the kernel's own name: VmRSS, or VmHWM for its peak."""
    assert field.life is not None
    lines = Path(f"/proc/{field.life.pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith(name + ":"))


def waited(field: Field) -> tuple[float, float]:
    """Seconds in which its threads have run, and in which they could have but for others on this machine."""
    assert field.life is not None
    ran = stood = 0
    for path in Path(f"/proc/{field.life.pid}/task").glob("*/schedstat"):
        one, other, _ = path.read_text().split()
        ran, stood = ran + int(one), stood + int(other)
    return ran / 1e9, stood / 1e9


async def look(field: Field) -> Health:
    assert field.life is not None
    counted = field.place.home / "tasks"
    await asyncio.to_thread(counted.unlink, missing_ok=True)
    field.life.signal(signal.SIGUSR1)
    for _ in range(100):
        await asyncio.sleep(0.05)
        if await asyncio.to_thread(_has_text, counted):
            break
    return await asyncio.to_thread(_look, field, counted)


def _has_text(path: Path) -> bool:
    return path.exists() and bool(path.read_text())


def _look(field: Field, counted: Path) -> Health:
    assert field.life is not None
    files = field.place.loaded.data_dir.glob("postern.sqlite*")
    return Health(
        status(field, "VmRSS"),
        len(list(Path(f"/proc/{field.life.pid}/fd").iterdir())),
        int(counted.read_text()) if _has_text(counted) else 0,
        sum(path.stat().st_size for path in files) / 2**20,
    )
