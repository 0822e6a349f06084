"""A file, sealed to the case as it streams in: what is stored of it, the service cannot read.

A throw-away key encrypts the stream in blocks of one size (XChaCha20-Poly1305 secretstream, whose last block says that
it is the last); that key is sealed to the case in an envelope, as every text is, together with the true size and kind.
The stream is filled up to one of a few sizes, so that what is stored tells no more than that. A requester's file is
never read here again. Of one that an operator sends, the key is sealed to a code as well, or kept with the reply that
carries it until that is delivered.

Where this ends: the size class is seen by whoever sees the rows, and the throw-away key is in this process's memory
while the file comes in.
"""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field

from nacl.bindings import (
    crypto_secretstream_xchacha20poly1305_init_push,
    crypto_secretstream_xchacha20poly1305_keygen,
    crypto_secretstream_xchacha20poly1305_push,
    crypto_secretstream_xchacha20poly1305_state,
    crypto_secretstream_xchacha20poly1305_TAG_FINAL,
    crypto_secretstream_xchacha20poly1305_TAG_MESSAGE,
)

from storage.envelope import Who
from storage.file_stream import FileKey
from storage.sealing import Sealer

QUESTION = "thread.file"
QUESTIONS: Mapping[Who, str] = {Who.REQUESTER: QUESTION, Who.ORGANISATION: "thread.file-sent"}
"""What the head is sealed under, by whose file it is, so that one cannot pass for the other's; see `Who.question`."""
FORMAT = "file-1"
BLOCK = 64 * 1024
MAX_FILE_BYTES = 20 * 1024 * 1024
"""A bot can fetch no more."""
SIZES = (1, 4, 16, 64, 160, MAX_FILE_BYTES // BLOCK)
"""Blocks that a file is filled up to: 64 KiB, 256 KiB, 1 MiB, 4 MiB, 10 MiB, 20 MiB."""


class TooLarge(ValueError):
    """More than MAX_FILE_BYTES."""


@dataclass(frozen=True, slots=True)
class SealedFile:
    head: bytes = field(repr=False)
    blocks: tuple[bytes, ...] = field(repr=False)
    who: Who = Who.REQUESTER


class FileSealer:
    """Takes a file's bytes in any pieces; `restart` forgets what came, for a download that begins anew."""

    def __init__(
        self, case: bytes, public: bytes, sequence: int, kind: str, who: Who = Who.REQUESTER
    ) -> None:
        """`kind`: a media type, which stands in the head. `who`: whose file it is."""
        self._case, self._sealer = case, Sealer(case, public)
        self.sequence = sequence
        self.who = who
        self._kind = kind
        self.restart()

    def restart(self) -> None:
        self._key = crypto_secretstream_xchacha20poly1305_keygen()
        self._state = crypto_secretstream_xchacha20poly1305_state()
        self._start = crypto_secretstream_xchacha20poly1305_init_push(self._state, self._key)
        self._waiting = bytearray()
        self._blocks: list[bytes] = []
        self._size = 0
        self._done: SealedFile | None = None

    def feed(self, part: bytes) -> None:
        """Raises TooLarge."""
        self._size += len(part)
        if self._size > MAX_FILE_BYTES:
            raise TooLarge
        self._waiting += part
        while len(self._waiting) > BLOCK:  # the last one waits: it has a mark of its own
            self._push(bytes(self._waiting[:BLOCK]))
            del self._waiting[:BLOCK]

    def finish(self) -> SealedFile:
        """What is to be stored. Asked for again, it is the same."""
        if self._done is None:
            self._done = self._finish()
        return self._done

    def _finish(self) -> SealedFile:
        wanted = next(size for size in SIZES if size > len(self._blocks))
        self._waiting += bytes(BLOCK - len(self._waiting))
        while len(self._blocks) < wanted - 1:
            self._push(bytes(self._waiting))
            self._waiting[:] = bytes(BLOCK)
        self._push(bytes(self._waiting), last=True)
        head = self._sealer.seal(QUESTIONS[self.who], self.sequence, self.key.pack())
        return SealedFile(head, tuple(self._blocks), self.who)

    @property
    def key(self) -> FileKey:
        """Once all of it has come."""
        return FileKey(self._key, self._start, self._size, self._kind)

    def head_for(self, public: bytes) -> bytes:
        """The same head, for whoever has the code that this key belongs to."""
        return Sealer(self._case, public).seal(QUESTIONS[self.who], self.sequence, self.key.pack())

    def _push(self, block: bytes, *, last: bool = False) -> None:
        tag = (
            crypto_secretstream_xchacha20poly1305_TAG_FINAL
            if last
            else crypto_secretstream_xchacha20poly1305_TAG_MESSAGE
        )
        self._blocks.append(crypto_secretstream_xchacha20poly1305_push(self._state, block, tag=tag))


def build_file(
    *, reference: str, case: bytes, public: bytes, slots: bytes, sequence: int, sealed: SealedFile
) -> bytes:
    """The document that is handed out: one line of JSON, which `postern open` reads, then the blocks."""
    head = {
        "postern": FORMAT,
        "reference": reference,
        "case": b64encode(case).decode(),
        "public": b64encode(public).decode(),
        "slots": b64encode(slots).decode(),
        "sequence": sequence,
        "who": sealed.who.value,
        "head": b64encode(sealed.head).decode(),
        "blocks": len(sealed.blocks),
    }
    return json.dumps(head).encode("ascii") + b"\n" + b"".join(sealed.blocks)
