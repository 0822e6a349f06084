"""When the service starts: which settings are others than at its last start. Their names go into the audit trail.

Kept of each is a keyed hash, so that no value lies in the database because of this; the key lies, wrapped, in it. Two
processes with different settings each find the other's changed.
"""

from __future__ import annotations

import json

from pydantic import SecretStr

from bot.settings import Settings
from intake.trail import By, Event
from storage import audit, meta
from storage.database import Tx

SEEN = "settings-seen"
"""In `meta`, wrapped: name of a setting -> keyed hash of its value."""


def note_changes(tx: Tx, settings: Settings, now: int) -> None:
    seen = {name: _tag(tx, name, getattr(settings, name)) for name in type(settings).model_fields}
    before = _before(tx)
    for name in sorted(seen.keys() & before.keys()):
        if seen[name] != before[name]:
            audit.note(tx, Event.SETTING_CHANGED, By.ITSELF, now, detail=name.upper())
    if seen != before:
        plain = json.dumps(seen).encode()
        meta.put(tx, SEEN, tx.vault.wrap(meta.VALUE, SEEN.encode(), plain))


def _before(tx: Tx) -> dict[str, str]:
    box = meta.get(tx, SEEN)
    found: dict[str, str] = json.loads(tx.vault.unwrap(meta.VALUE, SEEN.encode(), box)) if box else {}
    return found


def _tag(tx: Tx, name: str, value: object) -> str:
    shown = value.get_secret_value() if isinstance(value, SecretStr) else str(value)
    return tx.vault.tag("setting", f"{name}={shown}".encode()).hex()
