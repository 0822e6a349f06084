"""The README's pictures: taken by tests on their way, when `make screenshots` asks for them."""

from __future__ import annotations

import os
from pathlib import Path

from PIL import Image

SCREENSHOTS = os.environ.get("SCREENSHOTS", "")
"""The folder for them; empty: none are kept."""
QUIET_MS = 1_500
"""The flash of an edit passes, and a toast."""


def path_of(name: str) -> str:
    return str(Path(SCREENSHOTS) / f"{name}.png")


def shrink(name: str) -> None:
    """To 256 colours, small spots of one among them: half the size or less, and nothing is missed."""
    with Image.open(path_of(name)) as taken:
        whole = taken.convert("RGB")
    small = whole.quantize(256, Image.Quantize.MAXCOVERAGE, kmeans=2, dither=Image.Dither.NONE)
    small.save(path_of(name), optimize=True)
