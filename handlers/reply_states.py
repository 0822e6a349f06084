"""How a reply stands, told to whoever holds its case: one line in their chat, edited in place.

The line is owed like everything that must reach somebody (`Task.STATUS`), and made anew from the row when it goes out.
It is a message of the case: the holder can answer by replying to it, and it goes when they no longer hold the case.
"""

from __future__ import annotations

from dataclasses import replace

from handlers.desk import Desk
from handlers.notes import Note
from handlers.outgoing import Button, Edit, Keyboard, Outgoing, Send, SendDocument
from handlers.stored_file import document
from handlers.telling import tell
from storage import cases, custody, handouts, outbox, replies, traces, undelivered
from storage.cases import Case
from storage.database import Tx
from storage.outbox import Job, Task
from storage.replies import Attached, Reply, State, Why

DAY, HOUR = 86_400, 3_600
SEEN = "seen."
"""With the reply's id, the payload of the button on the requester's message."""
AGAIN = "again"
KEPT_SECONDS = DAY
"""For so long a reply that failed lies here, wrapped, so that it can be sent again without being written again."""


def owe(
    tx: Tx,
    desk: Desk,
    case: Case,
    reply: str,
    text: str,
    now: int,
    *,
    asks: bool = True,
    file: tuple[int, str] | None = None,
) -> None:
    """What goes to the requester's chat as this reply. `asks`: whether it was read; `file`: as in `Job.file`."""
    if case.contact is not None:
        seen = desk.texts.say(case.contact.language, "seen-button"), f"{SEEN}{reply}"
        job = Job(
            Task.SEND,
            now,
            case=case.case.hex(),
            chat=case.contact.chat,
            text=text,
            buttons=(seen,) if asks else (),
            delete_after=desk.terms.reply_seconds,
            tag="reply",
            reply=reply,
            file=file,
        )
        outbox.add(tx, job)


def status_due(tx: Tx, case: bytes, reply_id: bytes, now: int) -> None:
    outbox.add(tx, Job(Task.STATUS, now, case=case.hex(), reply=reply_id.hex()))


def status(tx: Tx, desk: Desk, job_id: bytes, job: Job) -> Outgoing | None:
    """The line as it should be now; None: nobody holds the case, or the reply is forgotten."""
    found = replies.get(tx, bytes.fromhex(job.reply))
    case = cases.by_id(tx, found[0]) if found is not None else None
    holder = custody.holder_of(tx, case)
    if found is None or case is None or holder is None or holder.chat is None:
        return None
    reply = found[1]
    kept = reply.state is State.FAILED and kept_job(tx, case, job.reply) is not None
    text, keyboard = _text(desk, case, reply, kept=kept), _buttons(desk, job.reply, kept=kept)
    if reply.message is not None and reply.holder == holder.id:
        return Edit(holder.chat, reply.message, text, keyboard, resend=False)
    return Send(holder.chat, text, keyboard, note=str(Note("status", case.case.hex(), job=job_id.hex())))


def kept_job(tx: Tx, case: Case, reply: str) -> tuple[bytes, Job] | None:
    """The failed reply itself, while it is kept."""
    for job_id, job in outbox.about(tx, {case.case.hex()}):
        if job.task is Task.KEPT and job.reply == reply:
            return job_id, job
    return None


