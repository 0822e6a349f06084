"""The audit trail for an admin: the latest, a page at a time, of everything or of one person, event or case."""

from __future__ import annotations

from handlers import trail
from handlers.desk import Desk
from handlers.incoming import Incoming
from handlers.outgoing import MAX_BUTTON_DATA, Answer, Button, Edit, Keyboard, Send
from intake.trail import Event
from storage import audit, cases
from storage.audit import Entry, Wanted
from storage.database import Tx

PREFIX = "audit."
LINES = 20
MOST_ASKED = 64
"""Characters: a pseudonym has 32."""
NEWEST = 0
"""Instead of a number to begin before."""


async def show(desk: Desk, incoming: Incoming) -> None:
    text, keyboard = await _page(desk, incoming.argument.strip()[:MOST_ASKED], NEWEST)
    desk.post(incoming.chat_id, [Send(incoming.chat_id, text, keyboard)])


async def turn_page(desk: Desk, incoming: Incoming) -> None:
    """The payload: `audit.<number to begin before>.<what was asked for>`."""
    before, _, asked = incoming.data.removeprefix(PREFIX).partition(".")
    calls: list[Answer | Edit] = [Answer(incoming.query_id)]
    if before.isascii() and before.isdecimal() and len(before) <= 9 and incoming.message_id is not None:
        page = await _page(desk, asked, int(before))
        calls.append(Edit(incoming.chat_id, incoming.message_id, *page))
    desk.post(incoming.chat_id, calls)


async def _page(desk: Desk, asked: str, before: int) -> tuple[str, Keyboard]:
    say, language = desk.texts.say, desk.staff_language

    def work(tx: Tx) -> tuple[list[Entry], dict[bytes, str]]:
        entries = audit.latest(tx, LINES + 1, before or None, _wanted(tx, desk, asked))
        return entries, dict(trail.references(tx, entries))

    found, names = await desk.db.read(work, long=True)
    if not found:
        return say(language, "audit-none" if not asked else "audit-none-of", asked=asked), ()
    entries = found[:LINES]
    lines = trail.by_hour(desk.texts, language, entries, names)
    title = say(language, "audit-title-of", asked=asked) if asked else say(language, "audit-title")
    buttons = []
    if before:
        buttons.append(Button(say(language, "audit-newest-button"), f"{PREFIX}{NEWEST}.{asked}"))
    if len(found) > LINES:
        buttons.append(Button(say(language, "audit-older-button"), f"{PREFIX}{entries[-1].number}.{asked}"))
    fitting = [one for one in buttons if len(one.data.encode()) <= MAX_BUTTON_DATA]
    return "\n".join([title, *lines, "", say(language, "audit-how")]), (tuple(fitting),) if fitting else ()


def _wanted(tx: Tx, desk: Desk, asked: str) -> Wanted:
    """A case's reference, an event as a line names it, or else somebody's pseudonym."""
    if not asked:
        return audit.ALL
    case = cases.id_of(tx, asked.upper())
    if case is not None:
        return Wanted(case=case)
    said = {desk.texts.say(desk.staff_language, f"audit-{event}").casefold(): event for event in Event}
    event = said.get(asked.casefold())
    return Wanted(event=event.value) if event is not None else Wanted(name=asked)
