"""Single values, and the updates that have been dealt with."""

from __future__ import annotations

import json

from sqlalchemy import bindparam, delete, select

from storage.database import PEOPLE_KEY_NAME, Tx, insert_new, upsert
from storage.document import Labels
from storage.ready import Ready
from storage.schema import handled, meta
from storage.vault import SECRETS_NAME

VALUE = "meta.value"
"""The place of those values that are wrapped; each is bound to its name."""
PAUSED = "paused"
"""Present while an admin has paused the intake."""
RECOVERY_KEY = "recovery-key"
"""The public half of the organisation's recovery key."""
NEXT_CARDS = "next-cards"
"""When the next batch of cards is released, wrapped."""
BOARD = "board"
"""Which message is the board in the operators' group: chat and message id."""
TAKINGS = "takings"
"""How many were taken from /next since the oldest case had its turn: 0 to 4, which tells nothing."""
VAULT_SECRETS = SECRETS_NAME
"""The wrapped hash keys, see `storage.vault`."""
SERVICE_KEYS = "service-keys"
"""Ids of the server keys that the service was started with, if it can't read the key file again."""
GROUP_MOVED = "group-moved"
"""The operators' group became a supergroup: its id in the settings, and its id now."""
SEEN_DAY = "seen-day"
"""The last day on which the service ran."""
CLOCK_JUMPED = "clock-jumped"
"""Two days, from which to which the clock jumped; present while the purge waits because of it. See `clock_jump`."""
TOLD_UNTIL = "told-until"
"""The last day on which a case can have come of whose end the staff has heard."""
GIVEN_UP = "given-up"
"""How much was given up for good, by day and kind, wrapped: see `storage.given_up`."""
PEOPLE_KEY = PEOPLE_KEY_NAME
"""The month, and its key for telling whether somebody asks for the first time in it; wrapped. See `storage.people`."""
PROBE = "probe"
"""Written to find out whether the database can be written."""
BOT_USERNAME = "bot-username"
"""As the service last learned it; the bot's links are made of it."""


_ONE = Ready(select(meta.c.value).where(meta.c.name == bindparam("name")))


def get(tx: Tx, name: str) -> bytes | None:
    row = _ONE.one(tx.conn, {"name": name})
    return None if row is None else row.value


def put(tx: Tx, name: str, value: bytes) -> None:
    upsert(tx, meta, {"name": name}, {"value": value})


def drop(tx: Tx, name: str) -> None:
    tx.conn.execute(delete(meta).where(meta.c.name == name))


def keep_labels(tx: Tx, fingerprint: str, labels: Labels) -> None:
    """Keep a questionnaire's public words under their fingerprint: cases outlive the questionnaire they answered."""
    if get(tx, fingerprint) is None:
        put(tx, fingerprint, json.dumps(labels, ensure_ascii=False).encode())


def labels(tx: Tx, fingerprint: str) -> Labels | None:
    """The words with this fingerprint, if they are known. Whoever opens the case checks them against its seal."""
    kept = get(tx, fingerprint) if fingerprint else None
    found: Labels | None = json.loads(kept) if kept else None
    return found


def first_time(tx: Tx, update_id: int, day: int) -> bool:
    """Record an update as dealt with. False: it was before, and must change nothing."""
    tag = tx.vault.tag("update", update_id.to_bytes(8, "big", signed=True))
    return insert_new(tx, handled, {"update_tag": tag, "day": day})


def forget_handled(tx: Tx, before_day: int, most: int) -> int:
    """Drop some of those that were dealt with before that day; how many. Telegram keeps an update for 24 hours; after
    two days none can come again."""
    old = select(handled.c.update_tag).where(handled.c.day < before_day).limit(most)
    return tx.conn.execute(delete(handled).where(handled.c.update_tag.in_(old))).rowcount
