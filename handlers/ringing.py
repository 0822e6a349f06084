"""An emergency rings in private chats: those on duty at once, then everybody, then the admins, until somebody has it.

Each step is one transaction that ends one job and writes the next ones: nobody is rung twice, also after a crash.
"""

from __future__ import annotations

from dataclasses import replace

from handlers import marked
from handlers.cards import card
from handlers.desk import Desk
from handlers.notes import Note
from handlers.outgoing import Button, Outgoing, Send
from intake.lifecycle import Status
from intake.questionnaire import Level
from intake.roles import Right, Role, may
from storage import alarms, cases, custody, locks, outbox, staff, traces
from storage.cases import Case
from storage.database import Tx
from storage.outbox import Job, Task
from storage.sealing import has_slot
from storage.staff import Member

RING = "ring"
"""Tag of what is sent to one person."""
MARK = "!"
"""Stands before the case of a trace that is a ring."""
RAISED = "raised"
"""Tag of what tells one person of a raise."""
MARK_RAISED = "^"
"""Stands before the case of its trace."""
MOST_IN_CHAT = 5
"""Rings that lie in one chat at a time: whoever has so many has been woken, and finds the others by /next."""


def carry_out(tx: Tx, desk: Desk, job_id: bytes, job: Job, now: int) -> None:
    """What a RING job asks for. It ends with this."""
    outbox.done(tx, job_id)
    if job.tag.startswith(alarms.LOOK):
        _look(tx, desk, job.tag.removeprefix(alarms.LOOK), job.text, now)
        return
    case = cases.sound(tx, bytes.fromhex(job.case))
    if case is not None and _rings(case):
        _ring(tx, desk, case, int(job.tag), now)


def call(tx: Tx, desk: Desk, job_id: bytes, job: Job, now: int) -> Outgoing | None:
    """One person's ring, if the case still rings. Admins see that it waits, and nothing of it."""
    case = cases.by_id(tx, bytes.fromhex(job.case))
    if case is None or not _rings(case):
        return None
    note = str(Note(RING, job.case, job=job_id.hex()))
    keyboard = tuple((Button(label, data),) for label, data in job.buttons)
    if not keyboard:
        return Send(job.chat, job.text, note=note)
    return Send(job.chat, f"{job.text}\n\n{card(desk, case, '', now)[0]}", keyboard, note=note)


def remember(tx: Tx, case_id: str, now: int) -> None:
    """One has arrived. If the case was taken meanwhile, it must say so."""
    case = cases.by_id(tx, bytes.fromhex(case_id))
    if case is not None and not _rings(case):
        alarms.look_again(tx, case, now)


def raised(tx: Tx, desk: Desk, case: Case, holder: Member, now: int) -> None:
    """A case that somebody holds has become an emergency: those whom one that has just come rings hear of it at once.

    Somebody has it, so it goes no further, and nobody can claim it. When they release it, or their time runs out, it
    rings like any other. A case that had no card of its own gets one.
    """
    for chat in sorted(_who_hear(tx, case, holder, now)):
        say, language = desk.texts.say, desk.staff_language
        text = say(language, "ring-raised", reference=case.reference, name=holder.name)
        job = Job(Task.SEND, now, urgent=True, case=case.case.hex(), chat=chat, text=text, tag=RAISED)
        outbox.add(tx, replace(job, delete_after=traces.LONGEST_TRACE))
    if case.facts.card is None and desk.terms.operators_chat is not None:
        outbox.add(tx, Job(Task.CARD, now, urgent=True, case=case.case.hex()))


def raise_undone(tx: Tx, desk: Desk, case: Case, holder: Member, now: int) -> None:
    """Whoever has heard of it hears that it was a mistake; `case` as it was raised."""
    for job_id, job in outbox.about(tx, {case.case.hex()}):
        if job.tag == RAISED:
            outbox.done(tx, job_id)
    text = desk.texts.say(
        desk.staff_language, "ring-raised-undone", reference=case.reference, name=holder.name
    )
    marked.reword(tx, marked.lying(tx, f"{MARK_RAISED}{case.case.hex()}"), text, now)


