"""The slots of a case lock: for whom the private half is kept, as one blob in one row.

    entry = key id 8 | sealed box over (version u8 | case 16 | case public 32 | case private 32)

Entries stand in the order of their key ids, so that the order says nothing about rank or age. An empty blob
is a case that nobody can open any more. Nothing here can open a slot.
"""

from collections.abc import Collection, Iterable
from itertools import pairwise

from nacl.bindings import crypto_box_SEALBYTES

from intake.errors import Tampered, WrongKey
from storage.envelope import CASE_BYTES
from storage.public_key import PUBLIC_BYTES
from storage.purpose import Purpose, digest

KEY_ID_BYTES = 8
PRIVATE_BYTES = 32
SLOT_BYTES = KEY_ID_BYTES + 1 + CASE_BYTES + PUBLIC_BYTES + PRIVATE_BYTES + crypto_box_SEALBYTES


def key_id(public: bytes) -> bytes:
    """8 bytes that name a public key in a slot. Not secret: it links a slot to its owner."""
    return digest(Purpose.KEY_ID, public, size=KEY_ID_BYTES)


def join_slots(entries: Iterable[bytes]) -> bytes:
    """The blob of these entries, in the order of their key ids."""
    return b"".join(sorted(entries))


def find_slot(slots: bytes, public: bytes) -> bytes | None:
    """This key's entry, or None. Raises Tampered."""
    return _entries(slots).get(key_id(public))


def slot_ids(slots: bytes) -> list[bytes]:
    """The key ids in a blob, ascending. Raises Tampered."""
    return list(_entries(slots))


def has_slot(slots: bytes, public: bytes) -> bool:
    """Whether this key is a recipient. Raises Tampered."""
    return find_slot(slots, public) is not None


def only_slots(slots: bytes, publics: Collection[bytes]) -> bytes:
    """The blob without the entries of all other keys; a key that has none is passed over. Raises Tampered."""
    wanted = {key_id(public) for public in publics}
    return join_slots(entry for name, entry in _entries(slots).items() if name in wanted)


def without_slot(slots: bytes, public: bytes) -> bytes:
    """The blob without this key's entry, if it has one. Raises Tampered."""
    dropped = key_id(public)
    return join_slots(entry for name, entry in _entries(slots).items() if name != dropped)


def with_slot(slots: bytes, public: bytes, slot: bytes) -> bytes:
    """The blob with a re-wrapped entry (SLOT_BYTES) for `public`.

    It adds and never replaces: nobody can see from outside what an entry holds, so a later one might be
    rubbish that locks its owner out. Raises WrongKey if the entry was made for another key, and Tampered.
    """
    entries = _entries(slots)
    if len(slot) != SLOT_BYTES:
        raise Tampered("A re-wrapped slot has the wrong size: make it again.")
    if slot[:KEY_ID_BYTES] != key_id(public):
        raise WrongKey("This slot was made for another public key: make it again for the right one.")
    entries.setdefault(key_id(public), slot)
    return join_slots(entries.values())


def _entries(slots: bytes) -> dict[bytes, bytes]:
    """Key id -> entry, ascending."""
    if len(slots) % SLOT_BYTES:
        raise Tampered("The slots of a case have the wrong size: restore the case from a backup.")
    entries = [slots[at : at + SLOT_BYTES] for at in range(0, len(slots), SLOT_BYTES)]
    by_id = {entry[:KEY_ID_BYTES]: entry for entry in entries}
    if any(former >= latter for former, latter in pairwise(entry[:KEY_ID_BYTES] for entry in entries)):
        raise Tampered("The slots of a case are out of order: restore the case from a backup.")
    return by_id
