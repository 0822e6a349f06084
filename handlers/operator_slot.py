"""Letting a colleague open a case: a slot that was made on a device of somebody who can open it.

The service can't see whose case a slot opens, nor whether it opens at all. So it takes one only from somebody who is
trusted with the case anyhow, and only for a key that an admin has confirmed; and it never replaces one by it.
"""

from __future__ import annotations

from handlers import typed
from handlers.desk import Desk
from handlers.incoming import Incoming
from handlers.late_joiners import can_be_let_in
from handlers.telling import tell
from intake.errors import Tampered
from intake.lifecycle import Status
from intake.roles import Right, Role, may
from intake.trail import Event
from storage import audit, cases, locks, staff, traces
from storage.cases import Case
from storage.database import Tx
from storage.sealing import Lock, has_slot, key_id, with_slot
from storage.slot_line import KIND, decode_slot
from storage.staff import Member


def looks_like_slot(incoming: Incoming) -> bool:
    return incoming.text.lstrip().startswith(KIND)


async def take_turn(desk: Desk, incoming: Incoming, member: Member) -> None:
    """Keep the slot, or say in one line why not. The line that was sent goes from the chat either way."""
    now = desk.clock()

    def work(tx: Tx) -> str:
        traces.leave_of(tx, incoming.chat_id, incoming.message_id, now, sent=incoming.sent, due_in=0)
        return _keep(tx, desk, member, incoming.text, now)

    told = await desk.db.write(work)
    typed.answer(desk, incoming, told)


def _keep(tx: Tx, desk: Desk, sender: Member, line: str, now: int) -> str:
    say, language = desk.texts.say, desk.staff_language
    try:
        reference, slot = decode_slot(line.strip())
    except Tampered:
        return say(language, "slot-unread")
    case = cases.by_reference(tx, reference)
    if case is None or not _trusted(sender, case):
        return say(language, "slot-not-yours", reference=reference)
    receiver = next((m for m in staff.everyone(tx) if _is_for(slot, m)), None)
    if receiver is None or receiver.public_key is None:
        return say(language, "slot-unknown-key", reference=reference)
    if case.status is Status.CLOSED and receiver.role is not Role.LEAD:
        return say(language, "slot-closed", reference=reference)
    lock = locks.get(tx, case.case)
    if has_slot(lock.slots, receiver.public_key):
        return say(language, "slot-known", reference=reference, name=receiver.name)
    slots = with_slot(lock.slots, receiver.public_key, slot)
    locks.replace_slots(tx, Lock(lock.case, lock.public, slots))
    audit.note(tx, Event.SLOT_ADDED, sender, now, case=case.case, whom=receiver.name)
    if receiver.id != sender.id:
        tell(tx, receiver, say(language, "slot-for-you", reference=reference), now)
    return say(language, "slot-kept", reference=reference, name=receiver.name)


def _trusted(sender: Member, case: Case) -> bool:
    return case.holder == sender.id or may(sender.role, Right.SEE_ALL_CASES)


def _is_for(slot: bytes, member: Member) -> bool:
    """Whether this slot names the confirmed key of somebody who may open cases."""
    key = member.public_key
    return key is not None and can_be_let_in(member) and slot.startswith(key_id(key))