def _who_hear(tx: Tx, case: Case, holder: Member, now: int) -> set[int]:
    for whom in (alarms.ON_DUTY, alarms.EVERYBODY):
        others = [each for each in _whom(tx, case, whom, now) if each.id != holder.id]
        if others:
            return {each.chat for each in others if each.chat is not None}
    return set()


def _rings(case: Case) -> bool:
    return case.status is Status.OPEN and case.facts.level is Level.EMERGENCY


def _ring(tx: Tx, desk: Desk, case: Case, whom: int, now: int) -> None:
    say, language = desk.texts.say, desk.staff_language
    everybody, admins = desk.terms.ring_seconds
    heading = say(language, "ring-on-duty")
    chosen = _whom(tx, case, whom, now)
    if whom == alarms.ON_DUTY and not chosen:
        whom, chosen = alarms.EVERYBODY, _whom(tx, case, alarms.EVERYBODY, now)
        heading, wait = say(language, "ring-nobody-on-duty"), admins
    elif whom == alarms.ON_DUTY:
        wait = everybody
    else:
        heading, wait = say(language, "ring-everybody", n=everybody // 60), admins - everybody
    if whom < alarms.ADMINS:
        alarms.ring(tx, case, now + wait, whom + 1)
        buttons: tuple[tuple[str, str], ...] = ((say(language, "claim-button"), f"claim.{case.reference}"),)
    else:
        names = ", ".join(member.name for member in staff.on_duty(tx, now)) or "—"
        heading = say(language, "ring-admins", n=admins // 60, names=names)
        buttons = ()
    already = _rung(tx, case.case.hex())
    for chat in sorted({member.chat for member in chosen if member.chat is not None} - already):
        if sum(trace.case.startswith(MARK) for _, trace in traces.of_chat(tx, chat)) < MOST_IN_CHAT:
            job = Job(Task.SEND, now, urgent=True, case=case.case.hex(), chat=chat, text=heading, tag=RING)
            outbox.add(tx, replace(job, buttons=buttons))


def _whom(tx: Tx, case: Case, whom: int, now: int) -> list[Member]:
    """Of those whose key opens the case, if there are any."""
    if whom == alarms.ADMINS:
        return [each for each in staff.everyone(tx) if each.role is Role.ADMIN and each.active]
    slots = locks.get(tx, case.case).slots
    holders = [each for each in staff.everyone(tx) if each.active and may(each.role, Right.HOLD_CASES)]
    able = [each for each in holders if each.public_key and has_slot(slots, each.public_key)] or holders
    return able if whom == alarms.EVERYBODY else [each for each in able if each.duty_until > now]


def _rung(tx: Tx, case_id: str) -> set[int]:
    """Chats that this case rings in, or is about to."""
    coming = {job.chat for _, job in outbox.about(tx, {case_id}) if job.tag == RING}
    there = {trace.chat for _, trace in marked.lying(tx, f"{MARK}{case_id}")}
    return coming | there


def _look(tx: Tx, desk: Desk, case_id: str, reference: str, now: int) -> None:
    """Where somebody has it, or it is no emergency any more, every ring becomes one line; released, it rings anew."""
    case = cases.sound(tx, bytes.fromhex(case_id))
    owed = [
        (job_id, job)
        for job_id, job in outbox.about(tx, {case_id})
        if job.task is Task.RING or job.tag == RING
    ]
    there = marked.lying(tx, f"{MARK}{case_id}")
    if case is not None and _rings(case):
        if not owed and not there:
            _ring(tx, desk, case, alarms.ON_DUTY, now)
        return
    for job_id, _ in owed:
        outbox.done(tx, job_id)
    marked.reword(tx, there, _over(tx, desk, case, reference), now)


def _over(tx: Tx, desk: Desk, case: Case | None, reference: str) -> str:
    holder = custody.holder_of(tx, case)
    if holder is not None and case is not None and case.status is Status.CLAIMED:
        return desk.texts.say(desk.staff_language, "claim-taken", reference=reference, name=holder.name)
    return desk.texts.say(desk.staff_language, "ring-over", reference=reference)
