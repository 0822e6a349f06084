"""A file that says by how many seconds a service's clock is off."""

from __future__ import annotations

import os
import struct
import time
from collections.abc import Callable
from pathlib import Path

CLOCK_FILE = "FIRE_CLOCK"
"""Environment: where that file is."""
_OFFSET = struct.Struct("<q")


def moved_clock(path: Path) -> Callable[[], int]:
    """Unix seconds, plus what the file says at this moment."""
    file = os.open(path, os.O_RDONLY)
    return lambda: int(time.time()) + _OFFSET.unpack(os.pread(file, _OFFSET.size, 0))[0]


def move_clock(path: Path, seconds: int) -> None:
    with path.open("r+b" if path.exists() else "wb") as file:
        file.write(_OFFSET.pack(seconds))
