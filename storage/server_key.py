"""The server's own key: 32 bytes in a file outside the data folder, one line.

postern-server-key-1 <64 hex digits> <8 hex digits of checksum>

While the key is exchanged for another, the file holds two lines, the new key first. Which of the two is in force is
written in the database (`storage.vault`), so that every process changes over at the same instant.
"""

import re
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from nacl.utils import random

from intake.errors import KeyFileError
from storage.private_file import create_private, read_private, replace_private
from storage.purpose import Purpose, digest, subkey

SERVER_KEY_BYTES = 32
KEY_ID_BYTES = 4
MOST_KEYS = 2
_KIND = "postern-server-key-"
_VERSION = "1"
_CHECK_BYTES = 4
_LINE = re.compile(r"postern-server-key-1 ([0-9a-f]{64}) ([0-9a-f]{8})")
_LINE_CHARS = len(_KIND) + len(_VERSION) + 1 + 2 * SERVER_KEY_BYTES + 1 + 2 * _CHECK_BYTES


@dataclass(frozen=True, slots=True)
class ServerKey:
    """32 random bytes, which are never used themselves: every purpose has its own subkey."""

    secret: bytes = field(repr=False)

    def __post_init__(self) -> None:
        if len(self.secret) != SERVER_KEY_BYTES:
            raise ValueError(f"a server key has {SERVER_KEY_BYTES} bytes")

    @classmethod
    def generate(cls) -> Self:
        """A new key, in memory only."""
        return cls(random(SERVER_KEY_BYTES))

    @classmethod
    def create(cls, path: Path) -> Self:
        """A new key in a new file of mode 600; nothing is ever overwritten. Raises KeyFileError."""
        key = cls.generate()
        create_private(path, _line(key))
        return key

    @property
    def id(self) -> bytes:
        """4 bytes that stand in the clear in every box; they give nothing away about the key."""
        return digest(Purpose.SERVER_KEY_ID, size=KEY_ID_BYTES, key=self.secret)

    def subkey(self, purpose: Purpose) -> bytes:
        """32 bytes for one purpose."""
        return subkey(purpose, self.secret)


class KeyRing:
    """The keys that boxes may be wrapped under: one, or during a rotation two, the newest first."""

    def __init__(self, *keys: ServerKey, reread: Callable[[], Sequence[ServerKey]] | None = None) -> None:
        self.keys = keys
        self._reread = reread

    @classmethod
    def load(cls, path: Path, credentials: Path | None = None) -> Self:
        """The keys in a file. `credentials`: systemd's $CREDENTIALS_DIRECTORY, if set. Raises KeyFileError."""
        return cls(*_read(path, credentials), reread=lambda: _read(path, credentials))

    @property
    def newest(self) -> ServerKey:
        return self.keys[0]

    def find(self, key_id: bytes) -> ServerKey | None:
        """The key with this id.

        An unknown one makes the file be read again, because a rotation may have begun since. A file that can't
        be read just then changes nothing.
        """
        if self._reread is not None and key_id not in {key.id for key in self.keys}:
            with suppress(KeyFileError):
                self.keys = tuple(self._reread())
        return next((key for key in self.keys if key.id == key_id), None)


def write_keys(path: Path, keys: Sequence[ServerKey]) -> None:
    """Put these keys, the newest first, in place of those in the file, at one stroke. Raises KeyFileError."""
    replace_private(path, "".join(_line(key) for key in keys))


def _read(path: Path, credentials: Path | None) -> list[ServerKey]:
    lines = read_private(path, credentials).strip().split("\n")
    keys = [ServerKey(_parse(line, path)) for line in lines]
    if len({key.id for key in keys}) != len(keys) or len(keys) > MOST_KEYS:
        raise KeyFileError(f"{path} is damaged: restore it from your copy of the server key.")
    return keys


def _line(key: ServerKey) -> str:
    return f"{_KIND}{_VERSION} {key.secret.hex()} {_checksum(key.secret).hex()}\n"


def _parse(text: str, path: Path) -> bytes:
    line = text.strip()
    if not line.startswith(_KIND) and not _KIND.startswith(line):
        raise KeyFileError(f"{path} is not a Postern server key: point SERVER_KEY_FILE at the right file.")
    version = line.removeprefix(_KIND).split(" ")[0]
    if version.isdecimal() and version != _VERSION:
        raise KeyFileError(f"{path} was made by a newer Postern: update this one.")
    if len(line) < _LINE_CHARS:
        raise KeyFileError(f"{path} is cut short: restore it from your copy of the server key.")
    found = _LINE.fullmatch(line)
    if found is None or found[2] != _checksum(bytes.fromhex(found[1])).hex():
        raise KeyFileError(f"{path} is damaged: restore it from your copy of the server key.")
    return bytes.fromhex(found[1])


def _checksum(secret: bytes) -> bytes:
    # 4 bytes of a hash tell next to nothing about 32 random bytes, and lie beside them anyway.
    return digest(Purpose.SERVER_KEY_FILE, secret, size=_CHECK_BYTES)
