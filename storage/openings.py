"""How many sealed files each of the staff was handed at their own wish in this clock hour.

Counted where the file is asked for, in the same transaction, so that nobody gets more by pressing fast, from several
devices, or of several processes; it survives a restart. Files that come by themselves, because the requester of a held
case has written, are not counted: that case was opened before.
"""

from __future__ import annotations

import json
from dataclasses import dataclass

from storage import meta
from storage.database import Tx

PREFIX = "openings-"
"""In `meta`, followed by the member's id; wrapped."""
BYTES = 64
HOUR = 3_600


@dataclass(frozen=True, slots=True)
class Count:
    hour: int
    """Hours since 1970."""
    files: int
    told: bool
    """The admins have heard in this hour that the limit was reached."""


def read(tx: Tx, member_id: str, now: int) -> Count:
    box = meta.get(tx, PREFIX + member_id)
    if box is not None:
        found = Count(*json.loads(tx.vault.unwrap_padded(meta.VALUE, (PREFIX + member_id).encode(), box)))
        if found.hour == now // HOUR:
            return found
    return Count(now // HOUR, 0, told=False)


def save(tx: Tx, member_id: str, count: Count) -> None:
    name = PREFIX + member_id
    plain = json.dumps([count.hour, count.files, count.told]).encode()
    meta.put(tx, name, tx.vault.wrap_padded(meta.VALUE, name.encode(), plain, BYTES))


def forget(tx: Tx, member_id: str) -> None:
    meta.drop(tx, PREFIX + member_id)
