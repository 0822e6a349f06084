"""What several of an operator's acts have in common."""

from __future__ import annotations

from handlers.desk import Desk
from storage import cases, outbox
from storage.cases import Case
from storage.database import Tx
from storage.outbox import Job, Task
from storage.staff import Member


def own_case(tx: Tx, member: Member, reference: str) -> Case | None:
    """The case, if this member holds it."""
    case = cases.by_reference(tx, reference)
    return case if case is not None and case.holder == member.id else None


def notice_closed(tx: Tx, desk: Desk, case: Case, now: int) -> None:
    """Tell the requester, in neutral words, that nothing more will come."""
    if case.contact is not None:
        text = desk.texts.say(case.contact.language, "request-closed", reference=case.reference)
        outbox.add(
            tx, Job(Task.SEND, now, chat=case.contact.chat, text=text, delete_after=desk.terms.reply_seconds)
        )
