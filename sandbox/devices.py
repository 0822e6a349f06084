"""What a person's own device can do with a document, as far as the sandbox needs to know: nothing."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Device:
    """Handed in by the embedding program."""

    label: str
    open: Callable[[str, bytes], Awaitable[str]]
    """(file name, content) -> what a terminal on that device would show."""
