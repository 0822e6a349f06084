"""What becomes of an operator's reply once it may go: sealed to the case, and on its way to the requester.

Typed and prepared replies go the same way.
"""

from __future__ import annotations

from handlers import reply_states, sealed_entry
from handlers.desk import Desk
from intake.trail import Event
from storage import audit, custody, replies, served
from storage.cases import Case
from storage.database import Tx
from storage.envelope import Who
from storage.replies import State
from storage.staff import Member


def send_reply(tx: Tx, desk: Desk, member: Member, case: Case, text: str, now: int) -> None:
    _keep(tx, desk, case, text, now)
    audit.note(tx, Event.REPLIED, member, now, case=case.case)
    custody.touch(tx, case.case, now)


def _keep(tx: Tx, desk: Desk, case: Case, text: str, now: int) -> None:
    """Sealed to the case for the next holder; to the code, or on its way to the chat."""
    sealed_entry.put(tx, case, Who.ORGANISATION, text, now)
    served.replied(tx, case, now, desk.terms.service)
    by_code = case.contact is None
    reply = replies.add(tx, case.case, State.BY_CODE if by_code else State.QUEUED, now)
    reply_states.status_due(tx, case.case, reply, now)
    if case.contact is not None:
        language = case.contact.language
        shown = desk.texts.say(
            language,
            "reply",
            text=text,
            organisation=desk.terms.organisation,
            reference=case.reference,
            hours=desk.terms.reply_seconds // 3_600,
        )
        reply_states.owe(tx, desk, case, reply.hex(), shown, now)
