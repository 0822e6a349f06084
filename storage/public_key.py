"""Operators' public keys as one line of text that survives copying: `postern-pub-1` and 56 characters.

The 56 characters are base32 (a-z, 2-7) of the 32-byte X25519 key and a 3-byte checksum. The checksum finds
slips of the hand; that the key belongs to whom it should is what the key words are for (`storage.keywords`).
"""

from base64 import b32decode, b32encode
from functools import lru_cache

from nacl.bindings import crypto_scalarmult
from nacl.exceptions import RuntimeError as SodiumError

from intake.errors import KeyFileError
from storage.purpose import Purpose, digest

PUBLIC_BYTES = 32
PREFIX = "postern-pub-1"
CHECK_BYTES = 3
BODY_CHARS = 56
_ALPHABET = frozenset("abcdefghijklmnopqrstuvwxyz234567")
_FIELD_PRIME = 2**255 - 19


@lru_cache(4096)
def check_public(public: bytes) -> bytes:
    """Return `public` if something can be sealed to it; raises KeyFileError otherwise.

    Remembered: the check costs as much as sealing, and the same keys come again and again.

    Refused are points of low order, for which the shared secret is known to everybody, and second spellings
    of a point, which would have another key id and other key words.
    """
    if len(public) != PUBLIC_BYTES:
        raise KeyFileError(f"A public key has {PUBLIC_BYTES} bytes: this is something else.")
    if int.from_bytes(public, "little") >= _FIELD_PRIME:
        raise KeyFileError("This public key is not written in its regular form: make a new key.")
    try:
        crypto_scalarmult(bytes(range(32)), public)  # libsodium refuses an all-zero result
    except SodiumError:
        raise KeyFileError("This public key gives no protection: make a new key.") from None
    return public


def encode_public(public: bytes) -> str:
    """The line that an operator hands over. Raises KeyFileError for a key that is not usable."""
    body = check_public(public) + _checksum(public)
    return PREFIX + b32encode(body).decode().lower()


def decode_public(text: str) -> bytes:
    """The 32-byte key in a pasted line; blanks, breaks and capitals do no harm. Raises KeyFileError."""
    line = "".join(text.split()).lower()
    if line.startswith(("postern-key-", "postern-server-key-")):
        raise KeyFileError(
            "This is a private key: never send it to anyone. Send the postern-pub-1… line instead."
        )
    if not line.startswith(PREFIX):
        raise KeyFileError(f"This is not a public key: it must begin with {PREFIX}.")
    body = line.removeprefix(PREFIX)
    if len(body) != BODY_CHARS:
        fault = "is cut short" if len(body) < BODY_CHARS else "is too long"
        raise KeyFileError(f"This public key {fault}: copy the whole line again.")
    raw = b32decode(body.upper()) if _ALPHABET.issuperset(body) else b""
    public, check = raw[:PUBLIC_BYTES], raw[PUBLIC_BYTES:]
    if check != _checksum(public):
        raise KeyFileError("This public key has a mistyped character: copy the whole line again.")
    return check_public(public)


def _checksum(public: bytes) -> bytes:
    return digest(Purpose.PUBLIC_LINE, public, size=CHECK_BYTES)
