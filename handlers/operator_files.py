"""The holder of a case asks its requester for a file, and has the files of a case handed out."""

from __future__ import annotations

from dataclasses import replace

from handlers import operator_limits
from handlers.desk import Desk
from handlers.files import HOUR, MEGABYTE, WAITS_SECONDS, WANTED, tell_requester
from handlers.operator_cases import own_case
from intake.trail import Event
from storage import audit, cases, custody, files, outbox
from storage.database import Tx
from storage.file_seal import MAX_FILE_BYTES
from storage.outbox import Job, Task
from storage.staff import Member


def ask(tx: Tx, desk: Desk, member: Member, reference: str, now: int) -> tuple[str, bool]:
    say, language = desk.texts.say, desk.staff_language
    case = own_case(tx, member, reference)
    if case is None:
        return say(language, "not-yours", reference=reference), True
    if case.contact is None:
        return say(language, "file-ask-by-code", reference=reference), True
    if case.facts.file_until > now:
        return say(language, "file-ask-already", reference=reference), True
    cases.save_facts(tx, case, replace(case.facts, file_until=now + WAITS_SECONDS))
    audit.note(tx, Event.FILE_ASKED, member, now, case=case.case)
    custody.touch(tx, case.case, now)
    values = {"organisation": desk.terms.organisation, "reference": reference}
    values |= {"hours": str(WAITS_SECONDS // HOUR), "size": str(MAX_FILE_BYTES // MEGABYTE)}
    text = say(case.contact.language, "file-wanted", **values)
    tell_requester(tx, case, text, now, delete_after=WAITS_SECONDS, tag=WANTED)
    return say(language, "file-asked", reference=reference, hours=WAITS_SECONDS // HOUR), False


def hand_out(tx: Tx, desk: Desk, member: Member, reference: str, now: int) -> tuple[str, bool]:
    """All files of a case, to whoever holds it now."""
    say, language = desk.texts.say, desk.staff_language
    case = own_case(tx, member, reference)
    if case is None:
        return say(language, "not-yours", reference=reference), True
    sequences = files.sequences(tx, case.case)
    if sequences and (full := operator_limits.may_open(tx, desk, member, case, now)):
        return full, True
    for sequence in sequences:
        outbox.add(tx, Job(Task.FILE, now, case=case.case.hex(), tag=str(sequence)))
    custody.touch(tx, case.case, now)
    return say(language, "file-coming", reference=reference), False
