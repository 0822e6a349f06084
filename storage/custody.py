"""Who may hold and open a case, when that ends: the files in their chat go, and so do slots nobody needs any longer."""

from __future__ import annotations

import secrets
from collections.abc import Collection, Sequence
from dataclasses import replace
from enum import StrEnum

from intake.lifecycle import Act, Status
from intake.questionnaire import Level
from intake.roles import Right, Role, may, needs_key
from intake.trail import By, Event
from storage import alarms, audit, cases, locks, meta, openings, outbox, staff, traces
from storage.cases import Case
from storage.database import Tx
from storage.outbox import REFRESH, Job, Task
from storage.staff import Member


class Timer(StrEnum):
    """What happens to a held case by itself: see `handlers.timers`."""

    LEASE = "lease"
    CLOSING = "closing"
    SECOND = "second"
    OFFER = "offer"
    UNDO = "undo"
    """What its text says can be undone until then: see `handlers.undoing`."""
    ASKED = "asked"
    """Not of a held case: a question to a second person has lapsed, and the messages that ask it must say so."""


CARDS_GO_WITHIN = 6 * 3_600
"""Seconds over which the cards of purged cases are edited: the group takes twenty edits a minute, and needs most."""


def holder_of(tx: Tx, case: Case | None) -> Member | None:
    return staff.by_id(tx, case.holder) if case is not None and case.holder else None


def withdraw_documents(tx: Tx, case: Case, holder: Member, now: int) -> None:
    """Whoever holds the case no longer keeps no file of it in the chat; `case` as it was while they held it."""
    if holder.chat is not None:
        traces.hasten(tx, holder.chat, case.facts.documents, now)


def withdraw_from_holder(tx: Tx, case: Case, now: int) -> None:
    """As `withdraw_documents`, from whoever held the case when it was read."""
    holder = holder_of(tx, case)
    if holder is not None:
        withdraw_documents(tx, case, holder, now)


def begin_lease(tx: Tx, case: Case, now: int) -> None:
    """From now on its holder has to do something about it now and then."""
    cases.save_facts(tx, case, replace(case.facts, touched=now - now % 60, reminded=0))
    set_timer(tx, case, Timer.LEASE, now)


def touch(tx: Tx, case_id: bytes, now: int) -> None:
    """The holder has done something about it, and what they did before it stands."""
    case = cases.by_id(tx, case_id)
    if case is not None:
        stop_timers(tx, case, Timer.UNDO)
    if case is not None and case.facts.touched:
        cases.save_facts(tx, case, replace(case.facts, touched=now - now % 60, reminded=0))


def set_timer(tx: Tx, case: Case, timer: Timer, due: int) -> None:
    """A case has one of each kind."""
    stop_timers(tx, case, timer)
    outbox.add(tx, Job(Task.TIMER, due, case=case.case.hex(), tag=timer.value))


def stop_timers(tx: Tx, case: Case, only: Timer | None = None) -> None:
    for job_id, job in outbox.about(tx, {case.case.hex()}):
        if job.task is Task.TIMER and only in {None, job.tag}:
            outbox.done(tx, job_id)


def stay_open(tx: Tx, case: Case) -> bool:
    """It is not closed after all. Whether it was about to be."""
    if not case.facts.closing:
        return False
    stop_timers(tx, case, Timer.CLOSING)
    cases.save_facts(tx, case, replace(case.facts, closing="", closing_part="", closing_by=""))
    return True


def question_over(tx: Tx, case: Case, now: int) -> None:
    """Whoever asked a second person about it, if anybody did, holds it no longer; `case` as it was before."""
    if case.facts.asked_token:
        job = Job(Task.TIMER, now, case=case.case.hex(), tag=Timer.ASKED.value, text=case.facts.asked_token)
        outbox.add(tx, job)


def withdraw_copies(tx: Tx, chosen: Collection[bytes], now: int) -> None:
    """The files of these cases that leads were handed go as well, whoever holds them."""
    about = {case.hex() for case in chosen}
    for lead in staff.everyone(tx):
        if lead.chat is not None and may(lead.role, Right.SEE_ALL_CASES):
            traces.hasten_about(tx, lead.chat, about, now)


