"""Rows that no longer open. One of them must not stop the work on all the others."""

from __future__ import annotations

from sqlalchemy import delete, select

from intake.errors import Tampered
from storage import drafts, outbox
from storage.database import Tx
from storage.schema import drafts as drafts_table
from storage.schema import outbox as outbox_table
from storage.schema import traces as traces_table

KINDS = (
    (drafts_table, drafts_table.c.account, drafts_table.c.state, drafts.STATE),
    (outbox_table, outbox_table.c.id, outbox_table.c.job, outbox.JOB),
    (traces_table, traces_table.c.id, traces_table.c.message, outbox.TRACE),
)


def drop(tx: Tx) -> int:
    """Delete the drafts, jobs and traces that were altered or damaged; returns how many.

    Nothing can be done with them any more. Raises WrongKey, and deletes nothing, if it is the server key that is
    another one: then they are all sound.
    """
    dropped = 0
    for table, key, box, place in KINDS:
        for name, wrapped in tx.conn.execute(select(key, box)).all():
            try:
                tx.vault.unwrap_padded(place, name, wrapped)
                if table is drafts_table:
                    drafts.read(tx, name, wrapped)
            except Tampered:
                dropped += tx.conn.execute(delete(table).where(key == name)).rowcount
    return dropped
