"""A file of a case as a document for its requester: under a neutral name, and read only when the call is made."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from handlers.desk import Desk
from handlers.outgoing import SendDocument
from intake.errors import Tampered
from intake.media_kinds import ending_of
from storage import files
from storage.database import Database
from storage.file_stream import FileKey


def document(desk: Desk, chat: int, case: bytes, file: tuple[int, str], language: str) -> SendDocument:
    """`file`: its sequence, and what opens it. The caption is the caller's."""
    sequence, packed = file
    key = FileKey.unpack(packed)
    return SendDocument(chat, name_of(desk, language, key.kind), load=_loading(desk.db, case, sequence, key))


def name_of(desk: Desk, language: str, kind: str) -> str:
    """Never the sender's name for it, which is apt to hold a person's."""
    name, ending = desk.texts.say(language, "attach-file-name"), ending_of(kind)
    return f"{name}.{ending}" if ending else name


def _loading(db: Database, case: bytes, sequence: int, key: FileKey) -> Callable[[], Awaitable[bytes | None]]:
    async def load() -> bytes | None:
        """None: it was erased, or altered."""
        try:
            sealed = await db.read(lambda tx: files.get(tx, case, sequence))
            # Some 40 ms for 20 MB: turns go on meanwhile.
            return await asyncio.to_thread(key.open, sealed.blocks) if sealed is not None else None
        except Tampered:
            return None

    return load
