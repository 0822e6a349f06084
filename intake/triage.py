"""Which case comes next."""

from __future__ import annotations

from dataclasses import dataclass

from intake.questionnaire import Level


@dataclass(frozen=True, slots=True)
class Waiting:
    """A case in the queue, as far as its order is concerned."""

    reference: str
    level: Level
    received_hour: int
    """Unix seconds, cut to the hour."""
    near_empty: bool = False


def order(case: Waiting) -> tuple[int, bool, int, str]:
    """Sort key: the more urgent level first, of one level the near-empty last, then who has waited longest.

    The reference settles ties.
    """
    return case.level.rank, case.near_empty, case.received_hour, case.reference
