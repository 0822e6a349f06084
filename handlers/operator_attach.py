"""A file that the holder of a case sends its requester: asked about, then on its way (`handlers.attachments`).

It is sent as every reply is: as a reply to a message of the case. Until it is said how it is to go, nothing of it is
here but Telegram's id of it, wrapped; after half an hour that is dropped, and the upload deleted.
"""

from __future__ import annotations

from dataclasses import replace

from handlers import attachments, operator_reply, reply_states
from handlers.attachments import Upload, kind_words
from handlers.cards import DAY
from handlers.desk import Desk
from handlers.documents import MOST_DOCUMENTS
from handlers.files import HOUR, MEGABYTE, MOST_FILES
from handlers.fresh_code import FreshCode, fresh_code
from handlers.incoming import Incoming
from handlers.kept import HELD_SECONDS, still_kept
from handlers.outgoing import Answer, Delete
from handlers.telling import Told, tell
from intake.trail import Event
from storage import audit, cases, custody, files, meta, outbox, replies, traces
from storage.cases import Case
from storage.database import Tx
from storage.file_seal import MAX_FILE_BYTES
from storage.outbox import Job, Task
from storage.replies import Attached, State
from storage.staff import Member
from storage.traces import LONGEST_TRACE

ATTACH = "attach"
"""Tag of the job that is such a file while its sender is asked."""
VERBS = {"asitis": Attached.PLAIN, "sealit": Attached.SEALED, "nofile": Attached.NONE}


