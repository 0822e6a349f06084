"""Closing a case. For a minute it can be undone: until then nothing is done, and the requester hears nothing.

What its holder wrote arrives, or is seen not to have arrived: a case does not end while a reply is on its way.
"""

from __future__ import annotations

from dataclasses import replace

from handlers import files, sealed_entry
from handlers.desk import Desk
from handlers.staff_notices import document_due
from handlers.telling import tell
from intake.lifecycle import Outcome
from intake.trail import Event
from storage import audit, cases, custody, outbox, served, staff, traces
from storage.cases import Case
from storage.custody import Timer
from storage.database import Tx
from storage.envelope import Who
from storage.outbox import Job, Task
from storage.staff import Member

DAY = 86_400
REPLY_SECONDS = 60
"""So often it is looked whether the replies have arrived."""


def begin(tx: Tx, desk: Desk, case: Case, member: Member, outcome: Outcome, now: int, part: str = "") -> bool:
    """Close it when the time for undoing is over, or at once if there is none. False: it is closed already.

    `part`: see `Facts.closing_part`.
    """
    case = replace(case, facts=replace(case.facts, closing=outcome.value, closing_part=part))
    if not desk.terms.undo_seconds or member.chat is None:
        return _when_replies_are_out(tx, desk, case, member, outcome, now)
    cases.save_facts(tx, case, case.facts)
    custody.set_timer(tx, case, Timer.CLOSING, now + desk.terms.undo_seconds)
    custody.touch(tx, case.case, now)
    say, language = desk.texts.say, desk.staff_language
    text = say(
        language,
        "closing-soon",
        reference=case.reference,
        outcome=say(language, f"outcome-{outcome}"),
        seconds=desk.terms.undo_seconds,
    )
    buttons = ((say(language, "undo-button"), f"undo.{case.reference}"),)
    tell(tx, member, text, now, about=case.case, buttons=buttons, delete_after=desk.terms.undo_seconds)
    return True


def confirmed(
    tx: Tx, desk: Desk, case: Case, member: Member, outcome: Outcome, now: int, asker: Member
) -> None:
    """A second person, `member`, has agreed to what its holder asked for: there is nothing to undo."""
    _when_replies_are_out(tx, desk, case, member, outcome, now, asker)


def due(tx: Tx, desk: Desk, case: Case, holder: Member, now: int) -> None:
    """The minute in which it could be undone is over, or a reply may have arrived meanwhile."""
    if not case.facts.closing:
        return
    by = staff.by_id(tx, case.facts.closing_by) if case.facts.closing_by else None
    asker = holder if by is not None else None
    _when_replies_are_out(tx, desk, case, by or holder, Outcome(case.facts.closing), now, asker)


def _when_replies_are_out(
    tx: Tx,
    desk: Desk,
    case: Case,
    member: Member,
    outcome: Outcome,
    now: int,
    asker: Member | None = None,
) -> bool:
    if not reply_owed(tx, case):
        return finish(tx, desk, case, member, outcome, now, whom=asker.name if asker else "")
    by = member.id if asker is not None else ""
    cases.save_facts(tx, case, replace(case.facts, closing=outcome.value, closing_by=by))
    custody.set_timer(tx, case, Timer.CLOSING, now + REPLY_SECONDS)
    return True


def reply_owed(tx: Tx, case: Case) -> bool:
    """Whether a reply to its requester is on its way."""
    about = outbox.about(tx, {case.case.hex()})
    return any(job.task in {Task.SEND, Task.TAKE} and job.reply for _, job in about)


def finish(
    tx: Tx, desk: Desk, case: Case, member: Member, outcome: Outcome, now: int, whom: str = ""
) -> bool:
    """`member`: who is named for it; `whom`: who asked for it. False: it is closed already."""
    if not cases.close(tx, case, outcome, now // DAY):
        return False
    served.ended(tx, case, outcome, now, desk.terms.service)
    merged = outcome is Outcome.DUPLICATE and _link(tx, desk, case, now)
    event = Event.MERGED if merged else Event.CLOSED
    audit.note(tx, event, member, now, case=case.case, whom=whom, detail=outcome.value)
    custody.stop_timers(tx, case)
    custody.question_over(tx, case, now)
    _nothing_more(tx, case, now)
    custody.withdraw_from_holder(tx, case, now)
    custody.narrow_slots(tx, case)
    custody.refresh_card(tx, case, now)
    _tell_requester(tx, desk, case, now)
    return True


def _nothing_more(tx: Tx, case: Case, now: int) -> None:
    """What was owed about it is not owed any more; what tells its requester something goes on, without the case."""
    files.let_go(tx, case, now)
    for job_id, job in outbox.about(tx, {case.case.hex()}):
        if job.task in {Task.KEPT, Task.STATUS} or job.tag == files.WANTED:
            outbox.done(tx, job_id)
    if case.contact is not None:
        outbox.untie(tx, case.case.hex(), case.contact.chat)
        traces.hasten_waits(tx, case.contact.chat, now)


def _link(tx: Tx, desk: Desk, case: Case, now: int) -> bool:
    """Each of the two gets a note that names the other. False: there is no other that is still held by the same."""
    kept = cases.sound(tx, bytes.fromhex(case.facts.closing_part)) if case.facts.closing_part else None
    if kept is None or kept.case == case.case or kept.holder is None or kept.holder != case.holder:
        return False
    say, language = desk.texts.say, desk.staff_language
    sealed_entry.put(tx, kept, Who.NOTE, say(language, "merged-kept", reference=case.reference), now)
    sealed_entry.put(tx, case, Who.NOTE, say(language, "merged-closed", reference=kept.reference), now)
    document_due(tx, kept, now)
    return True


def undo(tx: Tx, case: Case, member: Member, now: int) -> bool:
    """False: it is too late, or there was nothing to undo."""
    if not custody.stay_open(tx, case):
        return False
    audit.note(tx, Event.UNDONE, member, now, case=case.case, detail=case.facts.closing)
    return True


def _tell_requester(tx: Tx, desk: Desk, case: Case, now: int) -> None:
    """In neutral words, that nothing more will come; and whom they can turn to, if it was referred to somebody."""
    language = case.contact.language if case.contact is not None else case.facts.language
    referral = desk.referral(case.facts.closing_part) if case.facts.closing == Outcome.REFERRED else None
    # The list may have changed since.
    further = referral.text.get(language, "") if referral is not None else ""
    if further:  # as a reply: in the file, and for whoever comes back with the return code
        sealed_entry.put(tx, case, Who.ORGANISATION, further, now)
    if case.contact is not None:
        text = desk.texts.say(language, "request-closed", reference=case.reference)
        text = f"{text}\n\n{further}" if further else text
        outbox.add(
            tx, Job(Task.SEND, now, chat=case.contact.chat, text=text, delete_after=desk.terms.reply_seconds)
        )
