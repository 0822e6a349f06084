"""Closing a case as a duplicate of another one, which the same person holds and goes on with.

That the two belong together stands in a note that is sealed to each of them: once it is done, the service itself
can't read it. Where this ends: until then, for the minute in which it can be undone, it stands in the wrapped facts.
"""

from __future__ import annotations

from handlers import closing
from handlers.desk import Desk
from handlers.operator_cases import own_case
from handlers.telling import Told, tell
from intake.lifecycle import Outcome
from storage import cases
from storage.cases import Case
from storage.database import Tx
from storage.staff import Member

MOST_SHOWN = 40
"""Cases in one message: their payloads have to fit into a job (`outbox.JOB_BYTES`)."""


def ask_which(tx: Tx, desk: Desk, member: Member, reference: str, now: int) -> Told:
    say, language = desk.texts.say, desk.staff_language
    case = own_case(tx, member, reference)
    if case is None:
        return say(language, "not-yours", reference=reference), True
    found = others(tx, case, member)
    if not found:
        return say(language, "merge-none", reference=reference), True
    buttons = [(each.reference, f"merge.{reference}.{each.reference}") for each in found[:MOST_SHOWN]]
    tell(tx, member, say(language, "merge-ask", reference=reference), now, about=case.case, buttons=buttons)
    return "", False


def merge(tx: Tx, desk: Desk, member: Member, rest: str, now: int) -> Told:
    say, language = desk.texts.say, desk.staff_language
    reference, _, other = rest.partition(".")
    case = own_case(tx, member, reference)
    if case is None:
        return say(language, "not-yours", reference=reference), True
    if case.facts.closing:
        return say(language, "closing-already", reference=reference), True
    kept = next((each for each in others(tx, case, member) if each.reference == other), None)
    if kept is None:
        return say(language, "merge-none", reference=reference), True
    if not closing.begin(tx, desk, case, member, Outcome.DUPLICATE, now, part=kept.case.hex()):
        return say(language, "not-yours", reference=reference), True
    return say(language, "merging", reference=reference, kept=kept.reference), False


def others(tx: Tx, case: Case, member: Member) -> list[Case]:
    """What else they hold, and are not about to close, by reference."""
    held = [
        each for each in cases.held_by(tx, member.id) if each.case != case.case and not each.facts.closing
    ]
    return sorted(held, key=lambda each: each.reference)
