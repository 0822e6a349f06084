"""A note for colleagues: sealed to the case, read by whoever opens its file, and by the requester never."""

from __future__ import annotations

from handlers import sealed_entry, typed
from handlers.cards import DAY
from handlers.desk import Desk
from handlers.incoming import Incoming
from handlers.screens import letters_of
from intake.events import MAX_TEXT_BYTES
from intake.trail import Event
from storage import audit, cases, custody, meta, traces
from storage.database import Tx
from storage.envelope import Who
from storage.staff import Member

STAYS_SECONDS = 15 * 60
"""So long a note that was not taken stays in the chat: nothing that somebody wrote may be lost by a slip."""


async def take_turn(desk: Desk, incoming: Incoming, member: Member) -> None:
    """`/note` and the text, as a reply to a message of the case. Once it is sealed it goes from the chat at once."""
    say, language = desk.texts.say, desk.staff_language
    text, now = incoming.argument, desk.clock()
    over = len(text.encode()) - MAX_TEXT_BYTES

    def work(tx: Tx) -> tuple[str, bool]:
        held = cases.held_by(tx, member.id)
        case = next((c for c in held if incoming.reply_to in c.facts.documents), None)
        kept = case is not None and bool(text) and over <= 0
        stays = STAYS_SECONDS if text and not kept else 0
        if incoming.message_id is not None:
            traces.leave(tx, traces.Trace(incoming.chat_id, incoming.message_id, now + stays, now))
        if not text:
            return say(language, "note-how"), False
        if over > 0:
            values = {"over": letters_of(text, over), "room": letters_of(text, MAX_TEXT_BYTES)}
            return say(language, "note-too-long", minutes=STAYS_SECONDS // 60, **values), True
        if case is None:
            return say(language, "note-not-kept", minutes=STAYS_SECONDS // 60), True
        if meta.first_time(tx, incoming.update_id, now // DAY):
            sealed_entry.put(tx, case, Who.NOTE, text, now)
            custody.touch(tx, case.case, now)
            audit.note(tx, Event.NOTED, member, now, case=case.case)
        return say(language, "note-kept", reference=case.reference), False

    told, stays = await desk.db.write(work)
    typed.answer(desk, incoming, told, stays=stays)
