"""Taking a case, and giving it back."""

from __future__ import annotations

from handlers import undoing
from handlers.desk import Desk
from handlers.operator_cases import own_case
from handlers.operator_limits import may_hold, may_open
from handlers.staff_notices import document_due
from handlers.telling import Told
from handlers.undoing import Done
from intake.lifecycle import Act, Status
from intake.trail import Event
from storage import audit, cases, custody, locks
from storage.cases import Case
from storage.database import Tx
from storage.sealing import has_slot
from storage.staff import Member


def claim(tx: Tx, desk: Desk, member: Member, reference: str, now: int) -> Told:
    """Take a case. Of any number who press at once, one holds it, and the others are told who."""
    before = cases.by_reference(tx, reference)
    told, refused = take(tx, desk, member, reference, now)
    if before is not None and not refused and before.status is Status.OPEN:
        audit.note(tx, Event.CLAIMED, member, now, case=before.case)
        if not desk.terms.slots_for_holder_only:  # what others could open before, they can't any more
            undoing.offer(tx, desk, member, before, Done.CLAIM, now, str(before.facts.wrote_again))
    return told, refused


def take(tx: Tx, desk: Desk, member: Member, reference: str, now: int) -> Told:
    """The case is this member's, if it can be. Nothing of it is in the trail yet."""
    say, language = desk.texts.say, desk.staff_language
    case = cases.by_reference(tx, reference)
    if case is None:
        return say(language, "case-gone", reference=reference), True
    if case.status is Status.CLAIMED and case.holder == member.id:
        return say(language, "claim-already-yours", reference=reference), False
    if case.status is not Status.OPEN:
        return taken(tx, desk, case), True
    if member.public_key is None or not has_slot(locks.get(tx, case.case).slots, member.public_key):
        return say(language, "claim-no-slot", reference=reference), True
    if refused := may_hold(tx, desk, member, case) or may_open(tx, desk, member, case, now):
        return refused, True
    if not cases.move(tx, case, Act.CLAIM, holder=member.id):
        return say(language, "claim-late", reference=reference), True
    claimed = cases.by_id(tx, case.case) or case
    if desk.terms.slots_for_holder_only:
        custody.narrow_slots(tx, case, member.public_key)
    if desk.terms.lease_of(claimed.facts.level):
        custody.begin_lease(tx, claimed, now)
    custody.refresh_card(tx, claimed, now)
    document_due(tx, claimed, now)
    return say(language, "claimed", reference=reference), False


def taken(tx: Tx, desk: Desk, case: Case) -> str:
    say, language = desk.texts.say, desk.staff_language
    if case.status is Status.CLOSED:
        return say(language, "claim-closed", reference=case.reference)
    holder = custody.holder_of(tx, case)
    return say(language, "claim-taken", reference=case.reference, name=holder.name if holder else "—")


def release(tx: Tx, desk: Desk, member: Member, reference: str, now: int) -> Told:
    say, language = desk.texts.say, desk.staff_language
    case = own_case(tx, member, reference)
    if case is None or not custody.give_back(tx, case, Act.RELEASE, now):
        return say(language, "not-yours", reference=reference), True
    audit.note(tx, Event.RELEASED, member, now, case=case.case)
    undoing.offer(tx, desk, member, case, Done.RELEASE, now)
    return say(language, "released", reference=reference), False
