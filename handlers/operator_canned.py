"""Prepared replies: offered at the case's file, shown as the requester will get them, sent with one press."""

from __future__ import annotations

from handlers.desk import Desk
from handlers.operator_cases import own_case
from handlers.operator_sending import send_reply
from handlers.telling import Told, tell
from intake.canned import CannedReply
from storage.cases import Case
from storage.database import Tx
from storage.staff import Member


def offer(tx: Tx, desk: Desk, member: Member, reference: str, now: int) -> Told:
    say, language = desk.texts.say, desk.staff_language
    case = own_case(tx, member, reference)
    if case is None:
        return say(language, "not-yours", reference=reference), True
    if not desk.canned:
        return say(language, "canned-changed"), True
    buttons = [(reply.label, f"preview.{reply.id}.{reference}") for reply in desk.canned]
    text = say(language, "canned-choose", reference=reference)
    tell(tx, member, text, now, about=case.case, buttons=buttons)
    return "", False


def preview(tx: Tx, desk: Desk, member: Member, rest: str, now: int) -> Told:
    """In the requester's language. Where there is none, it says so, and which one is shown."""
    say, language = desk.texts.say, desk.staff_language
    name, _, reference = rest.partition(".")
    case, reply = own_case(tx, member, reference), _reply(desk, name)
    if case is None:
        return say(language, "not-yours", reference=reference), True
    if reply is None:
        return say(language, "canned-changed"), True
    theirs, shown = _theirs(case, language), reply.shown_in(_theirs(case, language), language)
    values = {"reference": reference, "shown": say(shown, "language-name")}
    if case.contact is None:
        head = say(language, "canned-preview-by-code", **values)
    elif shown == theirs:
        head = say(language, "canned-preview", **values)
    else:
        head = say(language, "canned-preview-other", theirs=say(theirs, "language-name"), **values)
    words = reply.text[shown]
    buttons = [
        (
            say(language, "canned-send-button"),
            f"ready.{reply.id}.{shown}.{reply.fingerprint(shown)}.{reference}",
        ),
        (say(language, "canned-others-button"), f"others.{reference}"),
    ]
    tell(tx, member, f"{head}\n\n{words}", now, about=case.case, buttons=buttons)
    return "", False


def send(tx: Tx, desk: Desk, member: Member, rest: str, now: int) -> Told:
    """What was shown, and nothing else: another file may have been loaded since."""
    say, language = desk.texts.say, desk.staff_language
    name, shown, fingerprint, reference = (*rest.split(".", 3), "", "", "")[:4]
    case, reply = own_case(tx, member, reference), _reply(desk, name)
    if case is None:
        return say(language, "not-yours", reference=reference), True
    if reply is None or shown not in reply.text or reply.fingerprint(shown) != fingerprint:
        return say(language, "canned-changed"), True
    send_reply(tx, desk, member, case, reply.text[shown], now)
    return say(language, "canned-sent", reference=reference), False


def _reply(desk: Desk, name: str) -> CannedReply | None:
    return next((reply for reply in desk.canned if reply.id == name), None)


def _theirs(case: Case, fallback: str) -> str:
    """With a return code, nobody knows."""
    return case.contact.language if case.contact is not None else fallback
