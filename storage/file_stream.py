"""What opens one stored file, and nothing else: the throw-away key of its blocks, with its true size and kind.

Who may read a file is who has this: the case's recipients, for it is sealed to the case with every file
(`storage.file_seal`); a code, if it is sealed to that as well; and the service itself only while a reply that carries
the file is on its way, for then it lies in that job, wrapped.
"""

from __future__ import annotations

import json
from base64 import b64decode, b64encode
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from nacl.bindings import (
    crypto_secretstream_xchacha20poly1305_init_pull,
    crypto_secretstream_xchacha20poly1305_pull,
    crypto_secretstream_xchacha20poly1305_state,
    crypto_secretstream_xchacha20poly1305_TAG_FINAL,
)
from nacl.exceptions import CryptoError

from intake.errors import Tampered

DAMAGED = "This file is damaged or was altered: fetch it again."


@dataclass(frozen=True, slots=True)
class FileKey:
    key: bytes = field(repr=False)
    start: bytes = field(repr=False)
    """What the stream of blocks begins with."""
    size: int = field(repr=False)
    """Bytes; the blocks hold more."""
    kind: str = field(repr=False)
    """A media type, as its sender's app says."""

    def pack(self) -> bytes:
        about = {
            "v": 1,
            "key": b64encode(self.key).decode(),
            "start": b64encode(self.start).decode(),
            "size": self.size,
            "kind": self.kind,
        }
        return json.dumps(about).encode()

    @classmethod
    def unpack(cls, text: bytes | str) -> FileKey:
        """Raises Tampered."""
        try:
            read = json.loads(text)
            return cls(b64decode(read["key"]), b64decode(read["start"]), int(read["size"]), str(read["kind"]))
        except (ValueError, TypeError, LookupError, OverflowError, RecursionError):
            pass
        raise Tampered(DAMAGED)

    def open(self, blocks: Sequence[bytes]) -> bytes:
        """The file. Raises Tampered unless these are its blocks, all of them and in their order."""
        content = b"".join(self._opened(blocks))
        if not 0 <= self.size <= len(content):
            raise Tampered(DAMAGED)
        return content[: self.size]

    def _opened(self, blocks: Sequence[bytes]) -> Iterator[bytes]:
        state = crypto_secretstream_xchacha20poly1305_state()
        tag = 0
        try:
            crypto_secretstream_xchacha20poly1305_init_pull(state, self.start, self.key)
            for box in blocks:
                if tag == crypto_secretstream_xchacha20poly1305_TAG_FINAL:
                    break
                block, tag = crypto_secretstream_xchacha20poly1305_pull(state, box)
                yield block
            else:
                if tag == crypto_secretstream_xchacha20poly1305_TAG_FINAL:
                    return
        except (CryptoError, ValueError, TypeError):
            pass
        raise Tampered(DAMAGED)
