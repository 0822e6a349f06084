"""What each job in the outbox means as a call, and what is recorded when Telegram has taken or refused it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from handlers import (
    attachments,
    board,
    files,
    group,
    operator_duty,
    operator_locks,
    operator_slots,
    reply_states,
    ringing,
    second,
)
from handlers.cards import card
from handlers.desk import Desk
from handlers.documents import MOST_DOCUMENTS, copy, document
from handlers.late_joiners import lead_in
from handlers.notes import Note
from handlers.outgoing import Button, Delete, Edit, Fetch, Outgoing, Remove, Send
from handlers.requester_scene import make_view
from handlers.screens import screen
from handlers.telling import tell_admins
from intake.trail import Event
from storage import audit, cases, custody, drafts, meta, outbox, staff, traces
from storage.database import Tx
from storage.outbox import REFRESH, Job, Task
from storage.replies import Why
from storage.traces import LONGEST_TRACE, Trace

FETCHED = frozenset({Task.FETCH, Task.SLOTS})


def call_for(tx: Tx, desk: Desk, job_id: bytes, job: Job, now: int) -> Outgoing | None:
    """The call that settles this job, as things stand now; None: nothing is owed any longer."""
    match job.task:
        case Task.CARD:
            return _card(tx, desk, job_id, job, now)
        case Task.BOARD:
            return board.call(tx, desk, job_id, now)
        case Task.DOCUMENT:
            return _document(tx, desk, job_id, job)
        case Task.COPY:
            return _copy(tx, desk, job_id, job)
        case Task.REMOVE:
            chat = group.current(tx, desk)
            return Remove(chat, job.user, note=str(Note("removal", job=job_id.hex()))) if chat else None
        case Task.CARD_GONE:
            return _card_gone(tx, desk, job)
        case Task.STATUS:
            return reply_states.status(tx, desk, job_id, job)
        case Task.FETCH:
            return files.fetch(tx, job_id, job)
        case Task.TAKE:
            return attachments.fetch(tx, job_id, job)
        case Task.FILE:
            return files.handed(tx, desk, job_id, job)
        case Task.LOCKS:
            return operator_locks.document(tx, desk, job_id, job)
        case Task.SLOTS:
            return operator_slots.fetch(job_id, job)
        case Task.KEPT:
            return None
        case Task.SEND if job.reply:
            return reply_states.message(tx, desk, job_id, job)
        case Task.TIMER:
            return None  # `handlers.timers` has seen to it
        case Task.RING:
            return None  # no call: `bot.jobs` has it carried out
        case Task.DUTY_ENDS:
            return operator_duty.ended(tx, desk, job)
        case Task.PIN:
            return board.pin(tx, desk, job_id)
        case Task.SEND if job.tag == ringing.RING:
            return ringing.call(tx, desk, job_id, job, now)
        case Task.SEND:
            return _message(job_id, job)


def _card(tx: Tx, desk: Desk, job_id: bytes, job: Job, now: int) -> Outgoing | None:
    case = cases.by_id(tx, bytes.fromhex(job.case))
    chat = group.current(tx, desk)
    if case is None or chat is None:
        return None
    holder = custody.holder_of(tx, case)
    text, keyboard = card(desk, case, holder.name if holder else "", now)
    if case.facts.card is not None:
        return Edit(chat, case.facts.card, text, keyboard, resend=False)
    if job.tag == REFRESH:
        return None
    note = str(Note("card", job.case, job=job_id.hex()))
    return Send(chat, text, keyboard, note=note, urgent=job.urgent)


def _card_gone(tx: Tx, desk: Desk, job: Job) -> Outgoing | None:
    chat = group.current(tx, desk)
    text = desk.texts.say(desk.staff_language, "card-gone", reference=job.text)
    return Edit(chat, int(job.tag), text, resend=False) if chat else None


def _document(tx: Tx, desk: Desk, job_id: bytes, job: Job) -> Outgoing | None:
    case = cases.by_id(tx, bytes.fromhex(job.case))
    holder = custody.holder_of(tx, case)
    if case is None or holder is None:
        return None
    return document(tx, desk, case, holder, job_id.hex())


def _copy(tx: Tx, desk: Desk, job_id: bytes, job: Job) -> Outgoing | None:
    case = cases.by_id(tx, bytes.fromhex(job.case))
    lead = lead_in(tx, job.chat)
    return copy(tx, desk, case, lead, job_id.hex()) if case is not None and lead is not None else None


def _message(job_id: bytes, job: Job) -> Outgoing:
    keyboard = tuple((Button(label, data),) for label, data in job.buttons)
    if job.tag.startswith("edit:"):
        return Edit(job.chat, int(job.tag.removeprefix("edit:")), job.text, keyboard, resend=False)
    note = Note(job.tag or "notice", job.case, job.delete_after, job_id.hex())
    return Send(job.chat, job.text, keyboard, note=str(note), urgent=job.urgent)


def lane_of(desk: Desk, call: Outgoing) -> bytes | None:
    """For `Database.write`: the chat's lane, if what `settle` records of this call touches nothing but the chat."""
    note = Note.read(getattr(call, "note", ""))
    if isinstance(call, Delete) or (isinstance(call, Send) and note is not None and note.kind == "screen"):
        return desk.vault.account(call.chat)
    return None


