"""A re-wrapped slot as one line of text that survives copying: `postern-slot-1 <reference> <224 characters>`.

The characters are base32 (a-z, 2-7) of the slot and a 3-byte checksum over the reference and the slot.
"""

from __future__ import annotations

import re
from base64 import b32decode, b32encode

from intake.errors import Tampered
from storage.purpose import Purpose, digest
from storage.slots import SLOT_BYTES

KIND = "postern-slot-1"
CHECK_BYTES = 3
_LINE = re.compile(rf"{KIND} ([0-9A-Z-]{{1,32}}) ([a-z2-7]{{{(SLOT_BYTES + CHECK_BYTES) * 8 // 5}}})")


def encode_slot(reference: str, slot: bytes) -> str:
    """The line for a case's reference and a slot of SLOT_BYTES."""
    body = b32encode(slot + _checksum(reference, slot)).decode().lower()
    return f"{KIND} {reference} {body}"


def decode_slot(text: str) -> tuple[str, bytes]:
    """Reference and slot of a pasted line; blanks and line breaks do no harm. Raises Tampered."""
    kind, reference, body = [*text.split(maxsplit=2), "", "", ""][:3]
    body = "".join(body.split()).lower()  # a long line is often broken when it is pasted
    found = _LINE.fullmatch(f"{kind} {reference} {body}")
    if found is None:
        raise Tampered(
            "This is not a whole slot: copy the whole line that `postern open --rewrap-for` printed."
        )
    raw = b32decode(found[2].upper())
    slot, check = raw[:SLOT_BYTES], raw[SLOT_BYTES:]
    if check != _checksum(reference, slot):
        raise Tampered("This slot was damaged in copying: copy the whole line again.")
    return reference, slot


def _checksum(reference: str, slot: bytes) -> bytes:
    return digest(Purpose.SLOT_LINE, reference.encode(), slot, size=CHECK_BYTES)
