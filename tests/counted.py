"""Two years of monthly counts, shaped like those that groups of this kind have published."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from intake.counts import CASES, LANGUAGE, PERSONS, REQUESTS, answer_name

MONTHS: Mapping[str, int] = {
    **dict(zip([f"2022-{n:02d}" for n in range(6, 13)], [12, 11, 14, 19, 17, 18, 20], strict=True)),
    **dict(zip([f"2023-{n:02d}" for n in range(1, 6)], [31, 44, 40, 52, 60], strict=True)),
    "2023-06": 54,
    "2023-07": 130,
    "2023-08": 121,
    "2023-09": 184,
    "2023-10": 218,
    "2023-11": 175,
}
"""June to August 2023: 305. September to November: 577."""
WHERE = {"home": 55, "road": 30, "held": 15}
"""Per cent of a month's requests, by the options of one question."""


def months(question: str = "where", parts: Mapping[str, int] = WHERE) -> dict[str, dict[str, int]]:
    """Month -> name -> number."""
    return {month: _month(total, question, parts) for month, total in MONTHS.items()}


def _month(total: int, question: str, parts: Mapping[str, int]) -> dict[str, int]:
    counts = Counter(
        {REQUESTS: total, PERSONS: total - total // 9, CASES: total - total // 6, LANGUAGE + "en": total}
    )
    left = total
    for option, percent in parts.items():
        number = min(left, -(-total * percent // 100))
        counts[answer_name(question, option)] = number
        left -= number
    urgent, emergency = total // 4, total // 10
    counts.update({"urgent": urgent, "emergency": emergency, "standard": total - urgent - emergency})
    counts.update({"outcome:helped": total - total // 6, "outcome:duplicate": total // 6})
    counts.update({"service.kept.urgent": urgent - urgent // 8, "service.missed.urgent": urgent // 8})
    return dict(counts)
