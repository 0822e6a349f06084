"""What the server itself must read, wrapped under its own key; and keyed hashes to look things up by.

    box = version u8 | key id 4 | nonce 24 | XChaCha20-Poly1305 of the plaintext

The associated data binds version, key id, place (table.column) and row, so a box that was copied to another
row or column does not open. The key id tells under which of the server's keys a box was wrapped, and a wrong
server key from a damaged box; it gives nothing away about the key.

While the server key is exchanged, boxes of the old and of the new one lie side by side. The key in force is the one
that the stored secrets are wrapped under: every transaction that writes looks there first (`Vault.follow`), so that
no box is made under the old key after the exchange has begun.

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
from storage.server_key import KEY_ID_BYTES, KeyRing, ServerKey

__all__ = ["HEADER_BYTES", "MAC_BYTES", "SECRETS_NAME", "TAG_BYTES", "WRAP_OVERHEAD", "Vault"]

TAG_BYTES = 16
MAC_BYTES = 16
HASH_KEY_BYTES = 32
CODE_SALT_BYTES = 16
_VERSION = 1
HEADER_BYTES = 1 + KEY_ID_BYTES
"""With which every box begins: version and key id."""
_LENGTH_BYTES = 4
WRAP_OVERHEAD = HEADER_BYTES + Aead.NONCE_SIZE + Aead.MACBYTES
_SECRETS_PLACE = "vault.secrets"
SECRETS_NAME = "vault-secrets"
"""The name in `meta` under which the wrapped secrets lie."""


class Vault:
    """Wraps, unwraps and hashes under the server's keys. Made once, at the start; threads may share it."""

    def __init__(self, keys: ServerKey | KeyRing, wrapped_secrets: bytes) -> None:
        """`wrapped_secrets`: from `new_secrets`, kept in the database. Raises WrongKey or Tampered."""
        self._ring = keys if isinstance(keys, KeyRing) else KeyRing(keys)
        self._boxes: dict[bytes, _Box] = {}
        self._secrets = self._open_secrets(wrapped_secrets)
        self._box = self._box_of(wrapped_secrets, _SECRETS_PLACE)
        hash_key, self.code_salt = self._secrets[:HASH_KEY_BYTES], self._secrets[HASH_KEY_BYTES:]
        self._tag_key = subkey(Purpose.TAG, hash_key)
        self._mac_key = subkey(Purpose.MAC, hash_key)

    @classmethod
    def open(cls, keys: ServerKey | KeyRing, wrapped_secrets: bytes) -> Self:
        """The same as the constructor, for reading beside `new_secrets`."""
        return cls(keys, wrapped_secrets)

    @staticmethod
    def new_secrets(key: ServerKey) -> bytes:
        """A new random hash key and return-code salt, wrapped. Once for good: all tags depend on them."""
        return _wrap_secrets(key, random(HASH_KEY_BYTES + CODE_SALT_BYTES))

    def rewrap_secrets(self, new_key: ServerKey) -> bytes:
        """The same secrets under another server key: storing them puts that key in force."""
        return _wrap_secrets(new_key, self._secrets)

    def follow(self, wrapped_secrets: bytes) -> None:
        """Wrap under the key in force from now on; the argument is what the database holds at this moment.

        A key that is not known yet is looked for in the key file. Raises WrongKey if it isn't there either, and
        Tampered.
        """
        if wrapped_secrets[:HEADER_BYTES] != self._box.header:
            self._open_secrets(wrapped_secrets)
            self._box = self._box_of(wrapped_secrets, _SECRETS_PLACE)

    @property
    def key_ids(self) -> tuple[bytes, ...]:
        """Of the keys that are known here, the newest first."""
        return tuple(key.id for key in self._ring.keys)

    def former_headers(self) -> list[bytes]:
        """The beginnings of boxes that were made under a key known here, but not under the one in force."""
        return [header for key in self._ring.keys if (header := _header(key.id)) != self._box.header]

    def wrap(self, place: str, row: bytes, plaintext: bytes) -> bytes:
        """A box of len(plaintext) + WRAP_OVERHEAD bytes for one place ("table.column") and row."""
        return self._box.wrap(place, row, plaintext)

    def unwrap(self, place: str, row: bytes, box: bytes) -> bytes:
        """The plaintext. Raises WrongKey (made under another server key) or Tampered (altered, or moved)."""
        return self._box_of(box, place).unwrap(place, row, box)

    def rewrap(self, place: str, row: bytes, box: bytes) -> bytes:
        """The same under the key in force, and of the same size. Raises WrongKey or Tampered."""
        return self.wrap(place, row, self.unwrap(place, row, box))

    def wrap_padded(self, place: str, row: bytes, plaintext: bytes, size: int) -> bytes:
        """As `wrap`, but always with room for `size` bytes. Raises ValueError if that is not enough."""
        if len(plaintext) > size:
            raise ValueError(f"{place} has room for {size} bytes")
        return self.wrap(place, row, pack(">I", len(plaintext)) + plaintext.ljust(size, b"\0"))

    def unwrap_padded(self, place: str, row: bytes, box: bytes) -> bytes:
        """The plaintext that was padded. Raises WrongKey or Tampered."""
        padded = self.unwrap(place, row, box)
        length, body = int.from_bytes(padded[:_LENGTH_BYTES]), padded[_LENGTH_BYTES:]
        if len(padded) < _LENGTH_BYTES or length > len(body) or body[length:] != bytes(len(body) - length):
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

    def _box_of(self, box: bytes, place: str) -> "_Box":
        header = box[:HEADER_BYTES]
        if header not in self._boxes or len(box) < WRAP_OVERHEAD:
            self._boxes[header] = _Box(_key_of(self._ring, box, place), Purpose.WRAP)
        return self._boxes[header]

    def _open_secrets(self, wrapped: bytes) -> bytes:
        key = _key_of(self._ring, wrapped, _SECRETS_PLACE)
        secrets = _Box(key, Purpose.WRAP_SECRETS).unwrap(_SECRETS_PLACE, b"", wrapped)
        if len(secrets) != HASH_KEY_BYTES + CODE_SALT_BYTES:
            raise Tampered("The wrapped hash keys have the wrong size: restore the database from a backup.")
        return secrets


