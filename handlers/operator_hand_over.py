"""Handing a case over: the holder asks a colleague whose key opens it, and keeps it until that one has accepted."""

from __future__ import annotations

from dataclasses import replace

from handlers.desk import Desk
from handlers.operator_cases import own_case
from handlers.operator_limits import may_hold, may_open
from handlers.staff_notices import document_due
from handlers.telling import Told, tell
from intake.lifecycle import Act, Status
from intake.roles import Right, may
from intake.trail import Event
from storage import audit, cases, custody, locks, staff
from storage.cases import Case
from storage.custody import Timer
from storage.database import Tx
from storage.sealing import has_slot
from storage.staff import Member

RUNS_OUT = 24 * 3_600
"""Seconds."""
MOST_SHOWN = 40
"""Colleagues in one message: their names and payloads have to fit into a job (`outbox.JOB_BYTES`)."""


def ask_whom(tx: Tx, desk: Desk, member: Member, reference: str, now: int) -> Told:
    say, language = desk.texts.say, desk.staff_language
    case = own_case(tx, member, reference)
    if case is None:
        return say(language, "not-yours", reference=reference), True
    found = receivers(tx, case, member.id)
    if not found:
        return say(language, "hand-nobody", reference=reference), True
    buttons = [(m.name, f"offer.{reference}.{m.id}") for m in found[:MOST_SHOWN]]
    tell(tx, member, say(language, "hand-ask", reference=reference), now, about=case.case, buttons=buttons)
    return "", False


def offer(tx: Tx, desk: Desk, member: Member, rest: str, now: int) -> Told:
    say, language = desk.texts.say, desk.staff_language
    reference, _, receiver_id = rest.partition(".")
    case = own_case(tx, member, reference)
    if case is None:
        return say(language, "not-yours", reference=reference), True
    receiver = next((m for m in receivers(tx, case, member.id) if m.id == receiver_id), None)
    if receiver is None or receiver.chat is None:
        return say(language, "hand-nobody", reference=reference), True
    cases.save_facts(tx, case, replace(case.facts, offered_to=receiver.id))
    custody.set_timer(tx, case, Timer.OFFER, now + RUNS_OUT)
    custody.touch(tx, case.case, now)
    audit.note(tx, Event.OFFERED, member, now, case=case.case, whom=receiver.name)
    level = say(language, f"level-{case.facts.level}")
    text = say(language, "hand-offer", reference=reference, name=member.name, level=level)
    buttons = (
        (say(language, "accept-button"), f"accept.{reference}"),
        (say(language, "decline-button"), f"decline.{reference}"),
    )
    tell(tx, receiver, text, now, buttons=buttons, delete_after=RUNS_OUT)
    return say(language, "hand-offered", reference=reference, name=receiver.name), False


def accept(tx: Tx, desk: Desk, member: Member, reference: str, now: int) -> Told:
    say, language = desk.texts.say, desk.staff_language
    case = _offered(tx, member, reference)
    if case is None or member.public_key is None:
        return say(language, "offer-over", reference=reference), True
    if not has_slot(locks.get(tx, case.case).slots, member.public_key):
        return say(language, "claim-no-slot", reference=reference), True
    if refused := may_hold(tx, desk, member, case) or may_open(tx, desk, member, case, now):
        return refused, True
    before = custody.holder_of(tx, case)
    if not move(tx, desk, case, member, now):
        return say(language, "offer-over", reference=reference), True
    audit.note(tx, Event.HANDED_OVER, member, now, case=case.case, whom=before.name if before else "")
    tell(tx, before, say(language, "handed-over", reference=reference, name=member.name), now)
    return say(language, "claimed", reference=reference), False


def move(tx: Tx, desk: Desk, case: Case, receiver: Member, now: int) -> bool:
    """The case is the receiver's from now on, who gets its file; the old holder's goes. False: it was moved before."""
    before = custody.holder_of(tx, case)
    if receiver.public_key is None or not cases.move(tx, case, Act.HAND_OVER, holder=receiver.id):
        return False
    custody.stop_timers(tx, case)
    custody.question_over(tx, case, now)
    theirs = cases.by_id(tx, case.case) or case
    if desk.terms.slots_for_holder_only:
        custody.narrow_slots(tx, case, receiver.public_key)
    if desk.terms.lease_of(theirs.facts.level):
        custody.begin_lease(tx, theirs, now)
    if before is not None:
        custody.withdraw_documents(tx, case, before, now)
    custody.refresh_card(tx, theirs, now)
    document_due(tx, theirs, now)
    return True


def decline(tx: Tx, desk: Desk, member: Member, reference: str, now: int) -> Told:
    say, language = desk.texts.say, desk.staff_language
    case = _offered(tx, member, reference)
    holder = custody.holder_of(tx, case)
    if case is None or holder is None:
        return say(language, "offer-over", reference=reference), True
    cases.save_facts(tx, case, replace(case.facts, offered_to=""))
    custody.stop_timers(tx, case, Timer.OFFER)
    tell(tx, holder, say(language, "hand-declined", reference=reference, name=member.name), now)
    return say(language, "declined", reference=reference), False


def receivers(tx: Tx, case: Case, but: str | None) -> list[Member]:
    """Those who may hold cases and whose key opens this one, by pseudonym; without one member, by id."""
    slots = locks.get(tx, case.case).slots
    return [
        m
        for m in staff.everyone(tx)
        if m.active
        and m.chat is not None
        and m.id != but
        and may(m.role, Right.HOLD_CASES)
        and m.public_key is not None
        and has_slot(slots, m.public_key)
    ]


def _offered(tx: Tx, member: Member, reference: str) -> Case | None:
    """The case, if it is held by somebody who asks this member to take it."""
    case = cases.by_reference(tx, reference)
    if case is None or case.status is not Status.CLAIMED or case.facts.offered_to != member.id:
        return None
    return case
