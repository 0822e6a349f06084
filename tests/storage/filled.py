"""A database in which every wrapped column holds something, and all of it as it is read back."""

from __future__ import annotations

import secrets
from typing import Any

from sqlalchemy import select

from intake.draft import Draft, Place
from intake.lifecycle import Status
from intake.questionnaire import Level
from intake.roles import Role
from intake.tables import Fact, Protected, Release, Table
from intake.trail import Event
from storage import (
    audit,
    blocked,
    cases,
    drafts,
    files,
    handouts,
    locks,
    meta,
    outbox,
    people,
    releases,
    replies,
    schema,
    staff,
    tallies,
    traces,
    undelivered,
)
from storage.blocked import Block
from storage.cases import Case
from storage.database import Tx
from storage.drafts import Conversation
from storage.envelope import Who
from storage.facts import Contact, Facts
from storage.file_seal import SealedFile
from storage.handouts import Handout
from storage.outbox import Job, Task
from storage.replies import State
from storage.sealing import make_lock
from storage.server_key import ServerKey
from storage.traces import Trace

NOW = 1_700_000_000
RECIPIENT = b"\x09" + bytes(31)
PEOPLE = (41, 42, 43, 44, 45)
MONTH = "2026-11"
SHOWN = Release("kind", True, (Fact((MONTH,), ("a",), 11, 11),), (((MONTH,), ("b",)),))


def fill(tx: Tx) -> None:
    """Five of each kind; the cases are answered in the chat and by code, in turn."""
    meta.put(tx, meta.PAUSED, b"a notice in the clear")
    at = tx.vault.wrap(meta.VALUE, meta.NEXT_CARDS.encode(), str(NOW).encode())
    meta.put(tx, meta.NEXT_CARDS, at)
    releases.add(tx, Protected(Table((), {}), (), SHOWN), ())
    for number in PEOPLE:
        audit.note(tx, Event.DUTY_ON, None, NOW, whom=f"name-{number}")
        account = tx.vault.account(number)
        drafts.save(tx, account, Conversation(Draft(Place.NOTICE, "en", active_at=NOW), number, 7))
        _add_case(tx, number, account)
        outbox.add(tx, Job(Task.SEND, NOW, chat=number, text=f"for {number}"))
        traces.leave(tx, Trace(number, 5, NOW, NOW))
        undelivered.note(tx, "reply", "blocked", NOW, reference=f"CASE-{number}")
        blocked.add(tx, Block(account, f"CASE-{number}", 19_030))
        tallies.add(tx, MONTH, ["requests", f"kind-{number}"])
        member = staff.add(tx, f"name-{number}", Role.OPERATOR)
        staff.enrol(tx, member, tx.vault.account(-number), -number, "en")
        staff.set_duty(tx, member, NOW + number)
        people.is_new(tx, MONTH, account)
    tallies.fold(tx, NOW, len(PEOPLE))
    tallies.add(tx, MONTH, ["outcome:helped"])
    audit.note(tx, Event.PAUSED, None, NOW)


def _add_case(tx: Tx, number: int, account: bytes) -> None:
    case = secrets.token_bytes(16)
    locks.add(tx, make_lock(case, [RECIPIENT]))
    by_code = number % 2 == 0
    cases.add(
        tx,
        Case(
            case=case,
            reference=f"CASE-{number}",
            status=Status.OPEN,
            holder=None,
            facts=Facts(Level.URGENT, NOW, "en", (f"line {number}",), ("aa",)),
            received_day=19_000,
            contact=None if by_code else Contact(number, "en"),
            account=None if by_code else account,
            code_tag=bytes([number]) * 16 if by_code else None,
            code_key=bytes([number]) * 32 if by_code else None,
        ),
    )
    replies.add(tx, case, State.QUEUED, NOW)
    who = Who.ORGANISATION if by_code else Who.REQUESTER
    files.add(tx, case, number, 19_000, SealedFile(b"h" * 64, (b"x" * 64, b"y" * 64), who))
    tag = None if by_code else bytes([number, 1]) * 8
    handouts.add(tx, Handout(case, number, bytes([number]) * 16, b"h" * 64, tag))


def contents(tx: Tx) -> dict[str, Any]:
    """Everything, read through the stores: a box bound to something else, or under an unknown key, raises."""
    waiting = meta.get(tx, meta.NEXT_CARDS) or b""
    return {
        "cards": tx.vault.unwrap(meta.VALUE, meta.NEXT_CARDS.encode(), waiting),
        "drafts": {number: drafts.load(tx, tx.vault.account(number)) for number in PEOPLE},
        "cases": {number: cases.by_reference(tx, f"CASE-{number}") for number in PEOPLE},
        "locks": [locks.get(tx, case.case) for case in cases.with_status(tx, Status.OPEN)],
        "jobs": sorted((job.chat, job.text) for _, job in outbox.waiting(tx)),
        "traces": {number: [trace for _, trace in traces.of_chat(tx, number)] for number in PEOPLE},
        "replies": sorted(
            repr(replies.get(tx, i)) for i in tx.conn.execute(select(schema.replies.c.id)).scalars()
        ),
        "files": [
            (files.get(tx, case.case, sequence), handouts.of(tx, case.case))
            for case in cases.with_status(tx, Status.OPEN)
            for sequence in files.sequences(tx, case.case)
        ],
        "undelivered": sorted(map(repr, undelivered.everything(tx))),
        "blocked": blocked.everyone(tx, 19_000),
        "staff": staff.everyone(tx),
        "tallies": tallies.read(tx),
        "releases": releases.everything(tx),
        "audit": [repr(entry) for entry in audit.latest(tx, 100)],
    }


def bytes_under(tx: Tx, key: ServerKey) -> list[str]:
    """Columns with a value, anywhere in the database, that begins as a box under this key does."""
    from storage.schema import metadata

    header = b"\x01" + key.id
    return [
        f"{table.name}.{column}"
        for table in metadata.sorted_tables
        for row in tx.conn.execute(table.select()).mappings()
        for column, value in row.items()
        if isinstance(value, bytes) and value.startswith(header)
    ]
