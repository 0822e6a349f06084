"""Rows that no longer open. One of them must not stop the work on all the others."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sqlalchemy import delete

from storage import drafts, given_up, outbox, traces
from storage.database import Tx
from storage.found import Found
from storage.marks import Kind
from storage.schema import drafts as drafts_table
from storage.schema import outbox as outbox_table
from storage.schema import traces as traces_table

_READ: Mapping[Kind, Callable[[Tx, Sequence[bytes]], Found[Any]]] = {
    Kind.JOB: outbox.jobs,
    Kind.TRACE: traces.these,
    Kind.DRAFT: drafts.these,
}
_KEYS = {
    Kind.JOB: outbox_table.c.id,
    Kind.TRACE: traces_table.c.id,
    Kind.DRAFT: drafts_table.c.account,
}


def drop(tx: Tx, kind: Kind, keys: Sequence[bytes], now: int) -> int:
    """Delete those of these rows that were altered or damaged, and count them; returns how many.

    Nothing can be done with them any more. Raises WrongKey, and deletes nothing, if it is the server key that is
    another one: then they are all sound.
    """
    damaged = _READ[kind](tx, keys).damaged
    for key in damaged:
        tx.conn.execute(delete(_KEYS[kind].table).where(_KEYS[kind] == key))
    if damaged:
        given_up.note(tx, f"damaged {kind}", now, len(damaged))
    return len(damaged)
