"""What one person alone must not decide: "we can't help this person", and that an emergency is none.

Whoever holds the case asks; another confirms or refuses; until then nothing is changed. A question that nobody answers
runs out. The first needs a lead, whose work it is to say no to somebody; the second anybody who may hold cases.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import replace

from handlers import closing, group, marked
from handlers.desk import Desk
from handlers.telling import tell
from intake.lifecycle import Outcome
from intake.questionnaire import Level
from intake.roles import Right, may
from intake.trail import Event
from storage import audit, cases, custody, outbox, staff
from storage.cases import Case
from storage.custody import Timer
from storage.database import Tx
from storage.facts import Facts
from storage.outbox import Job, Task
from storage.staff import Member
from storage.traces import LONGEST_TRACE

RUNS_OUT = 24 * 3_600
"""Seconds."""
ASKING = "second "
"""How the tag of a job begins that asks; its end is the question's token."""
LOWER = "lower"
"""`Facts.asked` names this, or an outcome."""


def ask_to_exclude(tx: Tx, desk: Desk, case: Case, member: Member, now: int) -> str:
    """What the one who asks is told."""
    say, language = desk.texts.say, desk.staff_language
    if case.facts.asked:
        return say(language, "second-already", reference=case.reference)
    leads = [m for m in _others(tx, member) if may(m.role, Right.CONFIRM_EXCLUSION)]
    if not leads:
        return say(language, "exclude-nobody", reference=case.reference)
    token = _note(tx, case, member, Outcome.OUT_OF_SCOPE.value, Event.EXCLUSION_ASKED, now)
    text = say(language, "exclude-ask", reference=case.reference, name=member.name)
    for lead in leads:
        _ask_in(tx, desk, lead.chat or 0, text, case, token, now)
    return say(language, "second-asked", reference=case.reference)


def ask_to_lower(tx: Tx, desk: Desk, case: Case, member: Member, now: int) -> str:
    """In the group, where everybody sees it; without one, everybody is asked."""
    say, language = desk.texts.say, desk.staff_language
    if case.facts.asked:
        return say(language, "second-already", reference=case.reference)
    others = [m.chat for m in _others(tx, member) if m.chat]
    if not others:
        return say(language, "lower-nobody", reference=case.reference)
    token = _note(tx, case, member, LOWER, Event.DOWNGRADE_ASKED, now)
    chat = group.current(tx, desk)
    text = say(language, "lower-ask", reference=case.reference, name=member.name)
    for where in [chat] if chat is not None else others:
        _ask_in(tx, desk, where, text, case, token, now)
    return say(language, "second-asked", reference=case.reference)


def _ask_in(tx: Tx, desk: Desk, chat: int, text: str, case: Case, token: str, now: int) -> None:
    say, language = desk.texts.say, desk.staff_language
    buttons = (
        (say(language, "second-yes-button"), f"second.yes.{case.reference}.{token}"),
        (say(language, "second-no-button"), f"second.no.{case.reference}.{token}"),
    )
    job = Job(Task.SEND, now, case=case.case.hex(), chat=chat, text=text, buttons=buttons)
    outbox.add(tx, replace(job, delete_after=LONGEST_TRACE, tag=f"{ASKING}{token}"))


def mark_of(kind: str) -> str:
    """Of a message that was sent, by what it was known by; empty: it asks nothing."""
    return f"?{kind.removeprefix(ASKING)}" if kind.startswith(ASKING) else ""


def arrived(tx: Tx, kind: str, case_id: str, now: int) -> None:
    """A question has arrived. If it was settled meanwhile, it must say so."""
    case, token = cases.sound(tx, bytes.fromhex(case_id)), kind.removeprefix(ASKING)
    if case is None or case.facts.asked_token != token:
        outbox.add(tx, Job(Task.TIMER, now, case=case_id, tag=Timer.ASKED.value, text=token))


