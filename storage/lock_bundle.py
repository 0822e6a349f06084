"""The locks of many cases in one text file, for whoever lets a late joiner in: slots, and none of what they lock.

It is JSON with base64 in it, as a case's document is: `"postern": "locks-1"` says what it is, `check` finds damage on
the way. Only the slots of its reader and of the recovery key are in it. The service builds it, and can open none.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from intake.errors import SealingError, Tampered
from storage.checked_json import checked, decode, encode, fields_of
from storage.envelope import CASE_BYTES
from storage.public_key import PUBLIC_BYTES
from storage.purpose import Purpose
from storage.slots import slot_ids

FORMAT = "locks-1"
MOST_LOCKS = 5_000
"""In one bundle: 2.4 MB with two slots each, and two seconds on the device that re-wraps them."""
MAX_BUNDLE_BYTES = 8 * 1024 * 1024
_START = re.compile(rb'\s*\{\s*"postern"\s*:\s*"locks-([0-9]{1,4})"')
_REFERENCE = re.compile(r"[0-9A-Z-]{1,32}")


@dataclass(frozen=True, slots=True)
class BundledLock:
    reference: str
    case: bytes
    public: bytes
    slots: bytes = field(repr=False)


def is_lock_bundle(data: bytes) -> bool:
    return _START.match(data) is not None


def build_bundle(locks: Iterable[BundledLock]) -> bytes:
    """The file's bytes (ASCII), of at most MOST_LOCKS. Pass only the slots that its reader may have."""
    fields = {
        "postern": FORMAT,
        "locks": [[one.reference, *map(encode, (one.case, one.public, one.slots))] for one in locks],
    }
    return checked(Purpose.LOCKS, fields)


def parse_bundle(data: bytes) -> tuple[BundledLock, ...]:
    """Raises SealingError for another kind of file, Tampered if it is cut or damaged."""
    start = _START.match(data)
    if start is None or len(data) > MAX_BUNDLE_BYTES:
        raise SealingError("This is not a file of locks: pick the file that the bot sent you.")
    if start[1] != b"1":
        raise SealingError("These locks were written by a newer Postern: update this one.")
    try:
        return _read(fields_of(Purpose.LOCKS, data)["locks"])
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError, Tampered):
        raise Tampered("This file of locks is cut short or damaged: ask for it again.") from None


def _read(rows: list[list[str]]) -> tuple[BundledLock, ...]:
    """Raises ValueError, TypeError or Tampered for whatever has not the right form."""
    found = tuple(
        BundledLock(reference, decode(case, CASE_BYTES), decode(public, PUBLIC_BYTES), decode(slots))
        for reference, case, public, slots in rows
    )
    for one in found:
        slot_ids(one.slots)
    if (
        len(found) > MOST_LOCKS
        or len({one.case for one in found}) != len(found)
        or not all(_REFERENCE.fullmatch(one.reference) for one in found)
    ):
        raise ValueError("form")
    return found
