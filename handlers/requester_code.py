"""The message that shows a new return code: it deletes itself, later if the requester asks for time."""

from __future__ import annotations

from dataclasses import replace

from handlers.desk import Desk
from handlers.incoming import Incoming
from handlers.outgoing import Answer, Delete
from storage import traces
from storage.code import show
from storage.database import Tx
from storage.outbox import Job, Task

PREFIX = "code."
SHOWN_SECONDS = 60
LONGER_SECONDS = 5 * 60


def message(desk: Desk, language: str, code: str, chat: int, now: int) -> Job:
    """It goes through the outbox, because nobody could ever make this code again; it does not name the case."""
    say = desk.texts.say
    buttons = (
        (say(language, "code-written-button"), f"{PREFIX}written.{language}"),
        (say(language, "code-longer-button"), f"{PREFIX}longer.{language}"),
    )
    text = say(language, "code", code=show(code))
    return Job(
        Task.SEND,
        now,
        urgent=True,
        chat=chat,
        text=text,
        buttons=buttons,
        delete_after=SHOWN_SECONDS,
        tag="code",
    )


async def take_turn(desk: Desk, incoming: Incoming) -> None:
    """A button under the code. It works on the message it is on: nothing is kept that leads to the case."""
    now = desk.clock()
    _, _, rest = incoming.data.partition(".")
    action, _, language = rest.partition(".")
    if incoming.message_id is None:
        return
    message_id, chat = incoming.message_id, incoming.chat_id
    if language not in desk.questionnaire.languages or action not in {"written", "longer"}:
        desk.post(chat, [Answer(incoming.query_id)])
        return
    due = now if action == "written" else now + LONGER_SECONDS

    def work(tx: Tx) -> None:
        for trace_id, trace in traces.of_chat(tx, chat):
            if trace.message == message_id:
                traces.forget(tx, [trace_id])
                traces.leave(tx, replace(trace, due=due))

    await desk.db.write(work, lane=desk.vault.account(chat))
    if action == "written":
        desk.post(chat, [Answer(incoming.query_id), Delete(chat, (message_id,))])
    else:
        desk.post(chat, [Answer(incoming.query_id, desk.texts.say(language, "code-longer-done"))])
    desk.wake()
