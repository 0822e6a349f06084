"""A requester ends a request: withdrawn, it is closed like any other; erased, it is gone. What operators hear of it."""

from __future__ import annotations

from handlers import files, group
from handlers.desk import Desk
from handlers.telling import tell
from intake.lifecycle import Outcome
from storage import alarms, cases, custody, outbox, served
from storage.cases import Case
from storage.database import Tx
from storage.outbox import Job, Task

DAY = 86_400


def withdraw(tx: Tx, desk: Desk, case: Case, now: int) -> bool:
    """False: it was closed before. What was still on its way, a reply too, does not come any more."""
    if not cases.close(tx, case, Outcome.WITHDRAWN, now // DAY):
        return False
    served.ended(tx, case, Outcome.WITHDRAWN, now, desk.terms.service)
    files.let_go(tx, case, now)
    outbox.drop_about(tx, {case.case.hex()})
    custody.question_over(tx, case, now)
    custody.narrow_slots(tx, case)
    custody.refresh_card(tx, case, now)
    _tell(tx, desk, case, "withdrawn-by-requester", now)
    return True


def erase(tx: Tx, desk: Desk, case: Case, now: int) -> None:
    served.ended(tx, case, Outcome.WITHDRAWN, now, desk.terms.service)
    files.let_go(tx, case, now)
    cases.erase(tx, [case.case])
    custody.question_over(tx, case, now)
    alarms.look_again(tx, case, now)
    chat = group.current(tx, desk)
    if case.facts.card is not None and chat is not None:
        text = desk.texts.say(desk.staff_language, "erased-by-requester", reference=case.reference)
        outbox.add(tx, Job(Task.SEND, now, chat=chat, text=text, tag=f"edit:{case.facts.card}"))
    _tell(tx, desk, case, "erased-by-requester", now)


def _tell(tx: Tx, desk: Desk, case: Case, name: str, now: int) -> None:
    """`case`: as it was before. Its holder hears of it, its files go from all chats, and the board counts anew."""
    custody.withdraw_copies(tx, [case.case], now)
    if case.facts.grouped:
        outbox.add(tx, Job(Task.BOARD, now))
    holder = custody.holder_of(tx, case)
    if holder is None or holder.chat is None:
        return
    custody.withdraw_documents(tx, case, holder, now)
    text = desk.texts.say(desk.staff_language, name, reference=case.reference)
    tell(tx, holder, text, now)
