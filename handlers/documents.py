"""The sealed case as a file, for the one who holds it."""

from __future__ import annotations

from datetime import UTC, datetime

from handlers.cards import DAY, text_questions
from handlers.desk import Desk
from handlers.notes import Note
from handlers.outgoing import Button, SendDocument
from storage import locks, thread
from storage.cases import Case
from storage.database import Tx
from storage.document import build
from storage.envelope import ANSWERS
from storage.sealing import only_slots
from storage.staff import Member


def sealed_case(tx: Tx, desk: Desk, case: Case, reader: bytes) -> bytes:
    """The case with all its boxes, and of the slots only the reader's own."""
    lock = locks.get(tx, case.case)
    questions = [ANSWERS, *text_questions(desk.questionnaire)]
    boxes = locks.get_blocks(tx, case.case)
    return build(
        reference=case.reference,
        case=case.case,
        public=lock.public,
        slots=only_slots(lock.slots, [reader]),
        blocks=[(question, 0, box) for question, box in zip(questions, boxes, strict=True)],
        thread=[
            (e.sequence, e.who, datetime.fromtimestamp(e.day * DAY, UTC).date(), e.box)
            for e in thread.entries(tx, case.case)
        ],
        labels=desk.labels,
    )


def document(tx: Tx, desk: Desk, case: Case, holder: Member, job: str) -> SendDocument | None:
    if holder.chat is None or holder.public_key is None:
        return None
    say, language = desk.texts.say, desk.staff_language
    keyboard = (
        (
            Button(say(language, "release-button"), f"release.{case.reference}"),
            Button(say(language, "close-button"), f"close.{case.reference}"),
        ),
    )
    return SendDocument(
        holder.chat,
        f"{case.reference}.postern",
        sealed_case(tx, desk, case, holder.public_key),
        say(language, "document", reference=case.reference),
        keyboard,
        protect=False,  # the holder must be able to save it: it is sealed
        note=str(Note("document", case.case.hex(), job=job)),
    )
