"""A lead sees all cases: the sealed file of any one, open or closed, whoever holds it."""

from __future__ import annotations

from handlers.cards import DAY
from handlers.desk import Desk
from handlers.documents import openers
from handlers.incoming import Incoming
from handlers.operator_limits import may_open
from handlers.outgoing import Send
from storage import cases, meta, outbox, traces
from storage.database import Tx
from storage.outbox import Job, Task
from storage.staff import Member

REFERENCE_CHARS = 9


async def take_turn(desk: Desk, incoming: Incoming, lead: Member) -> None:
    """The lead doesn't hold the case by that: the file is a copy, which is gone from the chat by 47 h."""
    now = desk.clock()

    def work(tx: Tx) -> str:
        traces.leave_of(tx, incoming.chat_id, incoming.message_id, now, sent=incoming.sent)
        return _hand_out(tx, desk, incoming, lead, now)

    told = await desk.db.write(work)
    desk.post(incoming.chat_id, [Send(incoming.chat_id, told)])
    desk.wake()


def _hand_out(tx: Tx, desk: Desk, incoming: Incoming, lead: Member, now: int) -> str:
    say, language = desk.texts.say, desk.staff_language
    reference = incoming.argument.strip().upper()[:REFERENCE_CHARS]
    if not reference:
        return say(language, "case-how")
    case = cases.by_reference(tx, reference)
    if case is None:
        return say(language, "case-unknown", reference=reference)
    if not openers(tx, case, lead):
        return say(language, "case-closed-to-you", reference=reference)
    if meta.first_time(tx, incoming.update_id, now // DAY):
        if refused := may_open(tx, desk, lead, case, now):
            return refused
        outbox.add(tx, Job(Task.COPY, now, chat=incoming.chat_id, case=case.case.hex()))
    return say(language, "file-coming", reference=reference)
