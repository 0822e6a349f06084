"""What each hash and each derived key is for: one table, so that no two uses ever share a label."""

from enum import StrEnum
from hashlib import blake2b

SUBKEY_BYTES = 32


class Purpose(StrEnum):
    """The labels. They are part of stored formats: a label may be added, never changed or reused."""

    # Public values: anyone can compute these.
    KEY_ID = "postern/key-id"
    KEY_WORDS = "postern/key-words"
    LABELS = "postern/labels"

    # Checksums against accidents. They prove nothing about who wrote the file.
    PUBLIC_LINE = "postern/public-line"
    SLOT_LINE = "postern/slot-line"
    LOCKS = "postern/lock-bundle"
    SLOTS = "postern/slot-bundle"
    KEY_FILE = "postern/key-file"
    SERVER_KEY_FILE = "postern/server-key-file"
    DOCUMENT = "postern/document"
    FILE = "postern/file"

    # Derived from the server key, which can be rotated.
    SERVER_KEY_ID = "postern/server-key-id"
    WRAP = "postern/wrap"
    WRAP_SECRETS = "postern/wrap-secrets"

    # Derived from the random hash key, which stays the same when the server key is rotated.
    TAG = "postern/tag"
    MAC = "postern/mac"

    # Keyed with a month's own random key, which is thrown away with the month.
    PERSON = "postern/person"


def framed(*parts: bytes) -> bytes:
    """Join parts so that different parts can never make the same bytes: each goes behind its u32 length."""
    joined = b""
    for part in parts:  # few and short: half the time of a join
        joined += len(part).to_bytes(4) + part
    return joined


def digest(purpose: Purpose, *parts: bytes, size: int, key: bytes = b"") -> bytes:
    """BLAKE2b of `size` bytes (1..64) over the framed label and parts, keyed if `key` (1..64 bytes) is given.

    The label goes into the message, not into BLAKE2b's personalisation field, which several libraries lack.
    The standard library's BLAKE2b and libsodium's are one function, but PyNaCl's call costs ten times as much, and a
    turn makes eight.
    """
    return blake2b(framed(purpose.encode(), *parts), digest_size=size, key=key).digest()


def subkey(purpose: Purpose, key: bytes) -> bytes:
    """The 32-byte key for one purpose."""
    return digest(purpose, size=SUBKEY_BYTES, key=key)
