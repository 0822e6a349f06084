"""A newcomer who has to wait: a place in the line, and one polite line."""

from __future__ import annotations

from collections.abc import Sequence

from handlers.desk import Desk
from handlers.incoming import NEVER_KEPT, Incoming, Kind
from handlers.outgoing import Answer, Send
from storage import traces
from storage.code import read as read_code
from storage.database import Tx

SOME_MINUTES = 3.0
"""Nobody is told a number below that, or before the pace is known."""
MINUTES = (5, 10, 15, 20, 30, 45)
"""As coarse as what is known of it; and words that fit each of them in every language."""


def line_up(desk: Desk, incoming: Incoming, account: bytes, now: float) -> None:
    """`now`: seconds of a monotonic clock. Whoever writes is told later, by `tell`; a press, and whoever has no place,
    at once; as far as there is room for it.
    """
    has_place = desk.admission.line_up(account, incoming, now)
    if incoming.kind is Kind.PRESS:
        if desk.admission.may_alert(account, now):
            line = _line(desk, incoming, now, has_place=has_place)
            desk.post(incoming.chat_id, [Answer(incoming.query_id, line, alert=True)])
    elif not has_place and desk.admission.may_tell(now):
        desk.post(incoming.chat_id, [Send(incoming.chat_id, _line(desk, incoming, now, has_place=False))])


def tell(desk: Desk, now: float) -> None:
    """Those who have waited for a moment, and still do."""
    for knock in desk.admission.to_tell(now):
        desk.post(knock.chat_id, [Send(knock.chat_id, _line(desk, knock, now, has_place=True))])


def _line(desk: Desk, incoming: Incoming, now: float, *, has_place: bool) -> str:
    languages = desk.questionnaire.languages
    language = incoming.language_code if incoming.language_code in languages else languages[0]
    if not has_place:
        return desk.texts.say(language, "busy-full")
    return words(desk, language, desk.admission.minutes(now))


def words(desk: Desk, language: str, minutes: float | None) -> str:
    """That somebody has a place, and for about how long they will wait."""
    if minutes is None or minutes <= SOME_MINUTES:
        return desk.texts.say(language, "busy-some")
    told = next((each for each in MINUTES if minutes <= each), None)
    if told is None:
        return desk.texts.say(language, "busy-long")
    return desk.texts.say(language, "busy-minutes", n=told)


async def clear(desk: Desk, incoming: Incoming) -> None:
    """A code, a photo, a contact, a place: these must not stay on the phone while its owner waits; words behind a code
    only until they can be sent again."""
    found = read_code(incoming.text) if incoming.kind is Kind.TEXT else None
    if found is None and incoming.kind not in NEVER_KEPT:
        return
    due_in = desk.terms.draft_seconds if found is not None and found[1] else 0
    await desk.db.write(
        lambda tx: traces.leave_of(
            tx, incoming.chat_id, incoming.message_id, desk.clock(), sent=incoming.sent, due_in=due_in
        ),
        lane=desk.vault.account(incoming.chat_id),
    )
    desk.wake()


async def note(desk: Desk, knock: Incoming, messages: Sequence[int]) -> None:
    """What somebody wrote while they waited goes with the rest of their conversation."""
    if not messages:
        return

    def work(tx: Tx) -> None:
        for message in messages:
            traces.leave_of(tx, knock.chat_id, message, desk.clock(), sent=knock.sent)

    await desk.db.write(work, lane=desk.vault.account(knock.chat_id))
