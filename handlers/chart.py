"""A picture of counts. Drawn by a process of its own: no turn waits for it, and its memory comes back when it ends."""

from __future__ import annotations

import asyncio
import json
import os
import sys
import tempfile
from contextlib import suppress
from dataclasses import asdict, dataclass

PATIENCE = 60.0
"""Seconds. Loading the library alone takes one, on a busy machine several."""
MOST_BYTES = 5 * 2**20


@dataclass(frozen=True, slots=True)
class Line:
    label: str
    values: tuple[int | None, ...]
    """None: nothing was counted then."""
    open_end: bool = False
    """The last value is of a month that isn't over."""
    open_start: bool = False
    """The first value is of the month in which counting began."""


@dataclass(frozen=True, slots=True)
class Chart:
    """Lines over months, or else bars by category. Every text is ready to be read."""

    title: str
    labels: tuple[str, ...]
    """Under the months, or beside the bars."""
    lines: tuple[Line, ...] = ()
    bars: tuple[float | None, ...] = ()
    """None: hidden."""
    bar_texts: tuple[str, ...] = ()
    """What stands at the end of each bar."""
    note: str = ""
    is_others: bool = False
    """The numbers aren't ours."""
    beside: Chart | None = None
    """Bars of somebody else's numbers, drawn below."""


async def draw(chart: Chart) -> bytes | None:
    """The picture as PNG; None if it can't be drawn here, or not in time."""
    with tempfile.TemporaryDirectory(prefix="postern-chart-") as folder:
        # Its settings and fonts are looked for there, and nothing of ours (the token, say) is handed on.
        environment = {"MPLCONFIGDIR": folder, "HOME": folder, "PATH": os.defpath}
        try:
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "handlers.chart_drawing"),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.DEVNULL,
                env=environment,
            )
        except OSError:
            return None
        try:
            async with asyncio.timeout(PATIENCE):
                picture, _ = await process.communicate(json.dumps(asdict(chart)).encode())
        except TimeoutError:
            return None
        finally:
            if process.returncode is None:
                with suppress(ProcessLookupError):
                    process.kill()
                await process.wait()
    whole = process.returncode == 0 and picture.startswith(b"\x89PNG") and len(picture) <= MOST_BYTES
    return picture if whole else None
