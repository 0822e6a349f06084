"""The accounts that are blocked, for an admin: named by the request that led to each, and lifted one by one."""

from __future__ import annotations

from handlers.desk import Desk
from handlers.incoming import Incoming
from handlers.outgoing import Answer, Button, Edit, Keyboard, Send
from intake.trail import Event
from storage import audit, blocked, cases
from storage.blocked import Block
from storage.database import Tx
from storage.staff import Member

PREFIX = "lift."
MOST_SHOWN = 50
"""The next to end first; the others come into sight when these are gone."""
DAY = 86_400


async def show(desk: Desk, incoming: Incoming) -> None:
    blocks = await desk.db.read(lambda tx: blocked.everyone(tx, desk.clock() // DAY))
    desk.post(incoming.chat_id, [Send(incoming.chat_id, *_page(desk, blocks))])


def _page(desk: Desk, blocks: list[Block]) -> tuple[str, Keyboard]:
    say, language = desk.texts.say, desk.staff_language
    if not blocks:
        return say(language, "blocked-none"), ()
    shown = blocks[:MOST_SHOWN]
    lines = [
        say(language, "blocked-line", reference=one.reference, day=desk.texts.day(language, one.until_day))
        for one in shown
    ]
    rows = tuple(
        (Button(say(language, "lift-button", reference=one.reference), PREFIX + one.reference),)
        for one in shown
    )
    return "\n".join([say(language, "blocked-title", n=len(blocks)), "", *lines]), rows


async def lift(desk: Desk, incoming: Incoming, admin: Member) -> None:
    say, language = desk.texts.say, desk.staff_language
    reference = incoming.data.removeprefix(PREFIX)
    now = desk.clock()
    today = now // DAY

    def work(tx: Tx) -> tuple[bool, list[Block]]:
        meant = [one for one in blocked.everyone(tx, today) if one.reference == reference]
        for one in meant:
            blocked.lift(tx, one.account)
        if meant:
            audit.note(tx, Event.BAR_LIFTED, admin, now, case=cases.id_of(tx, reference))
        return bool(meant), blocked.everyone(tx, today)

    was_there, left = await desk.db.write(work)
    told = say(language, "lifted", reference=reference) if was_there else say(language, "lift-gone")
    calls: list[Answer | Edit] = [Answer(incoming.query_id, told, alert=True)]
    if incoming.message_id is not None:
        calls.append(Edit(incoming.chat_id, incoming.message_id, *_page(desk, left)))
    desk.post(incoming.chat_id, calls)
