"""A note for colleagues: sealed to the case, read by whoever opens its file, and by the requester never."""

from __future__ import annotations

from handlers import sealed_entry
from handlers.cards import DAY
from handlers.desk import Desk
from handlers.incoming import Incoming
from handlers.outgoing import Delete, Send
from intake.events import MAX_TEXT_BYTES
from intake.trail import Event
from storage import audit, cases, custody, meta, traces
from storage.database import Tx
from storage.envelope import Who
from storage.staff import Member


async def take_turn(desk: Desk, incoming: Incoming, member: Member) -> None:
    """`/note` and the text, as a reply to a message of the case. It goes from the chat at once in any case."""
    say, language = desk.texts.say, desk.staff_language
    text, now = incoming.argument, desk.clock()
    over = len(text.encode()) - MAX_TEXT_BYTES

    def work(tx: Tx) -> str:
        traces.leave_of(tx, incoming.chat_id, incoming.message_id, now, sent=incoming.sent, due_in=0)
        held = cases.held_by(tx, member.id)
        case = next((c for c in held if incoming.reply_to in c.facts.documents), None)
        if case is None or not text:
            return say(language, "note-how")
        if over > 0:
            return say(language, "reply-too-long", over=over, room=MAX_TEXT_BYTES)
        if meta.first_time(tx, incoming.update_id, now // DAY):
            sealed_entry.put(tx, case, Who.NOTE, text, now)
            custody.touch(tx, case.case, now)
            audit.note(tx, Event.NOTED, member, now, case=case.case)
        return say(language, "note-kept", reference=case.reference)

    told = await desk.db.write(work)
    calls: list[Delete | Send] = [Send(incoming.chat_id, told)]
    if incoming.message_id is not None:
        calls.insert(0, Delete(incoming.chat_id, (incoming.message_id,)))
    desk.post(incoming.chat_id, calls)
    desk.wake()