def lapsed(tx: Tx, desk: Desk, job: Job, now: int) -> None:
    """What a job of `Timer.ASKED` asks for."""
    case = cases.by_id(tx, bytes.fromhex(job.case))
    reference = case.reference if case is not None else "—"
    _reword(
        tx, desk, job.text, desk.texts.say(desk.staff_language, "second-lapsed", reference=reference), now
    )


def _reword(tx: Tx, desk: Desk, token: str, text: str, now: int, but: tuple[int, int] = (0, 0)) -> None:
    """Wherever it was asked, it says so. `but`: chat and message of what was pressed on, which does already."""
    chat = group.current(tx, desk)
    found = marked.lying(tx, f"?{token}", *([chat] if chat is not None else []))
    for trace_id, trace in found:
        if (trace.chat, trace.message) == but:
            marked.unmark(tx, trace_id, trace)
    others = [(trace_id, trace) for trace_id, trace in found if (trace.chat, trace.message) != but]
    marked.reword(tx, others, text, now)


def decide(
    tx: Tx,
    desk: Desk,
    member: Member,
    reference: str,
    token: str,
    now: int,
    *,
    yes: bool,
    on: tuple[int, int] = (0, 0),
) -> tuple[str, bool]:
    """What the presser is told, and whether the question is settled by it (or was before).

    `on`: chat and message of what was pressed on.
    `token`: of the question that was pressed on. An older one is settled, whatever is asked about the case by now.
    """
    say, language = desk.texts.say, desk.staff_language
    case = cases.by_reference(tx, reference)
    asker = staff.by_id(tx, case.facts.asked_by) if case is not None and case.facts.asked else None
    if case is None or asker is None or case.holder != asker.id or token != case.facts.asked_token:
        return say(language, "second-over", reference=reference), True
    if member.id == asker.id:
        return say(language, "second-not-you", reference=reference), False
    asked = case.facts.asked
    if asked != LOWER and not may(member.role, Right.CONFIRM_EXCLUSION):
        return say(language, "second-lead", reference=reference), False
    custody.stop_timers(tx, case, Timer.SECOND)
    told = say(language, "second-yes" if yes else "second-no", reference=reference)
    _reword(tx, desk, token, told, now, on)
    case = replace(case, facts=_settled(case.facts))
    if not yes:
        cases.save_facts(tx, case, case.facts)
        audit.note(tx, Event.SECOND_REFUSED, member, now, case=case.case, whom=asker.name)
        tell(tx, asker, say(language, "second-refused", reference=reference, name=member.name), now)
        return told, True
    if asked == LOWER:
        cases.set_level(tx, case, Level.URGENT)
        audit.note(
            tx, Event.DOWNGRADED, member, now, case=case.case, whom=asker.name, detail=Level.URGENT.value
        )
        custody.refresh_card(tx, case, now)
    else:
        closing.confirmed(tx, desk, case, member, Outcome(asked), now, asker)
    tell(tx, asker, say(language, "second-confirmed", reference=reference, name=member.name), now)
    return told, True


def run_out(tx: Tx, desk: Desk, case: Case, asker: Member, now: int) -> None:
    if case.facts.asked:
        custody.question_over(tx, case, now)
        cases.save_facts(tx, case, _settled(case.facts))
        tell(tx, asker, desk.texts.say(desk.staff_language, "second-ran-out", reference=case.reference), now)


def _note(tx: Tx, case: Case, member: Member, asked: str, event: Event, now: int) -> str:
    """The question's token."""
    token = secrets.token_hex(8)
    cases.save_facts(tx, case, replace(case.facts, asked=asked, asked_by=member.id, asked_token=token))
    custody.set_timer(tx, case, Timer.SECOND, now + RUNS_OUT)
    custody.touch(tx, case.case, now)
    audit.note(tx, event, member, now, case=case.case)
    return token


def _settled(facts: Facts) -> Facts:
    return replace(facts, asked="", asked_by="", asked_token="")


def _others(tx: Tx, member: Member) -> Sequence[Member]:
    return [
        m
        for m in staff.everyone(tx)
        if m.active and m.id != member.id and m.chat is not None and may(m.role, Right.HOLD_CASES)
    ]
