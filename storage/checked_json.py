"""Files of JSON that go to the staff's devices: bytes as base64, and a check that notices a cut or a slip."""

from __future__ import annotations

import json
from base64 import b64decode, b64encode
from collections.abc import Mapping
from typing import Any

from storage.purpose import Purpose, digest

CHECK_BYTES = 16


def encode(raw: bytes) -> str:
    return b64encode(raw).decode("ascii")


def decode(text: str, size: int | None = None) -> bytes:
    """Raises ValueError if it is no base64, or not of this size."""
    raw = b64decode(text.encode("ascii"), validate=True)
    if size is not None and len(raw) != size:
        raise ValueError("size")
    return raw


def canonical(value: object) -> bytes:
    """JSON with sorted keys and no blanks, in ASCII: the same bytes for the same data."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False).encode("ascii")


def checksum(purpose: Purpose, fields: Mapping[str, Any]) -> str:
    """Hexadecimal. It notices accidents and proves no sender: what is sealed inside does that."""
    return digest(purpose, canonical(fields), size=CHECK_BYTES).hex()


def checked(purpose: Purpose, fields: Mapping[str, Any]) -> bytes:
    """A file's content: the fields and their checksum."""
    return json.dumps({**fields, "check": checksum(purpose, fields)}, indent=1).encode("ascii") + b"\n"


def fields_of(purpose: Purpose, data: bytes) -> dict[str, Any]:
    """What `checked` wrote, without the checksum.

    Raises ValueError, TypeError, KeyError, AttributeError or RecursionError for whatever it has not written.
    """
    fields: dict[str, Any] = json.loads(data)
    if fields.pop("check") != checksum(purpose, fields):
        raise ValueError("checksum")
    return fields
