"""For a lead: the locks of all cases that a late joiner can't open, in one file, to be re-wrapped on the lead's device.

No answer is in it. But whoever has it and the lead's key has the keys of these cases for good, so it is handed out as a
case's file is: it counts in the hourly limit, goes from the chat, and stands in the trail; and the admins hear of each.
See docs/decisions/0023.
"""

from __future__ import annotations

from collections import Counter

from handlers.desk import Desk
from handlers.incoming import Incoming
from handlers.late_joiners import can_be_let_in, lacking, lead_in, readers
from handlers.notes import Note
from handlers.operator_limits import may_open
from handlers.outgoing import Button, Outgoing, Send, SendDocument
from handlers.telling import Told, tell_admins
from intake.roles import Right, may
from intake.trail import Event
from storage import audit, outbox, staff, traces
from storage.case_locks import CaseLock
from storage.database import Tx
from storage.keywords import key_words
from storage.lock_bundle import MOST_LOCKS, BundledLock, build_bundle
from storage.outbox import Job, Task
from storage.public_key import encode_public
from storage.sealing import key_id, only_slots
from storage.staff import Member

NOTE = "locks"
FILE_NAME = "locks.postern"
MOST_SHOWN = 60
"""Late joiners in one message."""


async def show(desk: Desk, incoming: Incoming, lead: Member) -> None:
    """Who can't open how many, each with a button."""
    say, language, now = desk.texts.say, desk.staff_language, desk.clock()

    def work(tx: Tx) -> tuple[list[Member], Counter[str]]:
        receivers = [m for m in staff.everyone(tx) if can_be_let_in(m)]
        lacks = Counter(m.id for _, without in lacking(tx, desk, lead, receivers) for m in without)
        return [m for m in receivers if lacks[m.id]], lacks

    await desk.db.write(
        lambda tx: traces.leave_of(tx, incoming.chat_id, incoming.message_id, now, sent=incoming.sent)
    )
    late, lacks = await desk.db.read(work, long=True)
    text = say(language, "rewrap-title" if late else "rewrap-none")
    rows = tuple((Button(f"{m.name} · {lacks[m.id]}", f"locks.{m.id}"),) for m in late[:MOST_SHOWN])
    desk.post(incoming.chat_id, [Send(incoming.chat_id, text, rows)])


def ask(tx: Tx, desk: Desk, lead: Member, receiver_id: str, now: int) -> Told:
    """A press on a late joiner: their locks are made ready in the background."""
    say, language = desk.texts.say, desk.staff_language
    receiver = staff.by_id(tx, receiver_id)
    if not may(lead.role, Right.SEE_ALL_CASES) or lead.chat is None:
        return "", False
    if receiver is None or not can_be_let_in(receiver):
        return say(language, "slots-unknown-key"), True
    if refused := may_open(tx, desk, lead, None, now):
        return refused, True
    outbox.add(tx, Job(Task.LOCKS, now, chat=lead.chat, tag=receiver.id))
    return say(language, "locks-coming", name=receiver.name), False


def document(tx: Tx, desk: Desk, job_id: bytes, job: Job) -> Outgoing | None:
    """Reads the slots of every case."""
    lead, receiver = lead_in(tx, job.chat), staff.by_id(tx, job.tag)
    if lead is None or receiver is None or receiver.public_key is None or not can_be_let_in(receiver):
        return None
    say, language = desk.texts.say, desk.staff_language
    found = [case for case, _ in lacking(tx, desk, lead, [receiver])]
    if not found:
        return Send(
            job.chat,
            say(language, "locks-none", name=receiver.name),
            note=str(Note("notice", job=job_id.hex())),
        )
    handed, keys = found[:MOST_LOCKS], readers(tx, lead)
    content = build_bundle(
        BundledLock(c.reference, c.lock.case, c.lock.public, only_slots(c.lock.slots, keys)) for c in handed
    )
    caption = [say(language, "locks-document", name=receiver.name, n=len(handed))]
    command = f"postern open {FILE_NAME} --key my.key --rewrap-for {encode_public(receiver.public_key)} --out slots.txt"
    caption += [
        command,
        say(language, "locks-then", name=receiver.name, words=" ".join(key_words(receiver.public_key))),
    ]
    if paper := _opened_by_paper_alone(handed, lead):
        caption.append(say(language, "locks-recovery", n=paper))
    if len(found) > len(handed):
        caption.append(say(language, "locks-more", n=len(found) - len(handed)))
    note = Note(NOTE, f"{len(handed)}.{receiver.id}", job=job_id.hex())
    return SendDocument(job.chat, FILE_NAME, content, "\n\n".join(caption), protect=False, note=str(note))


def _opened_by_paper_alone(handed: list[CaseLock], lead: Member) -> int:
    own = key_id(lead.public_key) if lead.public_key is not None else b""
    return sum(own not in case.ids for case in handed)


def handed_out(tx: Tx, desk: Desk, chat: int, about: str, now: int) -> None:
    """Telegram has taken the file. `about`: what its note says."""
    lead = staff.by_account(tx, tx.vault.account(chat))
    count, _, receiver_id = about.partition(".")
    receiver = staff.by_id(tx, receiver_id)
    if lead is None:
        return
    name = receiver.name if receiver is not None else ""
    audit.note(tx, Event.LOCKS_HANDED, lead, now, whom=name, detail=count)
    text = desk.texts.say(desk.staff_language, "locks-admin", lead=lead.name, name=name or "—", n=int(count))
    tell_admins(tx, text, now)
