"""An operator's typed reply: it goes on its way, or its writer is asked first, and it is gone from here."""

from __future__ import annotations

import re

from handlers import operator_doubt, reply_states
from handlers.cards import DAY
from handlers.desk import Desk
from handlers.incoming import Incoming
from handlers.operator_sending import send_reply
from handlers.outgoing import Delete, Send
from handlers.screens import letters_of
from intake.events import MAX_TEXT_BYTES
from intake.trail import Event
from storage import audit, cases, custody, meta, replies, traces
from storage.cases import Case
from storage.database import Tx
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
        values = {"over": letters_of(text, over), "room": letters_of(text, MAX_TEXT_BYTES)}
        told = say(language, "reply-too-long", **values)
        desk.post(incoming.chat_id, [Send(incoming.chat_id, told)])
        return
    now = desk.clock()

    def work(tx: Tx) -> Case | None:
        case = case_of(tx, member, incoming.reply_to)
        if case is None:
            traces.leave_of(tx, incoming.chat_id, incoming.message_id, now, sent=incoming.sent)
            return None
        if not meta.first_time(tx, incoming.update_id, now // DAY):
            return case
        if operator_doubt.is_doubtful(case, text):
            operator_doubt.hold(tx, desk, member, case, text, now)
        else:
            send_reply(tx, desk, member, case, text, now)
        if incoming.message_id is not None:
            traces.leave(tx, traces.Trace(incoming.chat_id, incoming.message_id, now, now))
        return case

    case = await desk.db.write(work)
    if case is None:
        desk.post(incoming.chat_id, [Send(incoming.chat_id, say(language, "operator-reply-how"))])
        return
    if incoming.message_id is not None:
        desk.post(incoming.chat_id, [Delete(incoming.chat_id, (incoming.message_id,))])
    desk.wake()  # the line that tells how it stands, or the question


def case_of(tx: Tx, member: Member, message: int | None) -> Case | None:
    """The case that this message of the member's chat is about, if they hold it."""
    return next((c for c in cases.held_by(tx, member.id) if message in c.facts.documents), None)


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
