"""One thing that `postern check` found."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Finding:
    text: str
    """What is wrong, and what to do about it, in one line."""
    serious: bool
    """Requests are lost, unread or exposed until it is mended; otherwise it is worth knowing."""

    def __str__(self) -> str:
        return f"{'problem' if self.serious else 'note'}: {self.text}"


def problem(text: str) -> Finding:
    return Finding(text, serious=True)


def note(text: str) -> Finding:
    return Finding(text, serious=False)
