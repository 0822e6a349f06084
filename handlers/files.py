"""A file that the holder asked the requester for: fetched, sealed to the case, handed over; gone from the chat.

The holder presses; the requester is asked, in words that say nothing; their next file within the time is taken, one.
It is fetched straight into the seal (`storage.file_seal`), so nothing of it is ever stored that the service could read.
"""

from __future__ import annotations

from dataclasses import replace

from handlers import staff_notices
from handlers.desk import Desk
from handlers.documents import openers
from handlers.notes import Note
from handlers.outgoing import Fetch, Outgoing, SendDocument
from handlers.telling import tell
from intake.lifecycle import Status
from storage import cases, custody, files, locks, outbox, traces
from storage.cases import Case
from storage.database import Tx
from storage.envelope import Who
from storage.file_seal import FileSealer, build_file
from storage.outbox import Job, Task
from storage.sealing import only_slots

DAY, HOUR = 86_400, 3_600
WAITS_SECONDS = DAY
"""For so long the requester's next file is taken."""
WANTED = "file-wanted"
"""Tag of the message that asks for one."""
MEGABYTE = 1024 * 1024
MOST_FILES = 20
"""Of one case, from its requester and to them: 400 MB at most."""


def handed(tx: Tx, desk: Desk, job_id: bytes, job: Job) -> Outgoing | None:
    case = cases.by_id(tx, bytes.fromhex(job.case))
    holder = custody.holder_of(tx, case)
    sealed = files.get(tx, case.case, int(job.tag)) if case is not None else None
    if case is None or sealed is None or holder is None or holder.chat is None:
        return None
    lock = locks.get(tx, case.case)
    content = build_file(
        reference=case.reference,
        case=case.case,
        public=lock.public,
        slots=only_slots(lock.slots, openers(tx, case, holder)),
        sequence=int(job.tag),
        sealed=sealed,
    )
    name = f"{case.reference}-file-{int(job.tag):x}.postern"
    words = "file-document" if sealed.who is Who.REQUESTER else "file-document-sent"
    caption = desk.texts.say(desk.staff_language, words, reference=case.reference, name=name)
    note = Note("document", case.case.hex(), job=job_id.hex())
    return SendDocument(holder.chat, name, content, caption, protect=False, note=str(note))


def fetch(tx: Tx, job_id: bytes, job: Job) -> Outgoing | None:
    case = cases.by_id(tx, bytes.fromhex(job.case))
    if case is None or case.contact is None:
        return None  # it was closed meanwhile: the message goes with what else is noted
    public = locks.get(tx, case.case).public
    sealer = FileSealer(case.case, public, files.new_sequence(), job.tag.partition("|")[2])
    return Fetch(job.chat, job.text, sealer, note=str(Note("fetch", job.case, job=job_id.hex())))


def fetched(tx: Tx, desk: Desk, job: Job, call: Fetch, now: int) -> None:
    """All of it is here: it is sealed and kept, its message goes, and both sides hear of it."""
    case = cases.by_id(tx, bytes.fromhex(job.case))
    if case is None or not isinstance(call.into, FileSealer):
        return
    files.add(tx, case.case, call.into.sequence, now // DAY, call.into.finish())
    _remove_message(tx, job, now)
    if case.contact is not None:
        text = desk.texts.say(case.contact.language, "file-taken", reference=case.reference)
        tell_requester(tx, case, text, now, delete_after=desk.terms.reply_seconds)
    if case.holder is not None:
        outbox.add(tx, Job(Task.FILE, now, case=job.case, tag=str(call.into.sequence)))
    elif case.status is Status.OPEN:
        staff_notices.waits_again(tx, case, staff_notices.seen_at(tx, desk, case, now))


def not_fetched(tx: Tx, desk: Desk, job: Job, now: int) -> None:
    """Telegram doesn't give it, or not for days: it is deleted unread, and both sides hear of it."""
    _remove_message(tx, job, now)
    case = cases.by_id(tx, bytes.fromhex(job.case))
    if case is None:
        return
    if case.contact is not None:
        text = desk.texts.say(case.contact.language, "file-not-taken", reference=case.reference)
        tell_requester(tx, case, text, now, delete_after=desk.terms.reply_seconds)
    text = desk.texts.say(desk.staff_language, "file-not-fetched", reference=case.reference)
    tell(tx, custody.holder_of(tx, case), text, now, about=case.case)


def _remove_message(tx: Tx, job: Job, now: int) -> None:
    traces.hasten(tx, job.chat, [int(job.tag.partition("|")[0])], now)


def let_go(tx: Tx, case: Case, now: int) -> None:
    """The case ends before its requester's file was fetched: that goes from the chat, unread."""
    for job_id, job in outbox.about(tx, {case.case.hex()}):
        if job.task is Task.FETCH:
            _remove_message(tx, job, now)
            outbox.done(tx, job_id)


def asked(tx: Tx, case_id: str, now: int) -> None:
    """The request has arrived: from now on the requester has as long as it says."""
    case = cases.by_id(tx, bytes.fromhex(case_id)) if case_id else None
    if case is not None and case.facts.file_until:
        cases.save_facts(tx, case, replace(case.facts, file_until=now + WAITS_SECONDS))


def not_asked(tx: Tx, desk: Desk, job: Job, now: int) -> None:
    """The request did not arrive: nothing is waited for, and its holder hears of it."""
    case = cases.by_id(tx, bytes.fromhex(job.case)) if job.case else None
    if case is not None and case.facts.file_until:
        cases.save_facts(tx, case, replace(case.facts, file_until=0))
        text = desk.texts.say(desk.staff_language, "file-ask-failed", reference=case.reference)
        tell(tx, custody.holder_of(tx, case), text, now, about=case.case)


def tell_requester(tx: Tx, case: Case, text: str, now: int, *, delete_after: int, tag: str = "") -> None:
    if case.contact is not None:
        job = Job(Task.SEND, now, case=case.case.hex(), chat=case.contact.chat, text=text, tag=tag)
        outbox.add(tx, replace(job, delete_after=delete_after))
