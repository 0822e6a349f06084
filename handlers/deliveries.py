"""What each job in the outbox means as a call, and what is recorded when Telegram has taken or refused it."""

from __future__ import annotations

from dataclasses import replace

from handlers.cards import card
from handlers.desk import Desk
from handlers.documents import document
from handlers.notes import Note
from handlers.outgoing import Button, Delete, Edit, Outgoing, Send
from storage import cases, drafts, outbox, staff
from storage.custody import REFRESH
from storage.database import Tx
from storage.outbox import LONGEST_TRACE, Job, Task, Trace


def call_for(tx: Tx, desk: Desk, job_id: bytes, job: Job, now: int) -> Outgoing | None:
    """The call that settles this job, as things stand now; None: nothing is owed any longer."""
    match job.task:
        case Task.CARD:
            return _card(tx, desk, job_id, job, now)
        case Task.DOCUMENT:
            return _document(tx, desk, job_id, job)
        case Task.SEND:
            return _message(job_id, job)


def _card(tx: Tx, desk: Desk, job_id: bytes, job: Job, now: int) -> Outgoing | None:
    case = cases.by_id(tx, bytes.fromhex(job.case))
    chat = desk.terms.operators_chat
    if case is None or chat is None:
        return None
    holder = staff.by_id(tx, case.holder) if case.holder else None
    text, keyboard = card(desk, case, holder.name if holder else "", now)
    if case.facts.card is not None:
        return Edit(chat, case.facts.card, text, keyboard)
    if job.tag == REFRESH:
        return None
    return Send(chat, text, keyboard, note=str(Note("card", job.case, job=job_id.hex())))


def _document(tx: Tx, desk: Desk, job_id: bytes, job: Job) -> Outgoing | None:
    case = cases.by_id(tx, bytes.fromhex(job.case))
    holder = staff.by_id(tx, case.holder) if case is not None and case.holder else None
    if case is None or holder is None:
        return None
    return document(tx, desk, case, holder, job_id.hex())


def _message(job_id: bytes, job: Job) -> Outgoing:
    keyboard = tuple((Button(label, data),) for label, data in job.buttons)
    if job.tag.startswith("edit:"):
        return Edit(job.chat, int(job.tag.removeprefix("edit:")), job.text, keyboard)
    note = Note(job.tag or "notice", job.case, job.delete_after, job_id.hex())
    return Send(job.chat, job.text, keyboard, note=str(note))


def settle(tx: Tx, desk: Desk, call: Outgoing, message: int | None, now: int) -> None:
    """Telegram took the call. `message`: the id of a message that is new."""
    if isinstance(call, Delete):
        _forget(tx, call)
        return
    note = Note.read(getattr(call, "note", ""))
    if note is None or message is None or isinstance(call, Edit):
        return
    chat = getattr(call, "chat", 0)
    if note.job:
        outbox.done(tx, bytes.fromhex(note.job))
    if note.gone_after and chat > 0:
        outbox.leave_trace(tx, Trace(chat, message, now + min(note.gone_after, LONGEST_TRACE), now))
    match note.kind:
        case "screen":
            _remember_screen(tx, chat, message)
        case "card":
            _remember(tx, note.case, card_message=message)
        case "document" | "case":
            _remember(tx, note.case, document_message=message)


def _forget(tx: Tx, call: Delete) -> None:
    gone = [i for i, trace in outbox.traces_of(tx, call.chat) if trace.message in call.messages]
    outbox.forget_traces(tx, gone)


def _remember_screen(tx: Tx, chat: int, message: int) -> None:
    account = tx.vault.account(chat)
    conversation = drafts.load(tx, account)
    if conversation is not None:
        drafts.save(tx, account, replace(conversation, screen=message))


def _remember(
    tx: Tx, case_id: str, *, card_message: int | None = None, document_message: int | None = None
) -> None:
    case = cases.by_id(tx, bytes.fromhex(case_id))
    if case is None:
        return
    facts = case.facts
    if card_message is not None:
        facts = replace(facts, card=card_message)
    if document_message is not None:
        facts = replace(facts, documents=(*facts.documents, document_message)[-20:])
    cases.save_facts(tx, case.case, facts)


def refused(tx: Tx, desk: Desk, call: Outgoing, reason: str, now: int) -> Outgoing | None:
    """Telegram will not take the call. The call to make instead, if there is one."""
    if isinstance(call, Delete):
        _forget(tx, call)  # too old, or no longer ours to delete: nothing can be done about it any more
        return None
    if isinstance(call, Edit) and reason in {"missing", "too-old-to-edit"}:
        if call.chat == desk.terms.operators_chat:
            return None
        return Send(call.chat, call.text, call.keyboard, note=str(Note("screen")))
    note = Note.read(getattr(call, "note", ""))
    if note is not None and note.job:
        outbox.done(tx, bytes.fromhex(note.job))
        if note.kind == "reply":
            _reply_failed(tx, desk, note, now)
    return None


def _reply_failed(tx: Tx, desk: Desk, note: Note, now: int) -> None:
    case = cases.by_id(tx, bytes.fromhex(note.case))
    holder = staff.by_id(tx, case.holder) if case is not None and case.holder else None
    if case is not None and holder is not None and holder.chat is not None:
        text = desk.texts.say(desk.staff_language, "reply-failed", reference=case.reference)
        outbox.add(tx, Job(Task.SEND, now, chat=holder.chat, text=text, delete_after=LONGEST_TRACE))


def chat_gone(tx: Tx, desk: Desk, chat: int, now: int) -> None:
    """The person blocked the bot or deleted the account: nothing waits for them, and nobody tries for ever."""
    for job_id, job in outbox.due(tx, now):
        if job.chat == chat:
            outbox.done(tx, job_id)
            if job.tag == "reply":
                _reply_failed(tx, desk, Note("reply", job.case), now)
    outbox.forget_traces(tx, [i for i, _ in outbox.traces_of(tx, chat)])
