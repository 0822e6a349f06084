"""What happens to a case by itself when a time has come: jobs in the outbox that make no call.

They lie with what Telegram is owed because that is what survives a restart, is looked at by one process only, and is
dropped with its case. Whatever a timer finds is decided by the case as it is then, in one transaction that is alone:
so it does no harm if it comes late, or twice, or after the case has moved on.
"""

from __future__ import annotations

from dataclasses import replace

from handlers import closing, second
from handlers.desk import Desk, Terms
from handlers.telling import tell
from intake.lifecycle import Act, Status
from intake.questionnaire import Level
from intake.trail import Event
from storage import audit, cases, custody, outbox
from storage.cases import Case
from storage.custody import Timer
from storage.database import Tx
from storage.outbox import Job
from storage.staff import Member

HOUR = 3_600
CLOSING_SECONDS = 5 * 60
"""So often it is looked whether a case that is being closed still is."""


def run(tx: Tx, desk: Desk, job_id: bytes, job: Job, now: int) -> None:
    """Do what is due. The job is done with, or due later, when this returns."""
    outbox.done(tx, job_id)
    if job.tag == Timer.ASKED:
        second.lapsed(tx, desk, job, now)
        return
    case = cases.by_id(tx, bytes.fromhex(job.case))
    holder = custody.holder_of(tx, case)
    if case is None or holder is None or case.status is not Status.CLAIMED:
        return
    match job.tag:
        case Timer.LEASE:
            _lease(tx, desk, case, holder, now)
        case Timer.CLOSING:
            closing.due(tx, desk, case, holder, now)
        case Timer.SECOND:
            second.run_out(tx, desk, case, holder, now)
        case Timer.OFFER if case.facts.offered_to:
            cases.save_facts(tx, case, replace(case.facts, offered_to=""))
            text = desk.texts.say(desk.staff_language, "hand-ran-out", reference=case.reference)
            tell(tx, holder, text, now)


def _lease(tx: Tx, desk: Desk, case: Case, holder: Member, now: int) -> None:
    """Whoever holds a case and does nothing about it is reminded; then others get to take it.

    A quarter of the time is left after the reminder, also when that came late because the service was down.
    """
    lease, facts = desk.terms.lease_of(case.facts.level), case.facts
    if not lease:
        return
    if facts.closing:  # it ends, or it is undone, or its requester writes: then the time goes on
        custody.set_timer(tx, case, Timer.LEASE, now + CLOSING_SECONDS)
        return
    if not facts.reminded:
        due = facts.touched + lease * 3 // 4
        if now >= due:
            _remind(tx, desk, case, holder, now)
            cases.save_facts(tx, case, replace(facts, reminded=now))
            due = now + lease // 4
    else:
        due = facts.reminded + lease // 4
        if now >= due:
            _expire(tx, desk, case, holder, now)
            return
    custody.set_timer(tx, case, Timer.LEASE, due)


def _remind(tx: Tx, desk: Desk, case: Case, holder: Member, now: int) -> None:
    say, language, lease = desk.texts.say, desk.staff_language, desk.terms.lease_of(case.facts.level)
    name = "lease-reminder-emergency" if case.facts.level is Level.EMERGENCY else "lease-reminder"
    idle, left = in_words(desk, lease * 3 // 4), in_words(desk, lease // 4)
    text = say(language, name, reference=case.reference, idle=idle, left=left)
    buttons = (
        (say(language, "still-on-it-button"), f"keep.{case.reference}"),
        (say(language, "release-button"), f"release.{case.reference}"),
    )
    tell(tx, holder, text, now, about=case.case, buttons=buttons)


def in_words(desk: Desk, seconds: int) -> str:
    """In hours; in minutes where whole hours would be far from it."""
    name, unit = ("in-minutes", 60) if seconds < 6 * HOUR and seconds % HOUR else ("in-hours", HOUR)
    return desk.texts.say(desk.staff_language, name, n=seconds // unit)


def _expire(tx: Tx, desk: Desk, case: Case, holder: Member, now: int) -> None:
    if not custody.give_back(tx, case, Act.EXPIRE, now):
        return
    audit.note(tx, Event.EXPIRED, None, now, case=case.case, whom=holder.name)
    tell(tx, holder, desk.texts.say(desk.staff_language, "lease-over", reference=case.reference), now)


def adopt(tx: Tx, terms: Terms, now: int) -> None:
    """When the service starts: cases that were claimed under a version that knew no time get all of it now."""
    if not any(map(terms.lease_of, Level)):
        return
    for case in cases.with_status(tx, Status.CLAIMED):
        if not case.facts.touched and terms.lease_of(case.facts.level):
            custody.begin_lease(tx, case, now)
