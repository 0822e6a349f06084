"""A press on the question whether two persons are of one mind: the question shows what became of it."""

from __future__ import annotations

from handlers import second
from handlers.cards import DAY
from handlers.desk import Desk
from handlers.incoming import Incoming
from handlers.outgoing import Answer, Edit
from storage import meta
from storage.database import Tx
from storage.staff import Member

VERB = "second"


async def pressed(desk: Desk, incoming: Incoming, member: Member) -> None:
    """The payload: `second.yes.<reference>.<token>`, or `second.no` in the same way."""
    _, _, rest = incoming.data.partition(".")
    verdict, _, rest = rest.partition(".")
    reference, _, token = rest.partition(".")
    now, on = desk.clock(), (incoming.chat_id, incoming.message_id or 0)

    def work(tx: Tx) -> tuple[str, bool]:
        if not meta.first_time(tx, incoming.update_id, now // DAY):
            return "", False
        return second.decide(tx, desk, member, reference, token, now, yes=verdict == "yes", on=on)

    text, settled = await desk.db.write(work)
    calls: list[Answer | Edit] = [Answer(incoming.query_id, text, bool(text))]
    if settled and incoming.message_id is not None:
        calls.append(Edit(incoming.chat_id, incoming.message_id, text, resend=False))
    desk.post(incoming.chat_id, calls)
    desk.wake()
