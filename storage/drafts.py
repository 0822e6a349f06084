"""Conversations in progress, one row for each account, wrapped with the server key and all of one size."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import orjson
from sqlalchemy import bindparam, delete, select

from intake.draft import Draft
from intake.errors import Tampered
from storage.database import Tx, upsert
from storage.schema import drafts

STATE = "drafts.state"
STATE_BYTES = 6_144
"""Room for the largest draft that a checked questionnaire allows (2,800 bytes of answers), its screen and its chat."""

_STATE = select(drafts.c.state).where(drafts.c.account == bindparam("account"))


@dataclass(frozen=True, slots=True)
class Conversation:
    """A draft and where it is shown."""

    draft: Draft
    chat: int = field(repr=False)
    screen: int | None = field(default=None, repr=False)
    """Message id of the one message that is edited in place."""


def load(tx: Tx, account: bytes) -> Conversation | None:
    state = tx.conn.execute(_STATE, {"account": account}).scalar()
    return None if state is None else read(tx, account, state)


def save(tx: Tx, account: bytes, conversation: Conversation) -> None:
    plain = orjson.dumps(
        {
            "chat": conversation.chat,
            "screen": conversation.screen,
            "draft": conversation.draft.to_json().decode(),
        }
    )
    state = tx.vault.wrap_padded(STATE, account, plain, STATE_BYTES)
    upsert(tx, drafts, {"account": account}, {"state": state})


def drop(tx: Tx, account: bytes) -> None:
    tx.conn.execute(delete(drafts).where(drafts.c.account == account))


def idle(tx: Tx, before: int) -> Iterator[tuple[bytes, Conversation]]:
    """Conversations whose last event was before that Unix second. Reads every row: times are wrapped."""
    for account, state in tx.conn.execute(select(drafts.c.account, drafts.c.state)).all():
        conversation = read(tx, account, state)
        if conversation.draft.active_at < before:
            yield account, conversation


def read(tx: Tx, account: bytes, state: bytes) -> Conversation:
    """A row's conversation. Raises Tampered, also for what another version of Postern has left."""
    plain = tx.vault.unwrap_padded(STATE, account, state)
    try:
        found = orjson.loads(plain)
        return Conversation(Draft.from_json(found["draft"].encode()), found["chat"], found["screen"])
    except (ValueError, TypeError, LookupError, AttributeError):
        pass  # raised outside: a decoding error holds all that it was given, and would stay with ours
    raise Tampered("A conversation cannot be read: another version of Postern has saved it.")
