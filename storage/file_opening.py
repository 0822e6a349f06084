"""Opening a requester's file on the operator's own device. The service never imports this."""

from __future__ import annotations

import json
import re
from base64 import b64decode
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from nacl.bindings import (
    crypto_secretstream_xchacha20poly1305_ABYTES,
    crypto_secretstream_xchacha20poly1305_init_pull,
    crypto_secretstream_xchacha20poly1305_pull,
    crypto_secretstream_xchacha20poly1305_state,
    crypto_secretstream_xchacha20poly1305_TAG_FINAL,
)
from nacl.exceptions import CryptoError

from intake.errors import SealingError, Tampered
from storage.file_seal import BLOCK, QUESTION, SIZES
from storage.sealing import Opener

SEALED_BLOCK = BLOCK + crypto_secretstream_xchacha20poly1305_ABYTES
MAX_DOCUMENT_BYTES = SIZES[-1] * SEALED_BLOCK + 1024 * 1024
_START = re.compile(rb'\s*\{\s*"postern"\s*:\s*"file-([0-9]{1,4})"')
_DAMAGED = "This file is damaged or was altered: fetch it again."


@dataclass(frozen=True, slots=True)
class OpenedFile:
    reference: str
    kind: str
    """What the sender's app called it: a media type, perhaps a wrong one."""
    content: bytes = field(repr=False)


def is_file(document: bytes) -> bool:
    return _START.match(document) is not None


def open_file(document: bytes, opener: Opener) -> OpenedFile:
    """Raises SealingError for another kind of file, WrongKey without a slot in it, Tampered for any change."""
    start = _START.match(document)
    if start is None:
        raise SealingError("This is not a file that Postern has sealed: pick the file that the bot sent you.")
    if start[1] != b"1":
        raise SealingError("This file was sealed by a newer Postern: update this one.")
    line, _, rest = document.partition(b"\n")
    fields = _fields(line)
    if fields is None or len(rest) != fields["blocks"] * SEALED_BLOCK:
        raise Tampered(_DAMAGED)
    case = opener.unlock(fields["case"], fields["public"], fields["slots"])
    about = _about(case.open(fields["head"], question=QUESTION, sequence=fields["sequence"]))
    if about is None:
        raise Tampered(_DAMAGED)
    content = b"".join(_blocks(rest, about["key"], about["start"]))
    if not 0 <= about["size"] <= len(content):
        raise Tampered(_DAMAGED)
    return OpenedFile(fields["reference"], about["kind"], content[: about["size"]])


def _blocks(rest: bytes, key: bytes, start: bytes) -> Iterator[bytes]:
    state = crypto_secretstream_xchacha20poly1305_state()
    try:
        crypto_secretstream_xchacha20poly1305_init_pull(state, start, key)
        tag = 0
        for at in range(0, len(rest), SEALED_BLOCK):
            if tag == crypto_secretstream_xchacha20poly1305_TAG_FINAL:
                break
            block, tag = crypto_secretstream_xchacha20poly1305_pull(state, rest[at : at + SEALED_BLOCK])
            yield block
        else:
            if tag == crypto_secretstream_xchacha20poly1305_TAG_FINAL:
                return
    except (CryptoError, ValueError, TypeError):
        pass
    raise Tampered(_DAMAGED)


def _fields(line: bytes) -> dict[str, Any] | None:
    try:
        read = json.loads(line)
        found: dict[str, Any] = {
            name: b64decode(read[name], validate=True) for name in ("case", "public", "slots", "head")
        }
        found |= {name: read[name] for name in ("reference", "sequence", "blocks")}
    except (ValueError, TypeError, KeyError, RecursionError):
        return None
    sound = (
        type(found["sequence"]) is int and found["blocks"] in SIZES and isinstance(found["reference"], str)
    )
    return found if sound else None


def _about(text: bytes) -> dict[str, Any] | None:
    try:
        read = json.loads(text)
        return {
            "key": b64decode(read["key"]),
            "start": b64decode(read["start"]),
            "size": int(read["size"]),
            "kind": str(read["kind"]),
        }
    except (ValueError, TypeError, KeyError, RecursionError):
        return None
