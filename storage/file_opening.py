"""Opening a file of a case on the operator's own device. The service never imports this."""

from __future__ import annotations

import json
import re
from base64 import b64decode
from dataclasses import dataclass, field
from typing import Any

from nacl.bindings import crypto_secretstream_xchacha20poly1305_ABYTES

from intake.errors import SealingError, Tampered
from storage.envelope import Who
from storage.file_seal import BLOCK, QUESTIONS, SIZES
from storage.file_stream import DAMAGED, FileKey
from storage.sealing import Opener

SEALED_BLOCK = BLOCK + crypto_secretstream_xchacha20poly1305_ABYTES
MAX_DOCUMENT_BYTES = SIZES[-1] * SEALED_BLOCK + 1024 * 1024
_START = re.compile(rb'\s*\{\s*"postern"\s*:\s*"file-([0-9]{1,4})"')


@dataclass(frozen=True, slots=True)
class OpenedFile:
    reference: str
    kind: str
    """What the sender's app called it: a media type, perhaps a wrong one."""
    content: bytes = field(repr=False)
    who: Who = Who.REQUESTER
    """Whose file it is."""


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
        raise Tampered(DAMAGED)
    case = opener.unlock(fields["case"], fields["public"], fields["slots"])
    question = QUESTIONS[fields["who"]]
    key = FileKey.unpack(case.open(fields["head"], question=question, sequence=fields["sequence"]))
    blocks = [rest[at : at + SEALED_BLOCK] for at in range(0, len(rest), SEALED_BLOCK)]
    return OpenedFile(fields["reference"], key.kind, key.open(blocks), fields["who"])


def _fields(line: bytes) -> dict[str, Any] | None:
    try:
        read = json.loads(line)
        found: dict[str, Any] = {
            name: b64decode(read[name], validate=True) for name in ("case", "public", "slots", "head")
        }
        found |= {name: read[name] for name in ("reference", "sequence", "blocks")}
        found["who"] = Who(read.get("who", Who.REQUESTER))
    except (ValueError, TypeError, KeyError, RecursionError):
        return None
    sound = (
        type(found["sequence"]) is int
        and found["blocks"] in SIZES
        and isinstance(found["reference"], str)
        and found["who"] in QUESTIONS
    )
    return found if sound else None
