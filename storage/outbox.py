"""What Telegram is still owed, and what must be deleted in requesters' chats. Both survive a restart.

Exact times lie inside the wrapped part; the clear column is the day, so that a stolen file tells no minute.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Collection, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from enum import StrEnum

from sqlalchemy import bindparam, delete, insert, or_, select, update

from storage.database import Tx
from storage.found import Found, following, opened, those
from storage.marks import Kind, Mark
from storage.other_versions import SENSELESS, saved_otherwise
from storage.schema import outbox, traces

JOB = "outbox.job"
JOB_BYTES = 8_192
TRACE = "traces.message"
TRACE_BYTES = 160
DAY = 86_400
REFRESH = "refresh"
"""Tag of a card job that may only edit a card that is there: the first card waits for its batch."""

# Made once: building a statement costs more than running it.
_ADD = insert(outbox)
_DONE = delete(outbox).where(outbox.c.id == bindparam("job_id"))
_POSTPONE = (
    update(outbox)
    .where(outbox.c.id == bindparam("job_id"))
    .values(due_day=bindparam("due_day"), about=bindparam("about"), job=bindparam("job"))
)
_JOBS, _JOBS_AFTER = those(outbox.c.id, outbox.c.job), following(outbox.c.id, outbox.c.job)
_ABOUT = select(outbox.c.id, outbox.c.job).where(
    or_(outbox.c.about.in_(bindparam("tags", expanding=True)), outbox.c.about.is_(None))
)
"""Rows from before there was this column have to be opened."""
_LEAVE = insert(traces)
_FORGET = delete(traces).where(traces.c.id == bindparam("trace_id"))
_OF_CHAT = select(traces.c.id, traces.c.message).where(traces.c.chat == bindparam("of_chat"))
_TRACES, _TRACES_AFTER = those(traces.c.id, traces.c.message), following(traces.c.id, traces.c.message)


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
    SEND = "send"
    """A message as it stands: a notice, or an operator's reply to a requester."""


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


def add(tx: Tx, job: Job) -> bytes:
    job_id = secrets.token_bytes(16)
    tx.conn.execute(_ADD, {"id": job_id, **_row(tx, job_id, job)})
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
    tx.conn.execute(_POSTPONE, {"job_id": job_id, **_row(tx, job_id, job)})
    tx.marks.append(Mark(Kind.JOB, job_id, job.due))


def done(tx: Tx, job_id: bytes) -> None:
    tx.conn.execute(_DONE, {"job_id": job_id})


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
    plain = json.dumps(asdict(job), ensure_ascii=False, separators=(",", ":")).encode()
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
        found = json.loads(plain)
        found["task"] = Task(found["task"])
        found["buttons"] = tuple((label, data) for label, data in found["buttons"])
        return Job(**found)
    raise saved_otherwise("A message that is owed")


# Messages that must be deleted.


@dataclass(frozen=True, slots=True)
class Trace:
    """A message in somebody's private chat, and when it must be gone."""

    chat: int = field(repr=False)
    message: int = field(repr=False)
    due: int
    sent: int
    """When it was sent: Telegram lets a bot delete for 48 hours from then."""
    ours: bool = False
    """The bot's own: if it can't be deleted any more, it can still be edited to a neutral line."""
    screen: bool = False
    """The message that is edited in place. There is one: an older one goes when the next has come."""
    case: str = ""
    """Hexadecimal id of the case whose file this is, in a lead's chat. Of requesters' messages, never."""


def leave_trace(tx: Tx, trace: Trace) -> None:
    trace_id = secrets.token_bytes(16)
    plain = json.dumps(asdict(trace), separators=(",", ":")).encode()
    tx.conn.execute(
        _LEAVE,
        {
            "id": trace_id,
            "chat": tx.vault.account(trace.chat),
            "due_day": trace.due // DAY,
            "message": tx.vault.wrap_padded(TRACE, trace_id, plain, TRACE_BYTES),
        },
    )
    tx.marks.append(Mark(Kind.TRACE, trace_id, trace.due))


LONGEST_TRACE = 47 * 3_600
"""Seconds: Telegram lets a bot delete for 48 hours; an hour is left for being down."""


def leave_trace_of(
    tx: Tx, chat: int, message: int | None, now: int, *, sent: int = 0, due_in: int = LONGEST_TRACE
) -> None:
    """Note a message that has come. `sent`: when it was sent, which may be hours ago if we were down."""
    if message is not None:
        since = sent if now - LONGEST_TRACE < sent < now else now
        leave_trace(tx, Trace(chat, message, since + due_in, since))


def traces_of(tx: Tx, chat: int) -> list[tuple[bytes, Trace]]:
    rows = tx.conn.execute(_OF_CHAT, {"of_chat": tx.vault.account(chat)}).all()
    return [(row.id, _trace(tx, row.id, row.message)) for row in rows]


def traces_due(tx: Tx, now: int) -> list[tuple[bytes, Trace]]:
    rows = tx.conn.execute(select(traces).where(traces.c.due_day <= now // DAY)).all()
    found = [(row.id, _trace(tx, row.id, row.message)) for row in rows]
    return [(i, t) for i, t in found if t.due <= now]


def traces_with(tx: Tx, ids: Sequence[bytes]) -> Found[Trace]:
    """These traces, as they stand now."""
    return opened(tx, tx.conn.execute(_TRACES, {"keys": list(ids)}).all(), _trace)


def traces_after(tx: Tx, last: bytes, most: int) -> Found[Trace]:
    """The next `most` of all, in the order of their ids, which says nothing."""
    return opened(tx, tx.conn.execute(_TRACES_AFTER, {"last": last, "most": most}).all(), _trace)


def hasten_traces(tx: Tx, chat: int, now: int, *, but: int | None) -> None:
    """Everything in this chat becomes due, except the one message that is kept."""
    hasten(tx, chat, [trace.message for _, trace in traces_of(tx, chat) if trace.message != but], now)


def hasten(tx: Tx, chat: int, messages: Collection[int], now: int) -> None:
    """These messages become due."""
    for trace_id, trace in traces_of(tx, chat):
        if trace.message in messages and trace.due > now:
            forget_traces(tx, [trace_id])
            leave_trace(tx, replace(trace, due=now))


def hasten_about(tx: Tx, chat: int, cases: Collection[str] | None, now: int) -> None:
    """The files of these cases (hexadecimal ids) in this chat become due; None: of all."""
    about = [
        trace.message
        for _, trace in traces_of(tx, chat)
        if trace.case and (cases is None or trace.case in cases)
    ]
    hasten(tx, chat, about, now)


def forget_traces(tx: Tx, ids: list[bytes]) -> None:
    for trace_id in ids:
        tx.conn.execute(_FORGET, {"trace_id": trace_id})


def _trace(tx: Tx, trace_id: bytes, box: bytes) -> Trace:
    plain = tx.vault.unwrap_padded(TRACE, trace_id, box)
    with suppress(*SENSELESS):
        return Trace(**json.loads(plain))
    raise saved_otherwise("A note of a message")
