"""Who may hold and open a case, when that ends: the files in their chat go, and so do slots nobody needs any longer."""

from __future__ import annotations

from intake.roles import Role, needs_key
from intake.triage import Act
from storage import cases, locks, meta, outbox, staff
from storage.cases import Case
from storage.database import Tx
from storage.outbox import REFRESH, Job, Task
from storage.staff import Member


def withdraw_documents(tx: Tx, case: Case, holder: Member, now: int) -> None:
    """Whoever holds the case no longer keeps no file of it in the chat; `case` as it was while they held it."""
    if holder.chat is not None:
        outbox.hasten(tx, holder.chat, case.facts.documents, now)


def refresh_card(tx: Tx, case: Case, now: int) -> None:
    """Bring a card in the group up to date. One that was not sent yet will be right anyway."""
    outbox.add(tx, Job(Task.CARD, now, case=case.case.hex(), tag=REFRESH))


def narrow_slots(tx: Tx, case: Case, *also: bytes) -> None:
    """The case stays open to the leads and the recovery key only, and to `also`, public keys."""
    recovery = meta.get(tx, meta.RECOVERY_KEY)
    leads = [m.public_key for m in staff.everyone(tx) if m.role is Role.LEAD and m.public_key]
    locks.keep_only(tx, case.case, [*leads, *also, *([recovery] if recovery else [])])


def revoke(tx: Tx, member: Member, now: int) -> int:
    """Take everything from a member: slots of every stored case, held cases, all that lies in the chat, the role.

    The removal from the operators' group is owed to Telegram from then on.

    Returns how many cases had a slot for them.
    """
    removed = disarm(tx, member, now)
    if member.chat is not None:
        outbox.drop_for(tx, member.chat)
        outbox.hasten_traces(tx, member.chat, now, but=None)
        outbox.add(tx, Job(Task.REMOVE, now, user=member.chat, text=member.name))
    staff.remove(tx, member.id)
    return removed


def change_role(tx: Tx, member: Member, role: Role, now: int) -> None:
    """Whoever moves to a role that opens no cases leaves key and cases behind."""
    if member.public_key is not None and not needs_key(role):
        disarm(tx, member, now)
        staff.forget_key(tx, member.id)
    staff.set_role(tx, member.id, role)


def disarm(tx: Tx, member: Member, now: int) -> int:
    """Delete the member's slots and give their cases back; returns how many cases had a slot for them."""
    removed = locks.revoke(tx, member.public_key) if member.public_key else 0
    for case in cases.held_by(tx, member.id):
        withdraw_documents(tx, case, member, now)
        cases.move(tx, case, Act.RELEASE, holder=None)
        refresh_card(tx, case, now)
    return removed