def clear_away(tx: Tx, chosen: Sequence[Case], now: int) -> None:
    """These are about to be erased, and no person does it: their files go from the chats, their cards from the group.

    A card of a closed case says nothing but how it ended, and stays.
    """
    withdraw_copies(tx, [each.case for each in chosen], now)
    unfinished = [each for each in chosen if each.status is not Status.CLOSED]
    for case in unfinished:
        holder = holder_of(tx, case)
        if holder is not None:
            withdraw_documents(tx, case, holder, now)
        alarms.look_again(tx, case, now)
        if case.facts.card is not None:
            at = now + secrets.randbelow(CARDS_GO_WITHIN)
            outbox.add(tx, Job(Task.CARD_GONE, at, text=case.reference, tag=str(case.facts.card)))
    if any(each.facts.grouped for each in unfinished):
        outbox.add(tx, Job(Task.BOARD, now))


def refresh_card(tx: Tx, case: Case, now: int) -> None:
    """Bring a card in the group up to date. One that was not sent yet will be right anyway."""
    outbox.add(tx, Job(Task.CARD, now, case=case.case.hex(), tag=REFRESH))
    alarms.look_again(tx, case, now)


def narrow_slots(tx: Tx, case: Case, *also: bytes) -> None:
    """The case stays open to the leads and the recovery key only, and to `also`, public keys."""
    recovery = meta.get(tx, meta.RECOVERY_KEY)
    leads = [m.public_key for m in staff.everyone(tx) if m.role is Role.LEAD and m.public_key]
    locks.keep_only(tx, case.case, [*leads, *also, *([recovery] if recovery else [])])


def give_back(tx: Tx, case: Case, act: Act, now: int) -> bool:
    """From whoever holds it to the queue. An emergency that never had a card gets one. False: it was moved before."""
    returned = replace(case, facts=replace(case.facts, returned=now - now % 60))
    if not cases.move(tx, returned, act, holder=None):
        return False
    stop_timers(tx, case)
    question_over(tx, case, now)
    withdraw_from_holder(tx, case, now)
    refresh_card(tx, case, now)
    if case.facts.level is Level.EMERGENCY and case.facts.card is None:
        outbox.add(tx, Job(Task.CARD, now, urgent=True, case=case.case.hex()))
    return True


def revoke(tx: Tx, member: Member, now: int, by: Member | By = By.SHELL) -> int:
    """Take everything from a member: slots of every stored case, held cases, all that lies in the chat, the role.

    The removal from the operators' group is owed to Telegram from then on.

    Returns how many cases had a slot for them.
    """
    removed = disarm(tx, member, now)
    if member.chat is not None:
        outbox.drop_for(tx, member.chat)
        traces.hasten_all(tx, member.chat, now, but=None)
        outbox.add(tx, Job(Task.REMOVE, now, user=member.chat, text=member.name))
    staff.remove(tx, member.id)
    openings.forget(tx, member.id)
    audit.note(tx, Event.REVOKED, by, now, whom=member.name)
    return removed


def change_role(tx: Tx, member: Member, role: Role, now: int) -> None:
    """Whoever moves to a role that opens no cases leaves key and cases behind; who no longer sees all, their files."""
    if (
        member.chat is not None
        and may(member.role, Right.SEE_ALL_CASES)
        and not may(role, Right.SEE_ALL_CASES)
    ):
        traces.hasten_about(tx, member.chat, None, now)
    if member.public_key is not None and not needs_key(role):
        disarm(tx, member, now)
        staff.forget_key(tx, member.id)
    staff.set_role(tx, member.id, role)
    audit.note(tx, Event.ROLE_CHANGED, None, now, whom=member.name, detail=role.value)


def disarm(tx: Tx, member: Member, now: int) -> int:
    """Delete the member's slots and give their cases back; returns how many cases had a slot for them."""
    removed = locks.revoke(tx, member.public_key) if member.public_key else 0
    for case in cases.held_by(tx, member.id):
        give_back(tx, case, Act.RELEASE, now)
        audit.note(tx, Event.RELEASED, None, now, case=case.case, whom=member.name)
    return removed
