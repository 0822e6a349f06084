"""A newcomer who has to wait: one polite line, and nothing is remembered."""

from __future__ import annotations

from math import ceil

from handlers.desk import Desk
from handlers.incoming import Incoming, Kind
from handlers.outgoing import Answer, Send
from storage import traces
from storage.code import read as read_code


async def take_turn(desk: Desk, incoming: Incoming, seconds: float, *, may_tell: bool) -> None:
    """`may_tell`: whether there is room for the line; a press is answered with it in any case."""
    languages = desk.questionnaire.languages
    language = incoming.language_code if incoming.language_code in languages else languages[0]
    line = desk.texts.say(language, "busy", n=ceil(seconds / 60))
    if incoming.kind is Kind.PRESS:
        desk.post(incoming.chat_id, [Answer(incoming.query_id, line, alert=True)])
    elif may_tell:
        desk.post(incoming.chat_id, [Send(incoming.chat_id, line)])
    found = read_code(incoming.text) if incoming.kind is Kind.TEXT else None
    if found is not None:
        # A code must not stay on the phone; words behind it only until they can be sent again.
        due_in = desk.terms.draft_seconds if found[1] else 0
        await desk.db.write(
            lambda tx: traces.leave_of(
                tx, incoming.chat_id, incoming.message_id, desk.clock(), sent=incoming.sent, due_in=due_in
            ),
            lane=desk.vault.account(incoming.chat_id),
        )
        desk.wake()