async def take_turn(desk: Desk, incoming: Incoming, member: Member) -> None:
    now = desk.clock()

    def work(tx: Tx) -> None:
        if not meta.first_time(tx, incoming.update_id, now // DAY):
            return
        case = operator_reply.case_of(tx, member, incoming.reply_to)
        refused = _refusal(tx, desk, case, incoming)
        kept = 0 if refused else HELD_SECONDS
        traces.leave_of(tx, incoming.chat_id, incoming.message_id, now, sent=incoming.sent, due_in=kept)
        if refused or case is None:
            tell(tx, member, refused, now)
        else:
            _ask(tx, desk, member, case, incoming, now)

    await desk.db.write(work)
    desk.wake()


def _refusal(tx: Tx, desk: Desk, case: Case | None, incoming: Incoming) -> str:
    say, language = desk.texts.say, desk.staff_language
    if case is None:
        return say(language, "operator-reply-how")
    if incoming.file is None or incoming.message_id is None:
        return say(language, "attach-no-file")
    if incoming.file.size > MAX_FILE_BYTES:
        return say(language, "attach-too-large", size=MAX_FILE_BYTES // MEGABYTE)
    if len(files.sequences(tx, case.case)) >= MOST_FILES:
        return say(language, "attach-too-many", reference=case.reference, most=MOST_FILES)
    return ""


def _ask(tx: Tx, desk: Desk, member: Member, case: Case, incoming: Incoming, now: int) -> None:
    assert incoming.file is not None  # noqa: S101 - otherwise it was refused
    assert incoming.message_id is not None  # noqa: S101
    say, language = desk.texts.say, desk.staff_language
    file, kind = incoming.file, incoming.file.kind
    upload = Upload(file.id, incoming.message_id, kind, file.size, name=member.name)
    job = Job(
        Task.KEPT,
        now + HELD_SECONDS,
        case=case.case.hex(),
        chat=incoming.chat_id,
        text=upload.pack(),
        tag=ATTACH,
    )
    held = outbox.add(tx, job).hex()
    # As a message of the case: it goes from the chat with all the others when the case goes.
    documents = (*case.facts.documents, upload.message)[-MOST_DOCUMENTS:]
    cases.save_facts(tx, case, replace(case.facts, documents=documents))
    by_code = case.code_key is not None
    values = {"reference": case.reference, "organisation": desk.terms.organisation}
    words = kind_words(desk, kind, file.size)
    parts = [say(language, "attach-ask", kind=words, **values)]
    if incoming.captioned:
        parts.append(say(language, "attach-ask-caption"))
    name = "attach-ask-by-code" if by_code else "attach-ask-how"
    parts.append(say(language, name, hours=desk.terms.reply_seconds // HOUR))
    parts.append(say(language, "attach-ask-kept", minutes=HELD_SECONDS // 60))
    buttons = [] if by_code else [(say(language, "attach-plain-button"), f"asitis.{held}")]
    buttons.append((say(language, "attach-sealed-button"), f"sealit.{held}"))
    buttons.append((say(language, "attach-drop-button"), f"nofile.{held}"))
    told = "\n\n".join(parts)
    tell(tx, member, told, now, about=case.case, buttons=buttons, delete_after=HELD_SECONDS)


async def pressed(desk: Desk, incoming: Incoming, member: Member) -> None:
    verb, _, held = incoming.data.partition(".")
    how, now = VERBS[verb], desk.clock()
    code: FreshCode | None = None

    def needs_code(tx: Tx) -> bool:
        found = still_kept(tx, member, held, ATTACH, now)
        return how is Attached.SEALED and found is not None and found[1].code_key is None

    if await desk.db.read(needs_code):
        code = await fresh_code(desk)

    def work(tx: Tx) -> Told:
        if not meta.first_time(tx, incoming.update_id, now // DAY):
            return "", False  # what came of it is shown by the reply's line
        return _decided(tx, desk, member, held, how, code, now)

    text, alert = await desk.db.write(work)
    calls: list[Answer | Delete] = [Answer(incoming.query_id, text, alert)]
    if not alert and incoming.message_id is not None:
        calls.append(Delete(incoming.chat_id, (incoming.message_id,)))
    desk.post(incoming.chat_id, calls)
    desk.wake()


def _decided(
    tx: Tx, desk: Desk, member: Member, held: str, how: Attached, code: FreshCode | None, now: int
) -> Told:
    say, language = desk.texts.say, desk.staff_language
    found = still_kept(tx, member, held, ATTACH, now)
    if found is None:
        return say(language, "attach-too-late"), True
    job, case = found
    upload = Upload.unpack(job.text)
    if how is Attached.NONE:
        outbox.done(tx, bytes.fromhex(held))
        traces.hasten(tx, job.chat, [upload.message], now)
        return say(language, "attach-dropped"), False
    needs_code = how is Attached.SEALED and case.code_key is None
    if needs_code != (code is not None) or (how is Attached.PLAIN and case.code_key is not None):
        return say(language, "attach-changed"), True  # from chat to code, in this very moment
    outbox.done(tx, bytes.fromhex(held))
    reply = replies.add(tx, case.case, State.QUEUED, now, how)
    if code is not None:
        upload = replace(upload, code_tag=code.tag.hex(), code_key=code.public.hex())
        found_reply = replies.get(tx, reply)
        number = found_reply[1].number if found_reply is not None else 0
        outbox.add(tx, attachments.code_message(desk, case, job.chat, code.digits, number, now))
    take = replace(job, task=Task.TAKE, due=now, tag="", reply=reply.hex())
    outbox.add(tx, replace(take, text=replace(upload, how=how).pack()))
    _keep_upload(tx, job.chat, upload.message)
    reply_states.status_due(tx, case.case, reply, now)
    audit.note(tx, Event.FILE_SENT, member, now, case=case.case, detail=how.value)
    custody.touch(tx, case.case, now)
    return say(language, "attach-sent", reference=case.reference), False


def _keep_upload(tx: Tx, chat: int, message: int) -> None:
    """Until it is fetched, which may take days, it stays where it can be fetched from."""
    for trace_id, trace in traces.of_chat(tx, chat):
        if trace.message == message:
            traces.forget(tx, [trace_id])
            traces.leave(tx, replace(trace, due=trace.sent + LONGEST_TRACE))
