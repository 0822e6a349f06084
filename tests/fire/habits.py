"""How people go about asking for help: how often they do what, and how long they wait."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Habits:
    """How likely people do what."""

    by_code: float = 0.12
    changes: float = 0.3
    """At the review, one answer is changed."""
    writes: float = 0.7
    adds: float = 0.4
    erases: float = 0.1
    asks: float = 0.5
    """Writes /start when nothing happens, rather than pressing again."""
    patience: float = 1.5
    """Seconds after a confirmed press in which something should be seen."""
    pause: float = 0.0
    """Seconds between looking and pressing, at most."""
    emergency: float = 0.08
    may_expire: bool = False
    """Time passes so that what was not sent is deleted, as the notice says: then they begin anew."""
