"""What Telegram is still owed; it survives a restart.

Exact times lie inside the wrapped part; the clear column is the day, so that a stolen file tells no minute.
"""

from __future__ import annotations

import secrets
from collections.abc import Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from enum import StrEnum

import orjson
from sqlalchemy import bindparam, delete, insert, or_, select, update

from storage.database import Tx
from storage.found import Found, following, opened, those
from storage.marks import Kind, Mark
from storage.other_versions import SENSELESS, saved_otherwise
from storage.ready import Ready
from storage.schema import outbox

JOB = "outbox.job"
JOB_BYTES = 8_192
DAY = 86_400
REFRESH = "refresh"
"""Tag of a card job that may only edit a card that is there: the first card waits for its batch."""

# Made once: building a statement costs more than running it.
_ADD = Ready(insert(outbox))
_DONE = Ready(delete(outbox).where(outbox.c.id == bindparam("job_id")))
_POSTPONE = Ready(
    update(outbox)
    .where(outbox.c.id == bindparam("job_id"))
    .values(due_day=bindparam("due_day"), about=bindparam("about"), job=bindparam("job"))
)
_JOBS, _JOBS_AFTER = those(outbox.c.id, outbox.c.job), following(outbox.c.id, outbox.c.job)
_ABOUT = select(outbox.c.id, outbox.c.job).where(
    or_(outbox.c.about.in_(bindparam("tags", expanding=True)), outbox.c.about.is_(None))
)
"""Rows from before there was this column have to be opened."""


class Task(StrEnum):
    CARD = "card"
    """Show, or show anew, a case in the operators' group."""
    BOARD = "board"
    """Show, or show anew, how many cases wait without a card of their own."""
    DOCUMENT = "document"
    """Hand the sealed case to its holder."""
    COPY = "copy"
    """Hand the sealed case to a lead, in `chat`."""
    REMOVE = "remove"
    """Put `user`, who was revoked, out of the operators' group."""
    CARD_GONE = "card-gone"
    """Take out of the card `tag` what it says of case `text` (its reference), which was erased."""
    TIMER = "timer"
    """No call: what happens to the case by itself, named by `tag`."""
    RING = "ring"
    """Have an emergency ring, or see whether it still should: see `storage.alarms`."""
    DUTY_ENDS = "duty-ends"
    """Tell the member of the staff `tag` that their hours on duty are over."""
    PIN = "pin"
    """Pin the board in the operators' group."""
    SEND = "send"
    """A message as it stands: a notice, or an operator's reply to a requester."""
    STATUS = "status"
    """Show, or show anew, to the holder of a case how a reply stands."""
    FETCH = "fetch"
    """Fetch the file `text` (Telegram's id), seal it to the case, and delete the message `tag` in `chat`."""
    TAKE = "take"
    """Fetch the file that a holder sends to their requester, seal it to the case, and see to it that it goes on.

    `text`: see `handlers.attachments.Upload`."""
    FILE = "file"
    """Hand the sealed file `tag` (its sequence) to the case's holder."""
    LOCKS = "locks"
    """Hand a lead, in `chat`, the locks of the cases that the member of the staff `tag` can't open."""
    SLOTS = "slots"
    """Fetch the file `text` (Telegram's id) that a lead has sent, and take the slots in it; `tag`: how far it is."""
    KEPT = "kept"
    """A reply that could not be delivered, kept until then so that its holder can send it again. Then it is dropped."""


@dataclass(frozen=True, slots=True)
class Job:
    task: Task
    due: int
    """Unix seconds."""
    urgent: bool = False
    case: str = ""
    """Hexadecimal id of the case it is about."""
    chat: int = field(default=0, repr=False)
    user: int = field(default=0, repr=False)
    text: str = field(default="", repr=False)
    buttons: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    """(label, payload), one a row."""
    delete_after: int = 0
    """Seconds after which the message must be gone from the chat; 0: it may stay."""
    tries: int = 0
    since: int = 0
    """When it was due first, if it has been tried in vain."""
    tag: str = ""
    """What the message is to be known by once it is sent."""
    reply: str = ""
    """Hexadecimal id of the reply that it is, or tells of."""
    file: tuple[int, str] | None = field(default=None, repr=False)
    """Of a reply that is a file: its sequence, and what opens it (`storage.file_stream.FileKey`)."""
    posted: bool = False
    """Handed to Telegram once, and nothing was heard of it: another copy says that it may be one."""


