"""Messages in private chats that must be deleted. They survive a restart, and are not tied to a requester's case.

Exact times lie inside the wrapped part; the clear column is the day, so that a stolen file tells no minute.
"""

from __future__ import annotations

import secrets
from collections.abc import Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace

import orjson
from sqlalchemy import bindparam, delete, insert, select

from storage.database import Tx
from storage.found import Found, following, opened, those
from storage.marks import Kind, Mark
from storage.other_versions import SENSELESS, saved_otherwise
from storage.ready import Ready
from storage.schema import traces

TRACE = "traces.message"
TRACE_BYTES = 160
DAY = 86_400

# Made once: building a statement costs more than running it.
_LEAVE = Ready(insert(traces))
_FORGET = Ready(delete(traces).where(traces.c.id == bindparam("trace_id")))
_OF_CHAT = Ready(select(traces.c.id, traces.c.message).where(traces.c.chat == bindparam("wanted")))
_TRACES, _TRACES_AFTER = those(traces.c.id, traces.c.message), following(traces.c.id, traces.c.message)


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
    """Hexadecimal id of the case whose file this is, in a lead's chat; after a mark, of the emergency that this ring is
    about (`handlers.ringing`). Of a requester's message never a case: `WAITS`, or nothing."""


WAITS = "waits"
"""Mark of the word that a sealed file waits for its code: untrue as soon as it does no longer."""


def leave(tx: Tx, trace: Trace) -> None:
    trace_id = secrets.token_bytes(16)
    plain = orjson.dumps(trace)
    _LEAVE.run(
        tx.conn,
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


def leave_of(
    tx: Tx, chat: int, message: int | None, now: int, *, sent: int = 0, due_in: int = LONGEST_TRACE
) -> None:
    """Note a message that has come. `sent`: when it was sent, which may be hours ago if we were down."""
    if message is not None:
        since = sent if now - LONGEST_TRACE < sent < now else now
        leave(tx, Trace(chat, message, since + due_in, since))


def of_chat(tx: Tx, chat: int) -> list[tuple[bytes, Trace]]:
    rows = _OF_CHAT.all(tx.conn, {"wanted": tx.vault.account(chat)})
    return [(row.id, _trace(tx, row.id, row.message)) for row in rows]


def due(tx: Tx, now: int) -> list[tuple[bytes, Trace]]:
    rows = tx.conn.execute(select(traces).where(traces.c.due_day <= now // DAY)).all()
    found = [(row.id, _trace(tx, row.id, row.message)) for row in rows]
    return [(i, t) for i, t in found if t.due <= now]


def these(tx: Tx, ids: Sequence[bytes]) -> Found[Trace]:
    """These traces, as they stand now."""
    return opened(tx, tx.conn.execute(_TRACES, {"keys": list(ids)}).all(), _trace)


def after(tx: Tx, last: bytes, most: int) -> Found[Trace]:
    """The next `most` of all, in the order of their ids, which says nothing."""
    return opened(tx, tx.conn.execute(_TRACES_AFTER, {"last": last, "most": most}).all(), _trace)


def hasten_all(tx: Tx, chat: int, now: int, *, but: int | None) -> None:
    """Everything in this chat becomes due, except the one message that is kept."""
    hasten(tx, chat, [trace.message for _, trace in of_chat(tx, chat) if trace.message != but], now)


def hasten(tx: Tx, chat: int, messages: Collection[int], now: int) -> None:
    """These messages become due."""
    for trace_id, trace in of_chat(tx, chat):
        if trace.message in messages and trace.due > now:
            forget(tx, [trace_id])
            leave(tx, replace(trace, due=now))


def hasten_waits(tx: Tx, chat: int, now: int) -> None:
    """Nothing waits in this chat any more: the words that something does become due."""
    hasten(tx, chat, [trace.message for _, trace in of_chat(tx, chat) if trace.case == WAITS], now)


def hasten_about(tx: Tx, chat: int, cases: Collection[str] | None, now: int) -> None:
    """The files of these cases (hexadecimal ids) in this chat become due; None: of all."""
    about = [
        trace.message
        for _, trace in of_chat(tx, chat)
        if trace.case and (cases is None or trace.case in cases)
    ]
    hasten(tx, chat, about, now)


def forget(tx: Tx, ids: list[bytes]) -> None:
    for trace_id in ids:
        _FORGET.run(tx.conn, {"trace_id": trace_id})


def _trace(tx: Tx, trace_id: bytes, box: bytes) -> Trace:
    plain = tx.vault.unwrap_padded(TRACE, trace_id, box)
    with suppress(*SENSELESS):
        return Trace(**orjson.loads(plain))
    raise saved_otherwise("A note of a message")
