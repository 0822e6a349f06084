"""What happened in each chat lately, so that a complaint can be followed press by press."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

LINES = 400


@dataclass
class Story:
    _lines: defaultdict[int, deque[str]] = field(
        default_factory=lambda: defaultdict(lambda: deque(maxlen=LINES))
    )

    def note(self, chat: int, life: int, what: str) -> None:
        """`life`: the service's, at this moment."""
        self._lines[chat].append(f"[{life}] {what}".replace("\n", " / "))

    def forget(self, chat: int) -> None:
        self._lines.pop(chat, None)

    def write(self, home: Path, complaints: Iterable[str]) -> None:
        """A file for each person whom a complaint begins with."""
        names = {complaint.partition(" ")[0].rstrip(":") for complaint in complaints}
        for chat in {int(name) for name in names if name.isdecimal()} & self._lines.keys():
            (home / f"story-{chat}.txt").write_text("\n".join(self._lines[chat]) + "\n")