_HANDED_OUT = {"document": Event.OPENED, "copy": Event.COPIED}


def settle(tx: Tx, desk: Desk, call: Outgoing, message: int | None, now: int) -> None:
    """Telegram took the call. `message`: the id of a message that is new."""
    if isinstance(call, Delete):
        _forget(tx, call)
        return
    note = Note.read(getattr(call, "note", ""))
    job = _job(tx, note)
    if note is not None and note.job:
        outbox.done(tx, bytes.fromhex(note.job))
    if isinstance(call, Edit):
        board.edited(tx, call)
    if isinstance(call, Fetch) and job is not None:
        match job.task:
            case Task.SLOTS:
                operator_slots.finish(tx, desk, job, now)
            case Task.TAKE:
                attachments.taken(tx, desk, job, call, now)
            case _:
                files.fetched(tx, desk, job, call, now)
    if note is None or message is None or isinstance(call, Edit):
        return
    chat, mark = getattr(call, "chat", 0), ""
    if job is not None and note.kind == "reply":
        mark = reply_states.delivered(tx, job, call, now)
    elif job is not None and note.kind == "status":
        reply_states.remember_line(tx, job, message)
    if note.kind in _HANDED_OUT:
        handed_to = staff.by_account(tx, tx.vault.account(chat))
        audit.note(tx, _HANDED_OUT[note.kind], handed_to, now, case=bytes.fromhex(note.case))
    if note.kind == operator_locks.NOTE:
        operator_locks.handed_out(tx, desk, chat, note.case, now)
    if not _remember(tx, note, call, message, now):
        traces.leave(tx, Trace(chat, message, now, now, ours=True))
    elif note.gone_after and (chat > 0 or second.mark_of(note.kind)):
        due = now + min(note.gone_after, LONGEST_TRACE)
        marks = {
            "copy": note.case,
            "reply": mark,
            ringing.RING: f"{ringing.MARK}{note.case}",
            ringing.RAISED: f"{ringing.MARK_RAISED}{note.case}",
        }
        about = marks.get(note.kind, second.mark_of(note.kind))
        if note.kind == operator_locks.NOTE:
            about = note.kind  # of no case, and of all: it goes when its reader is no lead any longer
        trace = Trace(chat, message, due, now, ours=True, screen=note.kind == "screen", case=about)
        traces.leave(tx, trace)


