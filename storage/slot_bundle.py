"""Re-wrapped slots of many cases, all for one key, as text that survives being sent: what goes back to the bot.

    postern-slots-1
    base32 (a-z, 2-7), in lines, of:  public key 32 | (case 16 | slot 137) for each case | checksum 8

Of a case its id is named, not the reference: whoever made the slots has it from the bot, and nobody guesses one. The
checksum finds damage on the way, and proves nothing. What a slot holds can't be seen from outside: see `storage.slots`.
"""

from __future__ import annotations

import re
from base64 import b32decode, b32encode
from collections.abc import Sequence
from dataclasses import dataclass, field

from intake.errors import Tampered
from storage.envelope import CASE_BYTES
from storage.lock_bundle import MOST_LOCKS
from storage.public_key import PUBLIC_BYTES
from storage.purpose import Purpose, digest
from storage.slots import SLOT_BYTES, key_id

KIND = "postern-slots-1"
CHECK_BYTES = 8
ENTRY_BYTES = CASE_BYTES + SLOT_BYTES
LINE_CHARS = 76
_ROUND = 8
"""Characters of base32 are counted in eights, the last of which may be left out."""
MAX_SLOTS_CHARS = 2 * (PUBLIC_BYTES + MOST_LOCKS * ENTRY_BYTES)
_ALPHABET = re.compile(r"[a-z2-7]*")


@dataclass(frozen=True, slots=True)
class SlotBundle:
    public: bytes
    """Whose slots they are."""
    slots: tuple[tuple[bytes, bytes], ...] = field(repr=False)
    """(case id, slot)"""


def looks_like_slots(text: str) -> bool:
    return text.lstrip().startswith(KIND)


def encode_slots(public: bytes, slots: Sequence[tuple[bytes, bytes]]) -> str:
    """The whole text, of at most MOST_LOCKS (case id of 16 bytes, slot of SLOT_BYTES)."""
    plain = public + b"".join(case + slot for case, slot in slots)
    body = _letters(plain + _checksum(plain))
    lines = (body[at : at + LINE_CHARS] for at in range(0, len(body), LINE_CHARS))
    return "\n".join([KIND, *lines]) + "\n"


def decode_slots(text: str) -> SlotBundle:
    """Blanks, line breaks and capitals do no harm. Raises Tampered."""
    kind, _, rest = text.strip().partition(KIND)
    body = "".join(rest.split()).lower()
    if kind or len(text) > MAX_SLOTS_CHARS or not _ALPHABET.fullmatch(body):
        raise _not_whole()
    try:
        raw = b32decode(body.upper() + "=" * (-len(body) % _ROUND))
    except ValueError:
        raise _not_whole() from None
    if _letters(raw) != body:  # a slip in the last letter's spare bits
        raise _not_whole()
    plain, check = raw[:-CHECK_BYTES], raw[-CHECK_BYTES:]
    public, entries = plain[:PUBLIC_BYTES], plain[PUBLIC_BYTES:]
    if check != _checksum(plain) or not entries or len(entries) % ENTRY_BYTES:
        raise _not_whole()
    places = range(0, len(entries), ENTRY_BYTES)
    slots = tuple(
        (entries[at : at + CASE_BYTES], entries[at + CASE_BYTES : at + ENTRY_BYTES]) for at in places
    )
    named = key_id(public)
    if len({case for case, _ in slots}) != len(slots) or not all(slot.startswith(named) for _, slot in slots):
        raise _not_whole()
    return SlotBundle(public, slots)


def _letters(raw: bytes) -> str:
    return b32encode(raw).decode().rstrip("=").lower()


def _not_whole() -> Tampered:
    return Tampered("These are not whole slots: send the file that `postern open --rewrap-for` made.")


def _checksum(plain: bytes) -> bytes:
    return digest(Purpose.SLOTS, plain, size=CHECK_BYTES)
