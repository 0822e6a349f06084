"""RESULTS.md has sections: speed, and fire. Each is written by its own run, and leaves the other's as it is."""

from __future__ import annotations

import re
from pathlib import Path

RESULTS = Path(__file__).with_name("RESULTS.md")
SPEED, FIRE = "How fast it is", "Under fire"
ORDER = (SPEED, FIRE)


def write(heading: str, text: str, path: Path = RESULTS) -> None:
    """Put `text` in the place of what stood under this heading."""
    found = read(path) | {heading: text.strip()}
    path.write_text("\n\n".join(f"# {name}\n\n{found[name]}" for name in ORDER if name in found) + "\n")


def read(path: Path = RESULTS) -> dict[str, str]:
    """Heading -> what stands under it."""
    parts = re.split(r"^# (.+)$", path.read_text(), flags=re.MULTILINE) if path.exists() else [""]
    return {name.strip(): text.strip() for name, text in zip(parts[1::2], parts[2::2], strict=True)}
