"""How much one of the staff may hold and be handed. An emergency is never refused for it, but it counts."""

from __future__ import annotations

from dataclasses import replace

from handlers.desk import Desk
from handlers.telling import tell_admins
from intake.questionnaire import Level
from intake.trail import Event
from storage import audit, cases, openings
from storage.cases import Case
from storage.database import Tx
from storage.staff import Member


def may_hold(tx: Tx, desk: Desk, member: Member, case: Case) -> str:
    """Why this member can't take this case as well; empty: they can."""
    most = desk.terms.hold_limit
    if not most or case.facts.level is Level.EMERGENCY or cases.count_held(tx, member.id) < most:
        return ""
    return desk.texts.say(desk.staff_language, "hold-limit", n=most)


def may_open(tx: Tx, desk: Desk, member: Member, case: Case | None, now: int) -> str:
    """Count a file that this member asks for. Why it is not handed out; empty: it is. `case`: None: it is of many."""
    most = desk.terms.openings_per_hour
    if not most:
        return ""
    count = openings.read(tx, member.id, now)
    over = count.files >= most
    if over and not count.told:
        _tell_admins(tx, desk, member, now)
        count = replace(count, told=True)
    refused = over and (case is None or case.facts.level is not Level.EMERGENCY)
    openings.save(tx, member.id, count if refused else replace(count, files=count.files + 1))
    return desk.texts.say(desk.staff_language, "openings-limit", n=most) if refused else ""


def _tell_admins(tx: Tx, desk: Desk, member: Member, now: int) -> None:
    """Once an hour."""
    audit.note(tx, Event.LIMIT_HIT, member, now)
    most = desk.terms.openings_per_hour
    text = desk.texts.say(desk.staff_language, "openings-limit-admin", name=member.name, n=most)
    tell_admins(tx, text, now)
