"""Conversations in progress, one row for each account, wrapped with the server key and all of one size."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field

import orjson
from sqlalchemy import bindparam, delete, select

from intake.draft import Draft
from storage.database import Tx, upsert
from storage.found import Found, following, opened, those
from storage.marks import Kind, Mark
from storage.other_versions import SENSELESS, saved_otherwise
from storage.ready import Ready
from storage.schema import drafts

STATE = "drafts.state"
STATE_BYTES = 6_144
"""Room for the largest draft that a checked questionnaire allows (2,800 bytes of answers), its screen and its chat."""

_STATE = Ready(select(drafts.c.state).where(drafts.c.account == bindparam("account")))
_DROP = Ready(delete(drafts).where(drafts.c.account == bindparam("account")))
_THESE, _AFTER = those(drafts.c.account, drafts.c.state), following(drafts.c.account, drafts.c.state)
_ACCOUNTS = following(drafts.c.account)


@dataclass(frozen=True, slots=True)
class Conversation:
    """A draft and where it is shown."""

    draft: Draft
    chat: int = field(repr=False)
    screen: int | None = field(default=None, repr=False)
    """Message id of the one message that is edited in place."""


def load(tx: Tx, account: bytes) -> Conversation | None:
    row = _STATE.one(tx.conn, {"account": account})
    return None if row is None else read(tx, account, row.state)


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
    tx.marks.append(Mark(Kind.DRAFT, account, conversation.draft.active_at))


def drop(tx: Tx, account: bytes) -> None:
    _DROP.run(tx.conn, {"account": account})


def these(tx: Tx, accounts: Sequence[bytes]) -> Found[Conversation]:
    """These conversations, as they stand now."""
    return opened(tx, tx.conn.execute(_THESE, {"keys": list(accounts)}).all(), read)


def after(tx: Tx, last: bytes, most: int) -> Found[Conversation]:
    """The next `most` of all, in the order of the accounts' hashes, which says nothing."""
    return opened(tx, tx.conn.execute(_AFTER, {"last": last, "most": most}).all(), read)


def accounts_after(tx: Tx, last: bytes, most: int) -> list[bytes]:
    """Whose they are; nothing is unwrapped."""
    return list(tx.conn.execute(_ACCOUNTS, {"last": last, "most": most}).scalars())


def read(tx: Tx, account: bytes, state: bytes) -> Conversation:
    """A row's conversation. Raises Tampered, also for what another version of Postern has left."""
    plain = tx.vault.unwrap_padded(STATE, account, state)
    with suppress(*SENSELESS):
        found = orjson.loads(plain)
        return Conversation(Draft.from_json(found["draft"].encode()), found["chat"], found["screen"])
    raise saved_otherwise("A conversation")
