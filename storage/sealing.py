"""Case locks: the service seals with public keys, the operators' own tools open with private ones.

The service holds a `Sealer`, which can only add. To make an `Opener` takes an operator's private key, which
the server never has. SealedBox is X25519 with a throw-away sender key, then XSalsa20-Poly1305.

Where this ends: a sealed box says nothing about who sealed it, and anybody who knows the public key can make
one. That a stored box is the one the service stored is what the MAC beside it proves (`storage.vault`). And
the private half of a lock is in this process's memory for the milliseconds that `make_lock` takes; Python
cannot promise to overwrite it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from struct import Struct

from nacl.bindings import crypto_box_SEALBYTES
from nacl.exceptions import CryptoError
from nacl.public import PrivateKey, PublicKey, SealedBox

from intake.errors import Tampered, WrongKey
from storage.envelope import CASE_BYTES, ENVELOPE_BYTES, EnvelopeError, pack, unpack
from storage.public_key import check_public
from storage.slots import (
    KEY_ID_BYTES,
    SLOT_BYTES,
    find_slot,
    has_slot,
    join_slots,
    key_id,
    only_slots,
    slot_ids,
    with_slot,
    without_slot,
)

__all__ = [
    "BOX_BYTES",
    "SLOT_BYTES",
    "CaseOpener",
    "Lock",
    "Opener",
    "Sealer",
    "has_slot",
    "key_id",
    "make_lock",
    "only_slots",
    "open_box",
    "slot_ids",
    "with_slot",
    "without_slot",
]

BOX_BYTES = ENVELOPE_BYTES + crypto_box_SEALBYTES
_SLOT_VERSION = 1
_SLOT_LAYOUT = Struct(f">B{CASE_BYTES}s32s32s")


@dataclass(frozen=True, slots=True)
class Lock:
    """What the service keeps of a lock: its public half, and the private half sealed to each recipient."""

    case: bytes
    public: bytes
    slots: bytes = field(repr=False)


def make_lock(case: bytes, recipients: Sequence[bytes]) -> Lock:
    """A new lock for a case id (16 bytes), with one slot for each different recipient (32-byte public keys).

    About 0.1 ms a recipient. Raises ValueError without a recipient, KeyFileError for an unusable key.
    """
    _check_case(case)
    if not recipients:
        raise ValueError("a case lock needs at least one recipient")
    private = PrivateKey.generate()
    slots = join_slots(_wrap(case, private, recipient) for recipient in set(recipients))
    return Lock(case, bytes(private.public_key), slots)


class Sealer:
    """Adds sealed texts to one case, and can read none. `public` is the case's key, or a return code's."""

    def __init__(self, case: bytes, public: bytes) -> None:
        """Raises ValueError for a case id of another size, KeyFileError for a key that is not usable."""
        self._case = _check_case(case)
        self._box = SealedBox(PublicKey(check_public(public)))

    def seal(self, question: str, sequence: int, text: bytes) -> bytes:
        """BOX_BYTES, whatever the text. Raises TextTooLong or EnvelopeError."""
        return self._box.encrypt(pack(self._case, question, sequence, text))

    def dummy(self, question: str, sequence: int) -> bytes:
        """A box without a text, which nobody can tell from the others without the private key."""
        return self.seal(question, sequence, b"")


class Opener:
    """Opens the locks that name this private key as a recipient. For the operators' own tools."""

    def __init__(self, private: PrivateKey) -> None:
        self._private = private
        self.public = bytes(private.public_key)

    def unlock(self, case: bytes, public: bytes, slots: bytes) -> "CaseOpener":
        """Takes the three as they are stored.

        Raises WrongKey if this key has no slot, Tampered if a part was altered or exchanged.
        """
        slot = find_slot(slots, self.public)
        if slot is None:
            raise WrongKey(
                "This key is not among the recipients of this case: ask a lead to re-wrap it for you."
            )
        content = _decrypt(self._private, slot[KEY_ID_BYTES:])
        if content is None:
            raise Tampered("Your slot of this case does not open: it is damaged or was altered.")
        version, inner_case, inner_public, secret = _SLOT_LAYOUT.unpack(content)
        private = PrivateKey(secret)
        # A server that swaps the public key would have everything new sealed to itself; so the private half,
        # the public key inside the seal and the one outside must all agree.
        if (version, inner_case, inner_public) != (_SLOT_VERSION, case, public) or bytes(
            private.public_key
        ) != public:
            raise Tampered(
                "Your slot belongs to another case, or the case's key was exchanged: tell your admin."
            )
        return CaseOpener(case, private)


class CaseOpener:
    """Opens the sealed texts of one case, and can let another recipient in. Made by `Opener.unlock`."""

    def __init__(self, case: bytes, private: PrivateKey) -> None:
        self._case = case
        self._private = private

    def open(self, box: bytes, *, question: str, sequence: int) -> bytes:
        """The text. Raises Tampered unless it was sealed for this case, question and sequence."""
        return open_box(self._private, box, case=self._case, question=question, sequence=sequence)

    def rewrap(self, public: bytes) -> bytes:
        """A slot for a later recipient, to be added by `with_slot`. Raises KeyFileError: unusable key."""
        return _wrap(self._case, self._private, public)


def open_box(private: PrivateKey, box: bytes, *, case: bytes, question: str, sequence: int) -> bytes:
    """The text in a box, if it was sealed to this key and for this very place. Raises Tampered."""
    plaintext = _decrypt(private, box)
    if plaintext is None:
        raise Tampered("A sealed text does not open: it is damaged, was altered, or belongs to another case.")
    envelope = unpack(plaintext)
    if (envelope.case, envelope.question, envelope.sequence) != (case, question, sequence):
        raise Tampered("A sealed text stands where it does not belong: it was swapped or repeated.")
    return envelope.text


def _wrap(case: bytes, private: PrivateKey, recipient: bytes) -> bytes:
    content = _SLOT_LAYOUT.pack(_SLOT_VERSION, case, bytes(private.public_key), bytes(private))
    return key_id(recipient) + SealedBox(PublicKey(check_public(recipient))).encrypt(content)


def _decrypt(private: PrivateKey, box: bytes) -> bytes | None:
    try:
        return SealedBox(private).decrypt(box)
    except CryptoError:
        return None


def _check_case(case: bytes) -> bytes:
    if len(case) != CASE_BYTES:
        raise EnvelopeError(f"a case id has {CASE_BYTES} bytes")
    return case
