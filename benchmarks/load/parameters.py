"""The parameters of a call, in whichever of the Bot API's forms they came."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote_to_bytes

import orjson

_BOUNDARY = re.compile(rb'boundary="?([^";]+)')
_NAME = re.compile(rb'name="([^"]*)"')


class Parameters:
    """Read one by one, because most are never looked at."""

    def __init__(self, type_: bytes, body: bytes, query: bytes = b"") -> None:
        self._plain: Mapping[str, Any] = {}
        self._quoted: dict[bytes, bytes] = {}
        if type_.startswith(b"application/json"):
            given = orjson.loads(body) if body else {}
            self._plain = given if isinstance(given, dict) else {}
        elif type_.startswith(b"multipart/"):
            self._plain = dict(_parts(type_, body))
        else:
            for pair in (body or query).split(b"&"):
                name, _, value = pair.partition(b"=")
                self._quoted[name] = value

    def text(self, name: str) -> str:
        value = self._value(name)
        return value if isinstance(value, str) else "" if value is None else orjson.dumps(value).decode()

    def number(self, name: str) -> int:
        value = self._value(name)
        return int(value) if value not in (None, "") else 0

    def json(self, name: str) -> Any:
        """An object that came as one, or as its JSON text; None if there is none."""
        value = self._value(name)
        return orjson.loads(value) if isinstance(value, str) and value else value or None

    def _value(self, name: str) -> Any:
        if self._quoted:
            quoted = self._quoted.get(name.encode())
            return None if quoted is None else unquote_to_bytes(quoted.replace(b"+", b" ")).decode()
        return self._plain.get(name)


def _parts(type_: bytes, body: bytes) -> list[tuple[str, str]]:
    """A form's fields; of a file only that there is one."""
    found = _BOUNDARY.search(type_)
    fields = []
    for part in body.split(b"--" + found[1]) if found else ():
        head, _, value = part.partition(b"\r\n\r\n")
        if name := _NAME.search(head):
            content = b"" if b"filename" in head else value.removesuffix(b"\r\n")
            fields.append((name[1].decode(), content.decode()))
    return fields