def _job(tx: Tx, note: Note | None) -> Job | None:
    """What is to be recorded of a reply, and of the line that tells of one, stands in the job."""
    kinds = {"reply", "status", "fetch", operator_slots.NOTE, files.WANTED}
    if note is None or not note.job or note.kind not in kinds:
        return None
    job_id = bytes.fromhex(note.job)
    job = outbox.jobs(tx, [job_id]).rows.get(job_id)
    told = job is not None and (job.reply or job.task in FETCHED or job.tag == files.WANTED)
    return job if told else None


def _forget(tx: Tx, call: Delete) -> None:
    gone = [i for i, trace in traces.of_chat(tx, call.chat) if trace.message in call.messages]
    traces.forget(tx, gone)


def _remember(tx: Tx, note: Note, call: Outgoing, message: int, now: int) -> bool:
    """False: while the message was on its way it has lost its place, and must go again."""
    chat = getattr(call, "chat", 0)
    match note.kind:
        case "screen":
            _remember_screen(tx, chat, message, now)
        case "card":
            return _remember_card(tx, note.case, message)
        case "board":
            board.remember(tx, chat, message, getattr(call, "text", ""), now)
        case ringing.RING:
            ringing.remember(tx, note.case, now)
        case files.WANTED:
            files.asked(tx, note.case, now)
        case kind if second.mark_of(kind):
            second.arrived(tx, kind, note.case, now)
        case "document" | "case" | "status":
            return _remember_document(tx, note.case, chat, message)
        case operator_locks.NOTE:
            return lead_in(tx, chat) is not None
        case "copy":
            return lead_in(tx, chat) is not None and cases.by_id(tx, bytes.fromhex(note.case)) is not None
    return True


def _remember_screen(tx: Tx, chat: int, message: int, now: int) -> None:
    """A screen that was on its way while the chat was wiped must not outlive the one that came after it."""
    traces.hasten(tx, chat, [trace.message for _, trace in traces.of_chat(tx, chat) if trace.screen], now)
    account = tx.vault.account(chat)
    conversation = drafts.load(tx, account)
    if conversation is not None:
        drafts.save(tx, account, replace(conversation, screen=message))


def _remember_card(tx: Tx, case_id: str, message: int) -> bool:
    case = cases.by_id(tx, bytes.fromhex(case_id))
    if case is None:
        return False
    cases.save_facts(tx, case, replace(case.facts, card=message, shown_at=0))
    return True


def _remember_document(tx: Tx, case_id: str, chat: int, message: int) -> bool:
    """By these messages the holder answers the requester: they must lie in the holder's own chat."""
    case = cases.by_id(tx, bytes.fromhex(case_id))
    holder = custody.holder_of(tx, case)
    if case is None or holder is None or holder.chat != chat:
        return False
    documents = (*case.facts.documents, message)[-MOST_DOCUMENTS:]
    cases.save_facts(tx, case, replace(case.facts, documents=documents))
    return True


def refused(tx: Tx, desk: Desk, call: Outgoing, reason: str, now: int) -> Outgoing | None:
    """Telegram will not take the call. The call to make instead, if there is one."""
    if isinstance(call, Delete):
        _neutralise(tx, desk, call, now)
        _forget(tx, call)
        return None
    if isinstance(call, Edit) and reason in {"missing", "too-old-to-edit"}:
        if not call.resend:
            board.missing(tx, call, now)
            return None
        return _anew(tx, desk, call)
    note = Note.read(getattr(call, "note", ""))
    if note is not None and note.job:
        job_id, job = bytes.fromhex(note.job), _job(tx, note)
        if isinstance(call, Remove):
            _still_in_the_group(tx, desk, job_id, now)
        if job is not None and job.task is Task.SEND and job.reply:
            reply_states.failed(tx, desk, job_id, job, Why.REFUSED, now)
        else:
            outbox.done(tx, job_id)
        if job is not None:
            _not_fetched(tx, desk, job_id, job, now)
    return None


