"""A typed reply that its requester may not be able to read: before it goes, its writer is asked.

Until they have answered it lies where replies lie that are not delivered: in the outbox, wrapped, one size. It goes
after half an hour at most, so a seized server holds no more of it than of any reply. It is not sealed to the case
before it is sent.
"""

from __future__ import annotations

from handlers.desk import Desk
from handlers.kept import HELD_SECONDS, still_kept
from handlers.operator_sending import send_reply
from handlers.telling import Told, tell
from intake.languages import is_other
from storage import outbox
from storage.cases import Case
from storage.database import Tx
from storage.outbox import Job, Task
from storage.staff import Member

DOUBT = "doubt"
"""Tag of the job that is such a reply."""


def is_doubtful(case: Case, text: str) -> bool:
    """With a return code nothing is asked: of its requester no language is kept, and no reply may lie here readable."""
    return case.contact is not None and is_other(text, case.contact.language)


def hold(tx: Tx, desk: Desk, member: Member, case: Case, text: str, now: int) -> None:
    say, language = desk.texts.say, desk.staff_language
    theirs = say(case.contact.language if case.contact else language, "language-name")
    job = Job(Task.KEPT, now + HELD_SECONDS, case=case.case.hex(), text=text, tag=DOUBT)
    held = outbox.add(tx, job).hex()
    asked = say(language, "doubt-ask", reference=case.reference, language=theirs, minutes=HELD_SECONDS // 60)
    buttons = [
        (say(language, "doubt-send-button"), f"anyway.{held}"),
        (say(language, "doubt-drop-button"), f"unsent.{held}"),
    ]
    tell(tx, member, asked, now, about=case.case, buttons=buttons)


def send_anyway(tx: Tx, desk: Desk, member: Member, held: str, now: int) -> Told:
    say, language = desk.texts.say, desk.staff_language
    found = still_kept(tx, member, held, DOUBT, now)
    if found is None:
        return say(language, "doubt-too-late"), True
    job, case = found
    outbox.done(tx, bytes.fromhex(held))
    send_reply(tx, desk, member, case, job.text, now)
    return say(language, "doubt-sent", reference=case.reference), False


def drop(tx: Tx, desk: Desk, member: Member, held: str, now: int) -> Told:
    if still_kept(tx, member, held, DOUBT, now) is not None:
        outbox.done(tx, bytes.fromhex(held))
    return desk.texts.say(desk.staff_language, "doubt-dropped"), False
