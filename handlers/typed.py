"""The answer to what one of the staff has typed or pasted, which goes from the chat at once where it is not wanted."""

from __future__ import annotations

from handlers.desk import Desk
from handlers.incoming import Incoming
from handlers.outgoing import Delete, Send


def answer(desk: Desk, incoming: Incoming, told: str, *, stays: bool = False) -> None:
    """After the commit; `stays`: what was typed is left for a while, so that nothing of it is lost."""
    calls: list[Delete | Send] = [Send(incoming.chat_id, told)]
    if incoming.message_id is not None and not stays:
        calls.insert(0, Delete(incoming.chat_id, (incoming.message_id,)))
    desk.post(incoming.chat_id, calls)
    desk.wake()
