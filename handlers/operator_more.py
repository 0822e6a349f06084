"""What else the holder of a case can do: raise or lower its level, hand it over, leave a note for colleagues."""

from __future__ import annotations

from handlers import ringing, sealed_entry, second, undoing
from handlers.desk import Desk
from handlers.operator_cases import own_case
from handlers.telling import Told, tell
from handlers.undoing import Done
from intake.lifecycle import RAISED_TO, Act, RaisedFor, after
from intake.questionnaire import Level
from intake.trail import Event
from storage import audit, cases, custody
from storage.database import Tx
from storage.envelope import Who
from storage.staff import Member


def menu(tx: Tx, desk: Desk, member: Member, reference: str, now: int) -> Told:
    say, language = desk.texts.say, desk.staff_language
    case = own_case(tx, member, reference)
    if case is None:
        return say(language, "not-yours", reference=reference), True
    buttons = [(say(language, "hand-over-button"), f"hand.{reference}")]
    if case.facts.level in RAISED_TO:
        buttons.append((say(language, "raise-button"), f"raise.{reference}"))
    if case.facts.level is not Level.STANDARD:
        buttons.append((say(language, "lower-button"), f"lower.{reference}"))
    tell(tx, member, say(language, "more", reference=reference), now, about=case.case, buttons=buttons)
    return "", False


def ask_reason(tx: Tx, desk: Desk, member: Member, reference: str, now: int) -> Told:
    say, language = desk.texts.say, desk.staff_language
    case = own_case(tx, member, reference)
    if case is None or case.facts.level not in RAISED_TO:
        return say(language, "not-yours", reference=reference), True
    buttons = [(say(language, f"reason-{reason}"), f"up.{reason}.{reference}") for reason in RaisedFor]
    level = say(language, f"level-{RAISED_TO[case.facts.level]}")
    text = say(language, "raise-ask", reference=reference, level=level)
    tell(tx, member, text, now, about=case.case, buttons=buttons)
    return "", False


def raise_level(tx: Tx, desk: Desk, member: Member, rest: str, now: int) -> Told:
    """At once, and by one person: whoever is wrong has cost somebody's time, and nobody's life."""
    say, language = desk.texts.say, desk.staff_language
    reason, _, reference = rest.partition(".")
    case = own_case(tx, member, reference)
    if case is None or reason not in set(RaisedFor) or after(case.status, Act.RAISE) is None:
        return say(language, "not-yours", reference=reference), True
    level = RAISED_TO.get(case.facts.level)
    if level is None:
        return say(language, "raised", reference=reference, level=say(language, "level-emergency")), True
    cases.set_level(tx, case, level)
    audit.note(tx, Event.ESCALATED, member, now, case=case.case, detail=level.value)
    in_words = say(language, f"level-{level}")
    # The trail holds nothing of a requester, so the reason is sealed to the case.
    values = {"name": member.name, "level": in_words, "reason": say(language, f"reason-{reason}")}
    sealed_entry.put(tx, case, Who.NOTE, say(language, "raised-note", **values), now)
    raised = cases.by_id(tx, case.case) or case
    if desk.terms.lease_of(level):  # an emergency's is shorter
        custody.begin_lease(tx, raised, now)
        raised = cases.by_id(tx, case.case) or raised
    custody.refresh_card(tx, raised, now)
    if level is Level.EMERGENCY:
        ringing.raised(tx, desk, raised, member, now)
    before = f"{case.facts.level}/{'little' if case.facts.near_empty else ''}"
    undoing.offer(tx, desk, member, raised, Done.RAISE, now, before, in_words)
    return say(language, "raised", reference=reference, level=in_words), False


def lower_level(tx: Tx, desk: Desk, member: Member, reference: str, now: int) -> Told:
    """An emergency is lowered by two persons."""
    say, language = desk.texts.say, desk.staff_language
    case = own_case(tx, member, reference)
    if case is None or after(case.status, Act.LOWER) is None or case.facts.level is Level.STANDARD:
        return say(language, "not-yours", reference=reference), True
    if case.facts.level is Level.EMERGENCY:
        return second.ask_to_lower(tx, desk, case, member, now), True
    cases.set_level(tx, case, Level.STANDARD)
    audit.note(tx, Event.DOWNGRADED, member, now, case=case.case, detail=Level.STANDARD.value)
    custody.touch(tx, case.case, now)
    custody.refresh_card(tx, case, now)
    return say(language, "lowered", reference=reference, level=say(language, "level-standard")), False
