"""Blocking the account behind a case: asked twice, for a time, and without anybody learning whose it is."""

from __future__ import annotations

from handlers.desk import Desk
from handlers.operator_cases import own_case
from handlers.telling import Told, tell
from intake.trail import Event
from storage import audit, blocked
from storage.blocked import LAST_DAYS, Block
from storage.cases import Case
from storage.database import Tx
from storage.staff import Member

DAY = 86_400


def can_be_blocked(case: Case) -> bool:
    """Not what is answered by code: nothing ties it to an account."""
    return case.account is not None


def ask(tx: Tx, desk: Desk, member: Member, reference: str, now: int) -> Told:
    say, language = desk.texts.say, desk.staff_language
    case = own_case(tx, member, reference)
    if case is None or member.chat is None:
        return say(language, "not-yours", reference=reference), True
    if not can_be_blocked(case):
        return say(language, "block-none", reference=reference), True
    text = say(language, "block-ask", reference=reference, days=LAST_DAYS)
    buttons = ((say(language, "block-yes-button"), f"bar.{reference}"),)
    tell(tx, member, text, now, about=case.case, buttons=buttons)
    return "", False


def block(tx: Tx, desk: Desk, member: Member, reference: str, now: int) -> Told:
    """The case stays as it is: whoever holds it closes it."""
    say, language = desk.texts.say, desk.staff_language
    case = own_case(tx, member, reference)
    if case is None:
        return say(language, "not-yours", reference=reference), True
    if case.account is None:
        return say(language, "block-none", reference=reference), True
    until = now // DAY + LAST_DAYS
    blocked.add(tx, Block(case.account, reference, until))
    audit.note(tx, Event.BARRED, member, now, case=case.case)
    return say(language, "block-done", reference=reference, day=desk.texts.day(language, until)), True
