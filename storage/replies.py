"""How each reply stands: on its way, delivered, failed and why, read. What it says lies sealed in the thread.

A row is known by a random id, which the button on the requester's message carries. When things happened is kept to the
hour, wrapped; the row goes when its case is closed.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from enum import StrEnum

from sqlalchemy import ColumnElement, bindparam, delete, func, insert, select, update

from storage.database import Tx
from storage.other_versions import SENSELESS, saved_otherwise
from storage.schema import replies

STATE = "replies.state"
STATE_BYTES = 160
HOUR = 3_600


class State(StrEnum):
    QUEUED = "queued"
    DELIVERED = "delivered"
    SEEN = "seen"
    """The requester pressed the button under it."""
    FAILED = "failed"
    BY_CODE = "by-code"
    """Lies ready to be fetched with the return code. Whether it was is not kept."""
    WAITING = "waiting"
    """A sealed file: the requester knows that something waits, and has not sent its code yet."""


class Why(StrEnum):
    """Why a reply could not be delivered."""

    BLOCKED = "blocked"
    """The requester has blocked the bot."""
    DELETED = "deleted"
    """The account, or the chat, is there no more."""
    TOO_LATE = "too-late"
    """It was tried for as long as a reply is tried."""
    REFUSED = "refused"
    """Telegram does not take it, however often it is sent."""
    NOT_FETCHED = "not-fetched"
    """A file that Telegram did not hand out, so that there was nothing to send."""


class Attached(StrEnum):
    """Whether a reply is a file, and how it is sent."""

    NONE = ""
    PLAIN = "plain"
    SEALED = "sealed"


@dataclass(frozen=True, slots=True)
class Reply:
    number: int
    """Counts a case's replies, from 1; what its holder knows it by."""
    state: State
    hour: int = 0
    """When that began: Unix seconds, cut to the hour."""
    why: Why | None = None
    twice: bool = False
    """Telegram's answer to a first try was lost, so the requester may have two copies; the second one says so."""
    holder: str = ""
    """staff.id of whom `message` was shown to."""
    message: int | None = None
    """In that chat: the line that tells all this, edited in place."""
    file: Attached = Attached.NONE


def add(tx: Tx, case: bytes, state: State, now: int, file: Attached = Attached.NONE) -> bytes:
    """A new reply's id."""
    reply_id = secrets.token_bytes(16)
    count = tx.conn.execute(select(func.count()).select_from(replies).where(replies.c.case_id == case))
    reply = Reply(count.scalar_one() + 1, state, now - now % HOUR, file=file)
    row = {"id": reply_id, "case_id": case, "day": now // 86_400, "state": _wrap(tx, reply_id, reply)}
    tx.conn.execute(insert(replies).values(**row))
    return reply_id


_ONE = select(replies.c.case_id, replies.c.state).where(replies.c.id == bindparam("wanted"))


def get(tx: Tx, reply_id: bytes) -> tuple[bytes, Reply] | None:
    """Its case's id, and how it stands."""
    row = tx.conn.execute(_ONE, {"wanted": reply_id}).one_or_none()
    return None if row is None else (row.case_id, _unwrap(tx, reply_id, row.state))


def save(tx: Tx, reply_id: bytes, reply: Reply) -> None:
    tx.conn.execute(update(replies).where(replies.c.id == reply_id).values(state=_wrap(tx, reply_id, reply)))


def forget_of(tx: Tx, cases: Sequence[bytes]) -> None:
    tx.conn.execute(delete(replies).where(replies.c.case_id.in_(cases)))


def written_until(until: int) -> ColumnElement[bool]:
    """Written on that day or earlier."""
    return replies.c.day <= until


def forget(tx: Tx, chosen: ColumnElement[bool], most: int) -> int:
    some = select(replies.c.id).where(chosen).limit(most)
    return tx.conn.execute(delete(replies).where(replies.c.id.in_(some))).rowcount


def _wrap(tx: Tx, reply_id: bytes, reply: Reply) -> bytes:
    plain = json.dumps(asdict(reply), separators=(",", ":")).encode()
    return tx.vault.wrap_padded(STATE, reply_id, plain, STATE_BYTES)


def _unwrap(tx: Tx, reply_id: bytes, box: bytes) -> Reply:
    plain = tx.vault.unwrap_padded(STATE, reply_id, box)
    with suppress(*SENSELESS):
        found = json.loads(plain)
        found["state"] = State(found["state"])
        found["why"] = Why(found["why"]) if found["why"] else None
        found["file"] = Attached(found.get("file", Attached.NONE))
        return Reply(**found)
    raise saved_otherwise("How a reply stands")
