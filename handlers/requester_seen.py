"""The button under a reply: "I have read this". Whoever holds the case sees that, to the hour.

It works on the message it is on, whatever became of the case; what it says and what it answers tell nothing.
"""

from __future__ import annotations

import re

from handlers import reply_states
from handlers.desk import Desk
from handlers.incoming import Incoming
from handlers.outgoing import Answer, Buttons
from storage import drafts
from storage.database import Tx

PREFIX = reply_states.SEEN
_ID = re.compile(r"[0-9a-f]{32}")


async def take_turn(desk: Desk, incoming: Incoming) -> None:
    reply = incoming.data.removeprefix(PREFIX)
    if incoming.message_id is None or not _ID.fullmatch(reply):
        desk.post(incoming.chat_id, [Answer(incoming.query_id)])
        return
    now, account = desk.clock(), desk.vault.account(incoming.chat_id)

    def work(tx: Tx) -> str:
        reply_states.seen(tx, reply, incoming.chat_id, now)
        conversation = drafts.load(tx, account)
        chosen = conversation.draft.language if conversation is not None else ""
        return chosen or incoming.language_code

    language = await desk.db.write(work, lane=account)
    languages = desk.questionnaire.languages
    told = desk.texts.say(language if language in languages else languages[0], "seen-noted")
    chat, on = incoming.chat_id, incoming.message_id
    desk.post(chat, [Answer(incoming.query_id, told), Buttons(chat, on)])
    desk.wake()
