"""What did not arrive, for an admin: kind, hour, why, and of a reply the reference of its case."""

from __future__ import annotations

from handlers.desk import Desk
from handlers.incoming import Incoming
from handlers.outgoing import Send
from storage import undelivered
from storage.undelivered import Letter

MOST_SHOWN = 30
DAY, HOUR = 86_400, 3_600
KNOWN = ("reply", "alert", "code", "case", "notice", "edit", "status")
"""Kinds with a name of their own; the others are views, which come again."""


async def show(desk: Desk, incoming: Incoming) -> None:
    letters = await desk.db.read(undelivered.everything)
    desk.post(incoming.chat_id, [Send(incoming.chat_id, _page(desk, letters))])


def _page(desk: Desk, letters: list[Letter]) -> str:
    say, language = desk.texts.say, desk.staff_language
    if not letters:
        return say(language, "undelivered-none", days=undelivered.KEPT_DAYS)
    lines = [say(language, "undelivered-title", n=len(letters), days=undelivered.KEPT_DAYS), ""]
    lines += [_line(desk, one) for one in letters[:MOST_SHOWN]]
    if len(letters) > MOST_SHOWN:
        lines.append("…")
    return "\n".join([*lines, "", say(language, "undelivered-what-to-do")])


def _line(desk: Desk, one: Letter) -> str:
    say, language = desk.texts.say, desk.staff_language
    kind = say(language, f"undelivered-kind-{one.kind if one.kind in KNOWN else 'other'}")
    why = say(language, f"undelivered-why-{one.why}")
    when = f"{desk.texts.day(language, one.hour // DAY)}, {one.hour % DAY // HOUR:02} h UTC"
    return " · ".join(filter(None, [when, one.reference, kind, why]))
