"""An operator's reply: sealed to the case, sealed to the return code or sent to the chat, and gone from here."""

from __future__ import annotations

import re

from handlers import reply_states
from handlers.cards import DAY
from handlers.desk import Desk
from handlers.incoming import Incoming
from handlers.outgoing import Delete, Send
from handlers.reply_states import SEEN
from intake.events import MAX_TEXT_BYTES
from intake.trail import Event
from storage import audit, cases, custody, locks, meta, outbox, replies, served, thread, traces
from storage.cases import Case
from storage.database import Tx
from storage.envelope import Who
from storage.outbox import Job, Task
from storage.replies import State
from storage.sealing import Sealer
from storage.staff import Member

REPLY_ID = re.compile(r"[0-9a-f]{32}")


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
        audit.note(tx, Event.REPLIED, member, now, case=case.case)
        custody.touch(tx, case.case, now)
        if incoming.message_id is not None:
            traces.leave(tx, traces.Trace(incoming.chat_id, incoming.message_id, now, now))
        return case

    case = await desk.db.write(work)
    if case is None:
        desk.post(incoming.chat_id, [Send(incoming.chat_id, say(language, "operator-reply-how"))])
        return
    if incoming.message_id is not None:
        desk.post(incoming.chat_id, [Delete(incoming.chat_id, (incoming.message_id,))])
    desk.wake()  # the line that tells how it stands


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
    served.replied(tx, case, now, desk.terms.service)
    by_code = case.contact is None
    reply = replies.add(tx, case.case, State.BY_CODE if by_code else State.QUEUED, now)
    reply_states.status_due(tx, case.case, reply, now)
    if case.contact is not None:
        language = case.contact.language
        shown = desk.texts.say(
            language,
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
                buttons=((desk.texts.say(language, "seen-button"), f"{SEEN}{reply.hex()}"),),
                delete_after=desk.terms.reply_seconds,
                tag="reply",
                reply=reply.hex(),
            ),
        )


def send_again(tx: Tx, desk: Desk, member: Member, reply: str, now: int) -> tuple[str, bool]:
    """A reply that failed, once more. Only its holder can, and only while it is kept."""
    say, language = desk.texts.say, desk.staff_language
    found = replies.get(tx, bytes.fromhex(reply)) if REPLY_ID.fullmatch(reply) else None
    case = cases.by_id(tx, found[0]) if found is not None else None
    if case is None or case.holder != member.id:
        return say(language, "send-again-not-yours"), True
    if not reply_states.send_again(tx, case, reply, now):
        return say(language, "send-again-too-late"), True
    audit.note(tx, Event.REPLIED, member, now, case=case.case)
    custody.touch(tx, case.case, now)
    return say(language, "send-again-done", reference=case.reference), False
