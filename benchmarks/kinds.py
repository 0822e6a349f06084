"""What is compared with what: one kind for each line of the tables."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

ROOT = Path(__file__).parents[1]


@dataclass(frozen=True)
class Kind:
    name: str
    postern: bool = True
    webhook: bool = False
    sqlite: bool = False
    """Of a plain bot: one row for each answer."""
    questionnaire: str = str(ROOT / "benchmarks" / "six.yaml")
    operators: int = 0
    """Keys that each case is sealed to, besides the recovery key."""
    card_delay: int = 0
    """Minutes. At once, as the plain bots' summaries; but the group's limit is kept, unlike by them."""
    stored: tuple[int, int] | None = None
    """Cases that are there before it starts, (open, closed); and staff that can ask for them."""
    database: str = ""
    """DATABASE_URL; SQLite in a folder of its own without it."""
    aiograms_session: bool = False
    """Calls go through aiogram's own HTTP session."""
    processes: int = 1
    """More than one take turns at the webhook."""


PLAIN = Kind("plain aiogram, stores nothing", postern=False)
PLAIN_SQLITE = Kind("plain aiogram, one SQLite row an answer", postern=False, sqlite=True)
POSTERN = Kind("postern")
POSTERN_AIOGRAM = replace(POSTERN, name="postern, aiogram's own HTTP session", aiograms_session=True)
POSTERN_30 = replace(POSTERN, name="postern, 30 operators' keys", operators=30)
POSTERN_LEAVE = Kind("postern, leave-service", questionnaire="leave-service", card_delay=30)
"""The questionnaire that it comes with: four languages, ticks, a text; its cards wait as they do by default."""


def by_webhook(kind: Kind) -> Kind:
    return replace(kind, webhook=True)
