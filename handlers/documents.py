"""The sealed case as a file, for the one who holds it, or for a lead."""

from __future__ import annotations

from datetime import UTC, datetime

from handlers.cards import DAY
from handlers.desk import Desk
from handlers.notes import Note
from handlers.outgoing import Button, Keyboard, SendDocument
from storage import files, locks, meta, thread
from storage.cases import Case
from storage.database import Tx
from storage.document import build
from storage.envelope import ANSWERS
from storage.sealing import has_slot, only_slots
from storage.staff import Member

MOST_DOCUMENTS = 60
"""Messages of one case in its holder's chat that are known as such; the oldest ones expire by themselves."""


def openers(tx: Tx, case: Case, reader: Member) -> list[bytes]:
    """Public keys that open the file which this member is handed: their own, and the recovery key.

    The recovery key's slot says nothing that isn't known, and it lets the paper open what the member can't.
    """
    keys = [key for key in (reader.public_key, meta.get(tx, meta.RECOVERY_KEY)) if key is not None]
    slots = locks.get(tx, case.case).slots
    return [key for key in keys if has_slot(slots, key)]


def sealed_case(tx: Tx, desk: Desk, case: Case, reader: Member) -> bytes:
    """The case with all its boxes, and nobody's slots but those of `openers`."""
    lock = locks.get(tx, case.case)
    # The words of the questions as they were when they were answered; the questionnaire may have changed since.
    labels = meta.labels(tx, case.facts.labels) or desk.labels
    questions = [ANSWERS, *(name for name, words in labels["questions"].items() if not words["options"])]
    boxes = locks.get_blocks(tx, case.case)
    return build(
        reference=case.reference,
        case=case.case,
        public=lock.public,
        slots=only_slots(lock.slots, openers(tx, case, reader)),
        blocks=[(question, 0, box) for question, box in zip(questions, boxes, strict=True)],
        thread=[
            (e.sequence, e.who, datetime.fromtimestamp(e.day * DAY, UTC).date(), e.box)
            for e in thread.entries(tx, case.case)
        ],
        labels=labels,
    )


def document(tx: Tx, desk: Desk, case: Case, holder: Member, job: str) -> SendDocument | None:
    if holder.chat is None or holder.public_key is None:
        return None
    say, language = desk.texts.say, desk.staff_language
    keyboard: Keyboard = (
        (
            Button(say(language, "release-button"), f"release.{case.reference}"),
            Button(say(language, "close-button"), f"close.{case.reference}"),
        ),
    )
    more: tuple[Button, ...] = (Button(say(language, "more-button"), f"more.{case.reference}"),)
    if case.account is not None:  # with a return code, nothing leads to an account that could be blocked
        more += (Button(say(language, "block-button"), f"block.{case.reference}"),)
    keyboard += (more,)
    if desk.canned:
        keyboard += ((Button(say(language, "canned-button"), f"canned.{case.reference}"),),)
    if case.contact is not None:
        keyboard += ((Button(say(language, "file-ask-button"), f"askfile.{case.reference}"),),)
    if count := len(files.sequences(tx, case.case)):
        keyboard += ((Button(say(language, "files-button", n=count), f"files.{case.reference}"),),)
    return SendDocument(
        holder.chat,
        f"{case.reference}.postern",
        sealed_case(tx, desk, case, holder),
        say(language, "document", reference=case.reference),
        keyboard,
        protect=False,  # the holder must be able to save it: it is sealed
        note=str(Note("document", case.case.hex(), job=job)),
    )


def copy(tx: Tx, desk: Desk, case: Case, lead: Member, job: str) -> SendDocument | None:
    """For a lead who doesn't hold the case: without its buttons, and replies to it go nowhere."""
    keys = openers(tx, case, lead)
    if lead.chat is None or not keys:
        return None
    name = "document-copy" if lead.public_key in keys else "document-copy-recovery"
    return SendDocument(
        lead.chat,
        f"{case.reference}.postern",
        sealed_case(tx, desk, case, lead),
        desk.texts.say(desk.staff_language, name, reference=case.reference),
        protect=False,  # as above
        note=str(Note("copy", case.case.hex(), job=job)),
    )
