"""A new server key while the service runs: the order of the steps, of which each may be the last before a kill."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

from bot.installation import is_credential, opened, server_keys
from bot.settings import Settings
from intake.errors import PosternError
from intake.trail import By, Event
from storage import audit, meta, retention, rotation
from storage.database import Database, Tx
from storage.server_key import KEY_ID_BYTES, ServerKey, write_keys
from storage.vault import Vault


class Progress(Protocol):
    def start(self, boxes: int) -> None:
        """How many boxes there are to wrap anew."""

    def advance(self, boxes: int) -> None:
        """So many more are done."""


async def rotate(settings: Settings, progress: Progress) -> bool:
    """Put a new server key in force, or finish what an earlier call began.

    Returns whether the database's log could be emptied of what the old key opens. Raises PosternError, one line, and
    then the old key is still in the file.
    """
    path = settings.server_key_file
    if is_credential(path):
        raise PosternError(
            f"{path} is a systemd credential, which can't be changed here: as root, run this with "
            "POSTERN_SERVER_KEY_FILE set to the file that the credential is made from."
        )
    with _alone(path):
        async with opened(settings) as installation:
            new = _new_key(settings)
            await installation.db.read(lambda tx: _require_known(tx, new))
            await _rewrap(installation.db, new, progress)
        write_keys(path, [new])
    return await retention.compact(settings.database())


def _new_key(settings: Settings) -> ServerKey:
    """The one that an earlier call put into the file, or else one that is put there now."""
    keys = server_keys(settings)
    if len(keys.keys) > 1:
        return keys.newest
    new = ServerKey.generate()
    write_keys(settings.server_key_file, [new, keys.newest])
    return new


async def _rewrap(db: Database, new: ServerKey, progress: Progress) -> None:
    await rotation.patiently(db, lambda tx: _switch(tx, new))
    progress.start(await db.read(rotation.left))
    damaged = await rotation.rewrap_all(db, progress.advance)
    left = await db.read(rotation.left)
    if damaged or left:
        where = ", ".join(f"{place} {count}" for place, count in damaged.items()) or "unknown"
        raise PosternError(
            f"Boxes that do not open: {where}. All others are under the new key, and the old one stays in the file: "
            "restore those rows from a backup, or erase them, then run this again."
        )


def _switch(tx: Tx, new: ServerKey) -> None:
    """Done again after a kill, it is in the trail again."""
    rotation.switch(tx, new)
    audit.note(tx, Event.SERVER_KEY_ROTATED, By.SHELL, int(time.time()))


def note_keys(tx: Tx, settings: Settings, vault: Vault) -> None:
    """When the service starts: which keys it has, if it is never to see the file that they come from."""
    if is_credential(settings.server_key_file):
        meta.put(tx, meta.SERVICE_KEYS, b"".join(vault.key_ids))
    else:
        meta.drop(tx, meta.SERVICE_KEYS)


def _require_known(tx: Tx, new: ServerKey) -> None:
    """A service whose key is a credential reads it when it starts: it must have done so before the key is in force."""
    known = meta.get(tx, meta.SERVICE_KEYS)
    if known is None:
        return
    ids = {known[at : at + KEY_ID_BYTES] for at in range(0, len(known), KEY_ID_BYTES)}
    if new.id not in ids:
        raise PosternError(
            "The key file now holds the new key beside the old one, which is still in force. systemd hands the service "
            "its key only when it starts: restart it, then run this again."
        )


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    """Two at once would each make a new key. The lock ends with this process, however it ends."""
    folder = os.open(path.resolve().parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        try:
            fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise PosternError("The server key is being exchanged by another command already.") from None
        yield
    finally:
        os.close(folder)