def _anew(tx: Tx, desk: Desk, call: Edit) -> Outgoing:
    """For a screen whose message is gone: the screen in a new one.

    It was decided a while ago. If the chat went on meanwhile, what it showed is behind: sent last, the old screen would
    stand below the newer one, with buttons that do nothing.
    """
    account = tx.vault.account(call.chat)
    conversation = drafts.load(tx, account)
    if conversation is None or _serial(call) in {"0", str(conversation.draft.serial)}:
        return Send(call.chat, call.text, call.keyboard, note=str(Note("screen")))
    view = make_view(desk, cases.by_account(tx, account), meta.get(tx, meta.RECOVERY_KEY))
    made = screen(view, conversation.draft)
    if conversation.screen not in {None, call.message}:
        return Edit(call.chat, conversation.screen or 0, made.text, made.keyboard)
    return Send(call.chat, made.text, made.keyboard, note=str(Note("screen")))


def _serial(call: Edit) -> str:
    """The number of the screen that its buttons carry; "0" where they carry none, as on an ending."""
    return next((button.data.partition(".")[0] for row in call.keyboard for button in row), "0")


def _neutralise(tx: Tx, desk: Desk, call: Delete, now: int) -> None:
    """Too old to be deleted, because we were down: our own messages become one neutral line; theirs remain theirs."""
    account = tx.vault.account(call.chat)
    conversation = drafts.load(tx, account)
    if conversation is not None and conversation.screen in call.messages:
        drafts.save(tx, account, replace(conversation, screen=None))
    text = desk.texts.say(_language(tx, desk, account), "stopped")
    for _, trace in traces.of_chat(tx, call.chat):
        if trace.ours and trace.message in call.messages:
            outbox.add(tx, Job(Task.SEND, now, chat=call.chat, text=text, tag=f"edit:{trace.message}"))


def _language(tx: Tx, desk: Desk, account: bytes) -> str:
    conversation, case = drafts.load(tx, account), cases.by_account(tx, account)
    if conversation is not None and conversation.draft.language:
        return conversation.draft.language
    if case is not None and case.contact is not None:
        return case.contact.language
    return desk.questionnaire.languages[0]


def _still_in_the_group(tx: Tx, desk: Desk, job_id: bytes, now: int) -> None:
    """Somebody who was revoked is to be removed by hand: the admins hear of it."""
    job = outbox.jobs(tx, [job_id]).rows.get(job_id)
    name = job.text if job is not None else ""
    text = desk.texts.say(desk.staff_language, "removal-failed", name=name)
    tell_admins(tx, text, now)


def given_up(tx: Tx, desk: Desk, job_id: bytes, job: Job, why: Why, now: int) -> None:
    """It is not tried any longer. Of a reply, the holder hears."""
    if job.reply and job.task is Task.SEND:
        reply_states.failed(tx, desk, job_id, job, why, now)
    else:
        outbox.done(tx, job_id)
    _not_fetched(tx, desk, job_id, job, now)


def _not_fetched(tx: Tx, desk: Desk, job_id: bytes, job: Job, now: int) -> None:
    if job.task is Task.FETCH:
        files.not_fetched(tx, desk, job, now)
    elif job.task is Task.SLOTS:
        operator_slots.not_fetched(tx, desk, job, now)
    elif job.task is Task.TAKE:
        attachments.not_taken(tx, desk, job_id, job, now)
    elif job.tag == files.WANTED:
        files.not_asked(tx, desk, job, now)


def chat_gone(tx: Tx, desk: Desk, chat: int, owed: Sequence[bytes], why: str, now: int) -> None:
    """The person blocked the bot or deleted the account: nothing waits for them, and nobody tries for ever.

    `owed`: ids of the jobs that were on their way there. `why`: "blocked" or "deleted".
    """
    for job_id, job in outbox.jobs(tx, owed).rows.items():
        given_up(tx, desk, job_id, job, Why(why), now)
    traces.forget(tx, [i for i, _ in traces.of_chat(tx, chat)])
