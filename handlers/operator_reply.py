"""An operator's reply: sealed to the case, sealed to the return code or sent to the chat, and gone from here."""

from __future__ import annotations

from handlers.cards import DAY
from handlers.desk import Desk
from handlers.incoming import Incoming
from handlers.outgoing import Delete, Send
from intake.events import MAX_TEXT_BYTES
from storage import cases, locks, meta, outbox, thread, traces
from storage.cases import Case
from storage.database import Tx
from storage.envelope import Who
from storage.outbox import Job, Task
from storage.sealing import Sealer
from storage.staff import Member


async def take_turn(desk: Desk, incoming: Incoming, member: Member) -> None:
    """A text that replies to a message of a case this member holds goes to its requester, and nobody else."""
    say, language = desk.texts.say, desk.staff_language
    text = incoming.text
    over = len(text.encode()) - MAX_TEXT_BYTES
    if over > 0:
        await desk.db.write(
            lambda tx: traces.leave_of(
                tx, incoming.chat_id, incoming.message_id, desk.clock(), sent=incoming.sent
            )
        )
        told = say(language, "reply-too-long", over=over, room=MAX_TEXT_BYTES)
        desk.post(incoming.chat_id, [Send(incoming.chat_id, told)])
        return
    now = desk.clock()

    def work(tx: Tx) -> Case | None:
        case = _case_of(tx, member, incoming.reply_to)
        if case is None:
            traces.leave_of(tx, incoming.chat_id, incoming.message_id, now, sent=incoming.sent)
            return None
        if not meta.first_time(tx, incoming.update_id, now // DAY):
            return case
        _keep(tx, desk, case, text, now)
        if incoming.message_id is not None:
            traces.leave(tx, traces.Trace(incoming.chat_id, incoming.message_id, now, now))
        return case

    case = await desk.db.write(work)
    if case is None:
        desk.post(incoming.chat_id, [Send(incoming.chat_id, say(language, "operator-reply-how"))])
        return
    told = say(language, "reply-kept" if case.contact else "reply-kept-code", reference=case.reference)
    calls: list[Delete | Send] = [Send(incoming.chat_id, told)]
    if incoming.message_id is not None:
        calls.insert(0, Delete(incoming.chat_id, (incoming.message_id,)))
    desk.post(incoming.chat_id, calls)
    desk.wake()


def _case_of(tx: Tx, member: Member, message: int | None) -> Case | None:
    return next((c for c in cases.held_by(tx, member.id) if message in c.facts.documents), None)


def _keep(tx: Tx, desk: Desk, case: Case, text: str, now: int) -> None:
    """Sealed to the case for the next holder; to the code, or on its way to the chat."""
    sequence = thread.next_sequence(tx, case.case)
    question = Who.ORGANISATION.question
    box = Sealer(case.case, locks.get(tx, case.case).public).seal(question, sequence, text.encode())
    code_box = None
    if case.code_key is not None:
        code_box = Sealer(case.case, case.code_key).seal(question, sequence, text.encode())
    thread.add(tx, case.case, thread.Entry(sequence, Who.ORGANISATION, now // DAY, box, code_box))
    if case.contact is not None:
        shown = desk.texts.say(
            case.contact.language,
            "reply",
            text=text,
            organisation=desk.terms.organisation,
            reference=case.reference,
            hours=desk.terms.reply_seconds // 3_600,
        )
        outbox.add(
            tx,
            Job(
                Task.SEND,
                now,
                case=case.case.hex(),
                chat=case.contact.chat,
                text=shown,
                delete_after=desk.terms.reply_seconds,
                tag="reply",
            ),
        )
