"""Adding to what was written about a case after it was sent: sealed to the case, one box, in its order."""

from __future__ import annotations

from handlers.cards import DAY
from storage import locks, thread
from storage.cases import Case
from storage.database import Tx
from storage.envelope import Who
from storage.sealing import Sealer


def put(tx: Tx, case: Case, who: Who, text: str, now: int) -> None:
    """What the organisation says is sealed once more for whoever comes back with the return code, if there is one."""
    sequence = thread.next_sequence(tx, case.case)

    def sealed(public: bytes) -> bytes:
        return Sealer(case.case, public).seal(who.question, sequence, text.encode())

    by_code = sealed(case.code_key) if who is Who.ORGANISATION and case.code_key is not None else None
    box = sealed(locks.get(tx, case.case).public)
    thread.add(tx, case.case, thread.Entry(sequence, who, now // DAY, box, by_code))