def _text(desk: Desk, case: Case, reply: Reply, *, kept: bool) -> str:
    say, language = desk.texts.say, desk.staff_language
    name = f"reply-failed-{reply.why}" if reply.why is not None else f"reply-state-{reply.state}"
    head = f"reply-state-file-{reply.file}" if reply.file else "reply-state"
    hours = desk.terms.reply_seconds // HOUR
    parts = [
        say(language, head, reference=case.reference, number=reply.number),
        say(language, name, when=when(desk, reply.hour), hours=hours),
    ]
    if reply.twice:
        parts.append(say(language, "reply-state-twice"))
    if kept:
        parts.append(say(language, "reply-kept-for-now", hours=KEPT_SECONDS // HOUR))
    return "\n".join(parts)


def when(desk: Desk, hour: int) -> str:
    """`hour`: Unix seconds, cut to the hour."""
    clock = hour % DAY // HOUR
    day = desk.texts.day_of_year(desk.staff_language, hour // DAY)
    return f"{day}, {clock:02}:00–{(clock + 1) % 24:02}:00 UTC"


def _buttons(desk: Desk, reply: str, *, kept: bool) -> Keyboard:
    if not kept:
        return ()
    return ((Button(desk.texts.say(desk.staff_language, "send-again-button"), f"{AGAIN}.{reply}"),),)


def message(tx: Tx, desk: Desk, job_id: bytes, job: Job) -> Outgoing | None:
    """The reply to the requester. A copy that may be the second one says so, because it could read like a new reply."""
    case = cases.by_id(tx, bytes.fromhex(job.case))
    if case is None or case.contact is None:
        return None
    head = desk.texts.say(case.contact.language, "reply-again")
    again = f"{head}\n\n{job.text}"
    keyboard = tuple((Button(label, data),) for label, data in job.buttons)
    note = str(Note("reply", job.case, job.delete_after, job_id.hex()))
    if job.file is not None:
        made = document(desk, job.chat, case.case, job.file, case.contact.language)
        caption = again if job.posted else job.text
        return replace(made, caption=caption, keyboard=keyboard, note=note, again=again)
    return Send(job.chat, again if job.posted else job.text, keyboard, note=note, again=again)


def delivered(tx: Tx, job: Job, call: Outgoing, now: int) -> str:
    """The mark of its message's trace."""
    found = replies.get(tx, bytes.fromhex(job.reply))
    if found is None:
        return ""
    case, reply = found
    twice = (isinstance(call, Send) and call.text == call.again) or (
        isinstance(call, SendDocument) and call.caption == call.again
    )
    # Of a sealed file, what went to the requester without a file is the word that it waits.
    waits = reply.file is Attached.SEALED and job.file is None
    state = State.WAITING if waits else State.DELIVERED
    move(tx, job.reply, case, replace(reply, state=state, why=None, twice=twice), now)
    undelivered.strike(tx, _letter(tx, job.reply))
    return traces.WAITS if waits else ""


def failed(tx: Tx, desk: Desk, job_id: bytes, job: Job, why: Why, now: int) -> None:
    """Its holder hears of it, and so do the admins. It is kept for a while, where sending it again may help.

    A case that was about to be closed stays with its holder, who would hear of nothing any more once it is closed.
    """
    found = replies.get(tx, bytes.fromhex(job.reply))
    case = cases.by_id(tx, found[0]) if found is not None else None
    if found is None or case is None:
        outbox.done(tx, job_id)
        return
    if why in {Why.BLOCKED, Why.TOO_LATE} and job.task is Task.SEND:
        outbox.postpone(tx, job_id, replace(job, task=Task.KEPT, due=now + KEPT_SECONDS, tries=0, since=0))
        status_due(tx, case.case, bytes.fromhex(job.reply), now + KEPT_SECONDS + 1)  # without its button
    else:
        outbox.done(tx, job_id)
    letter = _letter(tx, job.reply)
    undelivered.note(tx, "reply", why, now, letter=letter, case=job.case, reference=case.reference)
    move(tx, job.reply, case.case, replace(found[1], state=State.FAILED, why=why), now)
    if custody.stay_open(tx, case):
        _tell_holder(tx, desk, case, "closing-stopped-reply", now)


def chat_forgotten(tx: Tx, desk: Desk, case: Case, now: int) -> None:
    """The requester has chosen a code: what was on its way to the chat arrives nowhere, and is seen not to."""
    for job_id, job in outbox.about(tx, {case.case.hex()}):
        if job.reply and job.task in {Task.SEND, Task.KEPT}:
            failed(tx, desk, job_id, job, Why.DELETED, now)
    for waiting in handouts.of(tx, case.case):
        found = replies.get(tx, waiting.reply)
        if waiting.code_tag is not None and found is not None:
            lost = replace(found[1], state=State.FAILED, why=Why.DELETED)
            move(tx, waiting.reply.hex(), case.case, lost, now)
    handouts.forget_own_of(tx, [case.case])
    if case.contact is not None:
        traces.hasten_waits(tx, case.contact.chat, now)


def _tell_holder(tx: Tx, desk: Desk, case: Case, name: str, now: int) -> None:
    text = desk.texts.say(desk.staff_language, name, reference=case.reference)
    tell(tx, custody.holder_of(tx, case), text, now, about=case.case)


def send_again(tx: Tx, case: Case, reply_id: str, now: int) -> bool:
    """False: it is not kept any longer."""
    kept = kept_job(tx, case, reply_id)
    found = replies.get(tx, bytes.fromhex(reply_id))
    if kept is None or found is None:
        return False
    outbox.postpone(tx, kept[0], replace(kept[1], task=Task.SEND, due=now))
    move(tx, reply_id, case.case, replace(found[1], state=State.QUEUED, why=None), now)
    return True


def seen(tx: Tx, reply_id: str, chat: int, now: int) -> None:
    """The requester says so, in the chat that the reply was sent to. A second time changes nothing."""
    found = replies.get(tx, bytes.fromhex(reply_id))
    case = cases.by_id(tx, found[0]) if found is not None else None
    if found is None or case is None or case.contact is None or case.contact.chat != chat:
        return
    if found[1].state is not State.SEEN:  # pressing shows that it was delivered, even if we never heard
        kept = kept_job(tx, case, reply_id)
        if kept is not None:
            outbox.done(tx, kept[0])
        undelivered.strike(tx, _letter(tx, reply_id))
        move(tx, reply_id, case.case, replace(found[1], state=State.SEEN, why=None), now)


def line_lost(tx: Tx, job: Job, now: int) -> None:
    """The line is not there any more, because it was deleted: it is told in a new one."""
    found = replies.get(tx, bytes.fromhex(job.reply)) if job.task is Task.STATUS else None
    if found is not None and found[1].message is not None:
        replies.save(tx, bytes.fromhex(job.reply), replace(found[1], message=None))
        status_due(tx, found[0], bytes.fromhex(job.reply), now)


def remember_line(tx: Tx, job: Job, message: int) -> None:
    found = replies.get(tx, bytes.fromhex(job.reply))
    case = cases.by_id(tx, found[0]) if found is not None else None
    if found is not None and case is not None and case.holder is not None:
        replies.save(tx, bytes.fromhex(job.reply), replace(found[1], holder=case.holder, message=message))


def _letter(tx: Tx, reply_id: str) -> bytes:
    """The dead letter's id. A reply's own would lead whoever has the file from the list to the case."""
    return tx.vault.tag("letter of reply", bytes.fromhex(reply_id))


def move(tx: Tx, reply_id: str, case: bytes, reply: Reply, now: int) -> None:
    """To another state; its line says so."""
    replies.save(tx, bytes.fromhex(reply_id), replace(reply, hour=now - now % HOUR))
    status_due(tx, case, bytes.fromhex(reply_id), now)