def add(tx: Tx, job: Job) -> bytes:
    job_id = secrets.token_bytes(16)
    _ADD.run(tx.conn, {"id": job_id, **_row(tx, job_id, job)})
    tx.marks.append(Mark(Kind.JOB, job_id, job.due))
    return job_id


def jobs(tx: Tx, ids: Sequence[bytes]) -> Found[Job]:
    """These jobs, as they stand now."""
    return opened(tx, tx.conn.execute(_JOBS, {"keys": list(ids)}).all(), _unwrap)


def jobs_after(tx: Tx, last: bytes, most: int) -> Found[Job]:
    """The next `most` of all, in the order of their ids, which says nothing."""
    return opened(tx, tx.conn.execute(_JOBS_AFTER, {"last": last, "most": most}).all(), _unwrap)


def due(tx: Tx, now: int) -> list[tuple[bytes, Job]]:
    """Everything due by now; the urgent first, then the oldest."""
    rows = tx.conn.execute(select(outbox).where(outbox.c.due_day <= now // DAY)).all()
    found = [(row.id, _unwrap(tx, row.id, row.job)) for row in rows]
    return sorted(
        ((i, j) for i, j in found if j.due <= now), key=lambda pair: (not pair[1].urgent, pair[1].due)
    )


def postpone(tx: Tx, job_id: bytes, job: Job) -> None:
    _POSTPONE.run(tx.conn, {"job_id": job_id, **_row(tx, job_id, job)})
    tx.marks.append(Mark(Kind.JOB, job_id, job.due))


def done(tx: Tx, job_id: bytes) -> None:
    _DONE.run(tx.conn, {"job_id": job_id})


def waiting(tx: Tx) -> list[tuple[bytes, Job]]:
    """Every job, due or not. Reads every row: what a job is about is wrapped."""
    rows = tx.conn.execute(select(outbox)).all()
    return [(row.id, _unwrap(tx, row.id, row.job)) for row in rows]


def about(tx: Tx, cases: Collection[str]) -> list[tuple[bytes, Job]]:
    """Every job about these cases (hexadecimal ids)."""
    tags = [_about(tx, case) for case in cases]
    rows = tx.conn.execute(_ABOUT, {"tags": tags}).all() if tags else []
    found = [(row.id, _unwrap(tx, row.id, row.job)) for row in rows]
    return [(job_id, job) for job_id, job in found if job.case in cases]


def drop_about(tx: Tx, cases: Collection[str]) -> None:
    """Nothing is owed any longer about these cases (hexadecimal ids)."""
    for job_id, _ in about(tx, cases):
        done(tx, job_id)


def drop_for(tx: Tx, chat: int) -> None:
    """Nothing is owed to this chat any longer."""
    for job_id, job in waiting(tx):
        if job.chat == chat:
            done(tx, job_id)


def untie(tx: Tx, case: str, chat: int) -> None:
    """What is still to be sent to this chat no longer names the case."""
    for job_id, job in about(tx, {case}):
        if job.chat == chat:
            postpone(tx, job_id, replace(job, case=""))


def _row(tx: Tx, job_id: bytes, job: Job) -> dict[str, object]:
    plain = orjson.dumps(job)
    return {
        "due_day": job.due // DAY,
        "about": _about(tx, job.case),
        "job": tx.vault.wrap_padded(JOB, job_id, plain, JOB_BYTES),
    }


def _about(tx: Tx, case: str) -> bytes:
    """Leads nowhere without the server's keys: it is no other table's hash. What is about no case has one, too."""
    return tx.vault.tag("job", case.encode())


def _unwrap(tx: Tx, job_id: bytes, box: bytes) -> Job:
    plain = tx.vault.unwrap_padded(JOB, job_id, box)
    with suppress(*SENSELESS):
        found = orjson.loads(plain)
        found["task"] = Task(found["task"])
        found["buttons"] = tuple((label, data) for label, data in found["buttons"])
        found["file"] = tuple(found["file"]) if found.get("file") else None
        return Job(**found)
    raise saved_otherwise("A message that is owed")
