"""How many open cases stand on the board only: counted as they come and go, so that nobody has to look through them."""

from __future__ import annotations

from collections import Counter

import orjson

from intake.questionnaire import Level
from storage import meta
from storage.database import Tx, hold_counts

NAME = "grouped"
BYTES = 256

Kinds = Counter[tuple[Level, bool]]
"""(level, nearly empty) -> cases."""


def read(tx: Tx) -> Kinds:
    box = meta.get(tx, NAME)
    if box is None:
        return Counter()
    found = orjson.loads(tx.vault.unwrap_padded(meta.VALUE, NAME.encode(), box))
    return Counter({(Level(level), little): count for level, little, count in found})


def change(tx: Tx, level: Level, near_empty: bool, by: int) -> None:
    hold_counts(tx)
    counted = read(tx)
    counted[level, near_empty] += by
    plain = orjson.dumps([[level, little, count] for (level, little), count in counted.items() if count > 0])
    meta.put(tx, NAME, tx.vault.wrap_padded(meta.VALUE, NAME.encode(), plain, BYTES))
