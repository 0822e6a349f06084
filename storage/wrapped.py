"""Every column that holds boxes of `storage.vault`, and what each box is bound to: what a rotation goes through."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Column

from storage import (
    audit,
    blocked,
    drafts,
    facts,
    meta,
    outbox,
    releases,
    replies,
    schema,
    staff,
    tallies,
    traces,
    undelivered,
)


@dataclass(frozen=True, slots=True)
class Wrapped:
    """One column. A value that doesn't begin as a box does is none: `meta` holds both kinds."""

    place: str
    column: Column[Any]
    row: Callable[[Any], bytes]
    """From a row of the table to the bytes that its box is bound to."""


WRAPPED = (
    Wrapped(meta.VALUE, schema.meta.c.value, lambda row: row.name.encode()),
    Wrapped(drafts.STATE, schema.drafts.c.state, lambda row: row.account),
    Wrapped(
        facts.FACTS,
        schema.cases.c.facts,
        lambda row: facts.bound_to(row.case_id, row.reference, row.account, row.code_tag, row.code_key),
    ),
    Wrapped(facts.CONTACT, schema.cases.c.contact, lambda row: row.case_id),
    Wrapped(outbox.JOB, schema.outbox.c.job, lambda row: row.id),
    Wrapped(traces.TRACE, schema.traces.c.message, lambda row: row.id),
    Wrapped(replies.STATE, schema.replies.c.state, lambda row: row.id),
    Wrapped(undelivered.ENTRY, schema.undelivered.c.entry, lambda row: row.id),
    Wrapped(staff.CHAT, schema.staff.c.chat, lambda row: row.id.encode()),
    Wrapped(staff.ON_DUTY, schema.staff.c.on_duty, lambda row: row.id.encode()),
    Wrapped(blocked.SOURCE, schema.blocked.c.source, lambda row: row.account),
    Wrapped(releases.SHOWN, schema.releases.c.shown, lambda row: row.id),
    Wrapped(audit.BOX, schema.audit.c.box, lambda row: audit.place(row.number)),
    Wrapped(tallies.COUNT, schema.tallies.c.count, lambda row: tallies.bound_to(row.month, row.name)),
    Wrapped(tallies.PENDING, schema.pending_counts.c.box, lambda row: row.id),
)
