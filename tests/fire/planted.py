"""Faults of the kinds that this suite exists to find, planted on purpose, to see that it finds them."""

from __future__ import annotations

from collections.abc import Callable

FAULTS: dict[str, Callable[[], None]] = {}