class _Box:
    """Authenticated encryption under one subkey of the server key."""

    def __init__(self, key: ServerKey, purpose: Purpose) -> None:
        self._aead = Aead(key.subkey(purpose))
        self.header = _header(key.id)

    def wrap(self, place: str, row: bytes, plaintext: bytes, nonce: bytes | None = None) -> bytes:
        """`nonce` is for fixed test vectors only: a nonce must never be used twice."""
        return self.header + self._aead.encrypt(plaintext, self._bound_to(place, row), nonce)

    def unwrap(self, place: str, row: bytes, box: bytes) -> bytes:
        """`box` is one that begins with this key's header. Raises Tampered."""
        try:
            return self._aead.decrypt(box[HEADER_BYTES:], self._bound_to(place, row))
        except CryptoError:
            raise Tampered(f"A box in {place} was altered or moved: restore it from a backup.") from None

    def _bound_to(self, place: str, row: bytes) -> bytes:
        return framed(self.header, place.encode(), row)


def _key_of(ring: KeyRing, box: bytes, place: str) -> ServerKey:
    if len(box) < WRAP_OVERHEAD or box[0] != _VERSION:
        raise Tampered(f"A box in {place} is damaged, or was made by a newer Postern.")
    key = ring.find(box[1:HEADER_BYTES])
    if key is None:
        raise WrongKey(
            f"A box in {place} was made under another server key: point SERVER_KEY_FILE at that one."
        )
    return key


def _header(key_id: bytes) -> bytes:
    return bytes([_VERSION]) + key_id


def _wrap_secrets(key: ServerKey, secrets: bytes) -> bytes:
    return _Box(key, Purpose.WRAP_SECRETS).wrap(_SECRETS_PLACE, b"", secrets)
