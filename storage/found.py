"""Reading some rows of what is wrapped, of which one that is damaged must not hide the others."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from sqlalchemy import Row, Select, bindparam, select

from intake.errors import Tampered
from storage.database import Tx

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Found(Generic[T]):
    """Rows that were looked for; those that are no longer there are missing without a word."""

    rows: dict[bytes, T]
    damaged: tuple[bytes, ...] = ()
    """Keys of rows that don't open."""


def those(key: Any, box: Any) -> Select[Any]:
    """The rows with these keys: parameter `keys`."""
    return select(key, box).where(key.in_(bindparam("keys", expanding=True)))


def following(key: Any, *box: Any) -> Select[Any]:
    """The next rows of all, in the order of their keys, which says nothing: parameters `last` and `most`."""
    return select(key, *box).where(key > bindparam("last")).order_by(key).limit(bindparam("most"))


def opened(tx: Tx, rows: Sequence[Row[*tuple[Any, ...]]], read: Callable[[Tx, bytes, bytes], T]) -> Found[T]:
    """(key, box) -> what is in the box. Raises WrongKey: then every row is sound."""
    found: dict[bytes, T] = {}
    damaged = []
    for row in rows:
        key, box = row[0], row[1]
        try:
            found[key] = read(tx, key, box)
        except Tampered:
            damaged.append(key)
    return Found(found, tuple(damaged))
