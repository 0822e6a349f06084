"""What can be undone for a minute, and by whom: taking a case, giving it back, raising its level.

Of each case the last such act only. It is kept for that minute as a timer, which does nothing when it is due; whatever
is done about the case meanwhile ends it (`custody.touch`), and so does its going to somebody else.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from enum import StrEnum

from handlers.desk import Desk
from handlers.telling import tell
from storage import custody, outbox
from storage.cases import Case
from storage.custody import Timer
from storage.database import Tx
from storage.outbox import Job, Task
from storage.staff import Member


class Done(StrEnum):
    """Named as the text that offers to undo it."""

    CLAIM = "undo-claim"
    RELEASE = "undo-release"
    RAISE = "undo-raise"


@dataclass(frozen=True, slots=True)
class Undoable:
    done: Done
    before: str
    """What is needed to undo it."""


def offer(
    tx: Tx, desk: Desk, member: Member, case: Case, done: Done, now: int, before: str = "", level: str = ""
) -> None:
    """A message with the button; it goes with the time. `before`: what is needed to undo it. `level`: for the text."""
    seconds = desk.terms.undo_seconds
    custody.stop_timers(tx, case, Timer.UNDO)
    if not seconds or member.chat is None:
        return
    token = secrets.token_hex(8)
    record = f"{token} {member.id} {done} {before}"
    outbox.add(tx, Job(Task.TIMER, now + seconds, case=case.case.hex(), tag=Timer.UNDO.value, text=record))
    say, language = desk.texts.say, desk.staff_language
    text = say(language, done.value, reference=case.reference, seconds=seconds, level=level)
    buttons = ((say(language, "undo-button"), f"unact.{case.reference}.{token}"),)
    tell(tx, member, text, now, buttons=buttons, delete_after=seconds)


def take_up(tx: Tx, case: Case, member: Member, token: str, now: int) -> Undoable | None:
    """What this button undoes, once, for whoever did it; None: it is too late, or something else was done since."""
    for job_id, job in outbox.about(tx, {case.case.hex()}):
        if job.task is Task.TIMER and job.tag == Timer.UNDO and job.due > now:
            kept, by, done, before = job.text.split(" ")
            if kept == token and by == member.id:
                outbox.done(tx, job_id)
                return Undoable(Done(done), before)
    return None
