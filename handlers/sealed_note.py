"""Putting a note into a case: sealed to it, read by whoever opens its file, and by the requester never."""

from __future__ import annotations

from handlers.cards import DAY
from storage import locks, thread
from storage.database import Tx
from storage.envelope import Who
from storage.sealing import Sealer


def put(tx: Tx, case: bytes, text: str, now: int) -> None:
    sequence = thread.next_sequence(tx, case)
    box = Sealer(case, locks.get(tx, case).public).seal(Who.NOTE.question, sequence, text.encode())
    thread.add(tx, case, thread.Entry(sequence, Who.NOTE, now // DAY, box))
