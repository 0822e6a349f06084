"""What the server itself must read, wrapped under its own key; and keyed hashes to look things up by.

    box = version u8 | key id 4 | nonce 24 | XChaCha20-Poly1305 of the plaintext

The associated data binds version, key id, place (table.column) and row, so a box that was copied to another
row or column does not open. The key id tells a wrong server key from a damaged box; it gives nothing away
about the key.

Accounts are looked up by a keyed hash. Where this ends: ids of accounts can be enumerated, so whoever has the
server key and the database can test each of them. The hash key is random and stored wrapped, so that rotating
the server key changes no tag.
"""

from struct import pack
from typing import Self

from nacl.bindings import sodium_memcmp
from nacl.exceptions import CryptoError
from nacl.secret import Aead
from nacl.utils import random

from intake.errors import Tampered, WrongKey
from storage.purpose import Purpose, digest, framed, subkey
from storage.server_key import ServerKey

__all__ = ["MAC_BYTES", "TAG_BYTES", "WRAP_OVERHEAD", "ServerKey", "Vault"]

TAG_BYTES = 16
MAC_BYTES = 16
HASH_KEY_BYTES = 32
CODE_SALT_BYTES = 16
_VERSION = 1
_KEY_ID_BYTES = 4
_HEADER_BYTES = 1 + _KEY_ID_BYTES
_LENGTH_BYTES = 4
WRAP_OVERHEAD = _HEADER_BYTES + Aead.NONCE_SIZE + Aead.MACBYTES
_SECRETS_PLACE = "vault.secrets"


class Vault:
    """Wraps, unwraps and hashes under one server key. Made once, at the start; threads may share it."""

    def __init__(self, key: ServerKey, wrapped_secrets: bytes) -> None:
        """`wrapped_secrets`: from `new_secrets`, kept in the database. Raises WrongKey or Tampered."""
        self._box = _Box(key, Purpose.WRAP)
        self._secrets = _Box(key, Purpose.WRAP_SECRETS).unwrap(_SECRETS_PLACE, b"", wrapped_secrets)
        if len(self._secrets) != HASH_KEY_BYTES + CODE_SALT_BYTES:
            raise Tampered("The wrapped hash keys have the wrong size: restore the database from a backup.")
        hash_key, self.code_salt = self._secrets[:HASH_KEY_BYTES], self._secrets[HASH_KEY_BYTES:]
        self._tag_key = subkey(Purpose.TAG, hash_key)
        self._mac_key = subkey(Purpose.MAC, hash_key)

    @classmethod
    def open(cls, key: ServerKey, wrapped_secrets: bytes) -> Self:
        """The same as the constructor, for reading beside `new_secrets`."""
        return cls(key, wrapped_secrets)

    @staticmethod
    def new_secrets(key: ServerKey) -> bytes:
        """A new random hash key and return-code salt, wrapped. Once for good: all tags depend on them."""
        return _wrap_secrets(key, random(HASH_KEY_BYTES + CODE_SALT_BYTES))

    def rewrap_secrets(self, new_key: ServerKey) -> bytes:
        """The same secrets under another server key. Boxes made by `wrap` must be wrapped anew one by one."""
        return _wrap_secrets(new_key, self._secrets)

    def wrap(self, place: str, row: bytes, plaintext: bytes) -> bytes:
        """A box of len(plaintext) + WRAP_OVERHEAD bytes for one place ("table.column") and row."""
        return self._box.wrap(place, row, plaintext)

    def unwrap(self, place: str, row: bytes, box: bytes) -> bytes:
        """The plaintext. Raises WrongKey (made under another server key) or Tampered (altered, or moved)."""
        return self._box.unwrap(place, row, box)

    def wrap_padded(self, place: str, row: bytes, plaintext: bytes, size: int) -> bytes:
        """As `wrap`, but always with room for `size` bytes. Raises ValueError if that is not enough."""
        if len(plaintext) > size:
            raise ValueError(f"{place} has room for {size} bytes")
        return self.wrap(place, row, pack(">I", len(plaintext)) + plaintext.ljust(size, b"\0"))

    def unwrap_padded(self, place: str, row: bytes, box: bytes) -> bytes:
        """The plaintext that was padded. Raises WrongKey or Tampered."""
        padded = self.unwrap(place, row, box)
        length, body = int.from_bytes(padded[:_LENGTH_BYTES]), padded[_LENGTH_BYTES:]
        if len(padded) < _LENGTH_BYTES or length > len(body) or any(body[length:]):
            raise Tampered(f"A box in {place} is not padded as it should be: restore it from a backup.")
        return body[:length]

    def tag(self, kind: str, value: bytes) -> bytes:
        """16 bytes by which to look something up without storing it. `kind` keeps kinds of values apart."""
        return digest(Purpose.TAG, kind.encode(), value, size=TAG_BYTES, key=self._tag_key)

    def account(self, user_id: int) -> bytes:
        """The tag of a Telegram account or chat id (signed, 64 bits)."""
        return self.tag("account", user_id.to_bytes(8, signed=True))

    def mac(self, place: str, row: bytes, data: bytes) -> bytes:
        """16 bytes that prove that this server stored `data` in this place and row."""
        return digest(Purpose.MAC, place.encode(), row, data, size=MAC_BYTES, key=self._mac_key)

    def check_mac(self, place: str, row: bytes, data: bytes, mac: bytes) -> None:
        """Raises Tampered unless `mac` is the one for this place, row and data. Constant time."""
        if not sodium_memcmp(self.mac(place, row, data), mac):
            raise Tampered(
                f"Something stored in {place} was altered outside Postern: restore it from a backup."
            )


class _Box:
    """Authenticated encryption under one subkey of the server key."""

    def __init__(self, key: ServerKey, purpose: Purpose) -> None:
        self._aead = Aead(key.subkey(purpose))
        self._header = bytes([_VERSION]) + digest(Purpose.SERVER_KEY_ID, size=_KEY_ID_BYTES, key=key.secret)

    def wrap(self, place: str, row: bytes, plaintext: bytes, nonce: bytes | None = None) -> bytes:
        """`nonce` is for fixed test vectors only: a nonce must never be used twice."""
        return self._header + self._aead.encrypt(plaintext, self._bound_to(place, row), nonce)

    def unwrap(self, place: str, row: bytes, box: bytes) -> bytes:
        if len(box) < WRAP_OVERHEAD or box[0] != _VERSION:
            raise Tampered(f"A box in {place} is damaged, or was made by a newer Postern.")
        if not box.startswith(self._header):
            raise WrongKey(
                f"A box in {place} was made under another server key: point SERVER_KEY_FILE at that one."
            )
        try:
            return self._aead.decrypt(box[_HEADER_BYTES:], self._bound_to(place, row))
        except CryptoError:
            raise Tampered(f"A box in {place} was altered or moved: restore it from a backup.") from None

    def _bound_to(self, place: str, row: bytes) -> bytes:
        return framed(self._header, place.encode(), row)


def _wrap_secrets(key: ServerKey, secrets: bytes) -> bytes:
    return _Box(key, Purpose.WRAP_SECRETS).wrap(_SECRETS_PLACE, b"", secrets)
