"""What operators must hear of: rows in the outbox, written in the transaction of the fact."""

from __future__ import annotations

import secrets
from dataclasses import replace

from handlers.desk import Desk
from handlers.telling import tell
from intake.questionnaire import Level
from storage import alarms, cases, custody, meta, outbox
from storage.cases import Case
from storage.database import Tx, hold_counts
from storage.outbox import REFRESH, Job, Task

DAY, HOUR = 86_400, 3_600


def card_due(tx: Tx, desk: Desk, case: Case, now: int) -> None:
    """An emergency's card goes out at once, and it rings; the others wait for their batch: no card tells when."""
    emergency = case.facts.level is Level.EMERGENCY
    if emergency:
        alarms.ring(tx, case, now)
    if desk.terms.operators_chat is not None:
        outbox.add(tx, Job(Task.CARD, case.facts.shown_at or now, urgent=emergency, case=case.case.hex()))


def shown_at(tx: Tx, desk: Desk, level: Level, now: int) -> int:
    """From when on the group may see a request that has come now; 0: at once."""
    if level is Level.EMERGENCY or not desk.terms.card_delay_seconds:
        return 0
    return next_batch(tx, desk, now)


def next_batch(tx: Tx, desk: Desk, now: int) -> int:
    """When the cards of this moment are released: batches come at random delays of up to `CARD_DELAY_MINUTES`."""
    delay = desk.terms.card_delay_seconds
    if not delay:
        return now
    hold_counts(tx)
    waiting = meta.get(tx, meta.NEXT_CARDS)
    if waiting is not None:
        at = int(tx.vault.unwrap(meta.VALUE, meta.NEXT_CARDS.encode(), waiting))
        if at > now:
            return at
    at = now + delay // 2 + secrets.randbelow(delay // 2 + 1)
    meta.put(tx, meta.NEXT_CARDS, tx.vault.wrap(meta.VALUE, meta.NEXT_CARDS.encode(), str(at).encode()))
    return at


def document_due(tx: Tx, case: Case, now: int) -> None:
    """Hand the sealed case to whoever holds it."""
    if case.holder is not None:
        outbox.add(tx, Job(Task.DOCUMENT, now, case=case.case.hex()))


def requester_wrote(tx: Tx, desk: Desk, case: Case, text: str, now: int) -> None:
    """The holder gets the sealed case anew, or under `RELAY=chat` the text itself."""
    if case.holder is None:
        waits_again(tx, case, seen_at(tx, desk, case, now))
        return
    holder = custody.holder_of(tx, case)
    if holder is None or holder.chat is None:
        return
    stay_open(tx, desk, case, now)
    staff_language = desk.staff_language
    if desk.terms.relay_in_chat:
        told = desk.texts.say(staff_language, "relayed", reference=case.reference, text=text)
        tell(tx, holder, told, now, about=case.case, delete_after=DAY)
    else:
        told = desk.texts.say(staff_language, "requester-wrote", reference=case.reference)
        tell(tx, holder, told, now, about=case.case)
        document_due(tx, case, now)


def waits_again(tx: Tx, case: Case, at: int) -> None:
    """Nobody holds it, so the queue hears: one line more on its card, from then on and until somebody takes it.

    `at`: as for a card. At the very minute at which somebody writes nobody may see to which case it belongs.
    """
    if not case.facts.wrote_again:
        cases.save_facts(tx, case, replace(case.facts, wrote_again=at))
        outbox.add(tx, Job(Task.CARD, at, case=case.case.hex(), tag=REFRESH))


def seen_at(tx: Tx, desk: Desk, case: Case, now: int) -> int:
    """From when on what comes to this case now may be seen by others than its holder."""
    at = now if case.facts.level is Level.EMERGENCY else next_batch(tx, desk, now)
    return at if at > now else now - now % 60  # a batch's time says nothing; at once is kept to the minute


ADDITION = "addition"
"""Tag of the job that hands over an addition of which the requester was asked whether to leave it out."""


def addition_due(tx: Tx, desk: Desk, case: Case, now: int) -> None:
    """Whoever never answers has kept it: then the holder gets it when the question has run out."""
    stay_open(tx, desk, case, now)
    due, seen = now + desk.terms.draft_seconds, 0
    if case.holder is None and not case.facts.wrote_again:
        seen = seen_at(tx, desk, case, now) + desk.terms.draft_seconds
        waits_again(tx, case, seen)
    outbox.add(tx, Job(Task.DOCUMENT, due, case=case.case.hex(), tag=ADDITION, text=str(seen)))


def addition_decided(tx: Tx, desk: Desk, case: Case, now: int, *, keep: bool) -> None:
    for job_id, job in outbox.about(tx, {case.case.hex()}):
        if job.tag == ADDITION:
            outbox.done(tx, job_id)
            if not keep and case.facts.wrote_again and job.text == str(case.facts.wrote_again):
                cases.save_facts(tx, case, replace(case.facts, wrote_again=0))
    holder = custody.holder_of(tx, case)
    if holder is None or holder.chat is None:
        return
    if (
        keep
    ):  # as a sealed file whatever RELAY says: the text was sealed, and nobody here can read it any more
        told = desk.texts.say(desk.staff_language, "requester-wrote", reference=case.reference)
        tell(tx, holder, told, now, about=case.case)
    else:  # a file that the holder asked for meanwhile has it in it
        custody.withdraw_documents(tx, case, holder, now)
    document_due(tx, case, now)


def added_by_code(tx: Tx, desk: Desk, case: Case, at: int) -> None:
    """As `requester_wrote`, but a sealed file whatever RELAY says: no text may wait here until the notice goes out."""
    holder = custody.holder_of(tx, case)
    if case.holder is None:
        waits_again(tx, case, at)
        return
    if holder is None or holder.chat is None:
        return
    stay_open(tx, desk, case, at)
    told = desk.texts.say(desk.staff_language, "requester-wrote", reference=case.reference)
    tell(tx, holder, told, at, about=case.case)
    document_due(tx, case, at)


def stay_open(tx: Tx, desk: Desk, case: Case, now: int) -> None:
    """Something new has come: a case that is about to be closed stays open, and its holder hears why.

    Nor is the claim undone any more: its holder has been told, and nobody else would be.
    """
    custody.stop_timers(tx, case, custody.Timer.UNDO)
    if not custody.stay_open(tx, case):
        return
    told = desk.texts.say(desk.staff_language, "closing-stopped", reference=case.reference)
    tell(tx, custody.holder_of(tx, case), told, now, about=case.case)


def untell(tx: Tx, case: Case, now: int) -> None:
    """What its holder, or the queue, has not been told yet, waiting for a batch, is not told."""
    if case.facts.wrote_again:
        cases.save_facts(tx, case, replace(case.facts, wrote_again=0))
        custody.refresh_card(tx, case, now - now % HOUR)
    for job_id, job in outbox.about(tx, {case.case.hex()}):
        if job.due > now and job.task in {Task.SEND, Task.DOCUMENT}:
            outbox.done(tx, job_id)
