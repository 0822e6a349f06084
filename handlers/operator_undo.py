"""Undoing what was pressed by mistake a moment ago. A press that comes too late changes nothing, and says so."""

from __future__ import annotations

from dataclasses import replace

from handlers import ringing, undoing
from handlers.desk import Desk
from handlers.operator_claim import take
from handlers.operator_claim import taken as taken_by_others
from handlers.telling import Told
from handlers.undoing import Done, Undoable
from intake.lifecycle import RAISED_TO, Act, Status
from intake.questionnaire import Level
from intake.trail import Event
from storage import audit, cases, custody
from storage.cases import Case
from storage.database import Tx
from storage.staff import Member


def undo(tx: Tx, desk: Desk, member: Member, rest: str, now: int) -> Told:
    """The payload: `unact.<reference>.<token>`."""
    reference, _, token = rest.partition(".")
    case = cases.by_reference(tx, reference)
    if case is None:
        return desk.texts.say(desk.staff_language, "case-gone", reference=reference), True
    if case.status is Status.CLAIMED and case.holder != member.id:
        return taken_by_others(tx, desk, case), True
    found = undoing.take_up(tx, case, member, token, now)
    if found is None:
        return desk.texts.say(desk.staff_language, "undo-too-late", reference=reference), True
    match found.done:
        case Done.CLAIM:
            return _claim(tx, desk, case, member, found, now)
        case Done.RELEASE:
            return _release(tx, desk, case, member, now)
        case Done.RAISE:
            return _raise(tx, desk, case, member, found, now)


def _claim(tx: Tx, desk: Desk, case: Case, member: Member, found: Undoable, now: int) -> Told:
    """Its requester was told nothing of the claim, and is told nothing of this."""
    if not custody.give_back(tx, case, Act.RELEASE, now):
        return desk.texts.say(desk.staff_language, "undo-too-late", reference=case.reference), True
    audit.note(tx, Event.UNDONE, member, now, case=case.case, detail=Event.CLAIMED.value)
    free = cases.by_id(tx, case.case) or case
    if int(found.before):
        cases.save_facts(tx, free, replace(free.facts, wrote_again=int(found.before)))
    return desk.texts.say(desk.staff_language, "undone-claim", reference=case.reference), False


def _release(tx: Tx, desk: Desk, case: Case, member: Member, now: int) -> Told:
    """As if it were claimed anew: the file that was withdrawn is handed out again, and counts."""
    told, refused = take(tx, desk, member, case.reference, now)
    if refused:
        return told, True
    audit.note(tx, Event.UNDONE, member, now, case=case.case, detail=Event.RELEASED.value)
    return desk.texts.say(desk.staff_language, "undone-release", reference=case.reference), False


def _raise(tx: Tx, desk: Desk, case: Case, member: Member, found: Undoable, now: int) -> Told:
    """Alone, also of an emergency: what a second person has to agree to is that one is none, and this never was one."""
    name, _, little = found.before.partition("/")
    before = Level(name)
    if case.holder != member.id or RAISED_TO.get(before) is not case.facts.level:
        return desk.texts.say(desk.staff_language, "undo-too-late", reference=case.reference), True
    cases.set_level(tx, case, before)
    lowered = cases.by_id(tx, case.case) or case
    cases.save_facts(tx, lowered, replace(lowered.facts, near_empty=bool(little)))
    audit.note(tx, Event.UNDONE, member, now, case=case.case, detail=case.facts.level.value)
    custody.touch(tx, case.case, now)
    custody.refresh_card(tx, case, now)
    ringing.raise_undone(tx, desk, case, member, now)
    level = desk.texts.say(desk.staff_language, f"level-{before}")
    return desk.texts.say(desk.staff_language, "undone-raise", reference=case.reference, level=level), False
