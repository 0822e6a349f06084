"""Closing a case as referred elsewhere: to whom, from the list that the settings name."""

from __future__ import annotations

from handlers import closing
from handlers.desk import Desk
from handlers.operator_cases import own_case
from handlers.telling import Told, tell
from intake.lifecycle import Outcome
from storage.cases import Case
from storage.database import Tx
from storage.staff import Member


def ask_whom(tx: Tx, desk: Desk, member: Member, case: Case, now: int) -> Told:
    say, language = desk.texts.say, desk.staff_language
    buttons = [(each.name[language], f"refer.{each.id}.{case.reference}") for each in desk.referrals]
    buttons.append((say(language, "refer-other-button"), f"refer..{case.reference}"))
    text = say(language, "refer-ask", reference=case.reference)
    tell(tx, member, text, now, about=case.case, buttons=buttons)
    return "", False


def refer(tx: Tx, desk: Desk, member: Member, rest: str, now: int) -> Told:
    """No id: to somebody who is not on the list, and the requester is told no more than that it is closed."""
    say, language = desk.texts.say, desk.staff_language
    chosen, _, reference = rest.partition(".")
    case = own_case(tx, member, reference)
    if case is None or (chosen and desk.referral(chosen) is None):
        return say(language, "not-yours", reference=reference), True
    if case.facts.closing:
        return say(language, "closing-already", reference=reference), True
    if not closing.begin(tx, desk, case, member, Outcome.REFERRED, now, part=chosen):
        return say(language, "not-yours", reference=reference), True
    return say(language, "closing-toast", reference=reference), False
