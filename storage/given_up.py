"""What was given up for good: how many of which kind, on which day. Nothing vanishes without being counted here.

Wrapped like everything else about what went on, and without any datum of a requester; kept for thirty days, so that
`postern check` tells of it.
"""

from __future__ import annotations

import json
from collections import Counter

from storage import meta
from storage.database import Tx

KEPT_DAYS = 30
DAY = 86_400
BYTES = 8_192
"""Room for a dozen kinds on each of the days."""


def note(tx: Tx, kind: str, now: int, count: int = 1) -> None:
    """In the transaction that gives it up. `kind`: one of a few fixed words."""
    today = now // DAY
    days = {day: kinds for day, kinds in _read(tx).items() if today - KEPT_DAYS < day <= today}
    kinds = days.setdefault(today, {})
    kinds[kind] = kinds.get(kind, 0) + count
    name = meta.GIVEN_UP
    plain = json.dumps({str(day): kinds for day, kinds in days.items()}, separators=(",", ":"))
    meta.put(tx, name, tx.vault.wrap_padded(meta.VALUE, name.encode(), plain.encode(), BYTES))


def lately(tx: Tx, now: int) -> dict[str, int]:
    """Kind -> how many, in the last thirty days."""
    found: Counter[str] = Counter()
    for day, kinds in _read(tx).items():
        if now // DAY - KEPT_DAYS < day:
            found.update(kinds)
    return dict(found)


def _read(tx: Tx) -> dict[int, dict[str, int]]:
    box = meta.get(tx, meta.GIVEN_UP)
    if box is None:
        return {}
    plain = json.loads(tx.vault.unwrap_padded(meta.VALUE, meta.GIVEN_UP.encode(), box))
    return {int(day): kinds for day, kinds in plain.items()}
