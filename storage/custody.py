"""Who may hold and open a case, when that ends: the files in their chat go, and so do slots nobody needs any longer."""

from __future__ import annotations

from dataclasses import replace

from intake.roles import Role
from intake.triage import Act
from storage import cases, locks, meta, outbox, staff
from storage.cases import Case
from storage.database import Tx
from storage.outbox import Job, Task
from storage.sealing import Lock, only_slots
from storage.staff import Member

REFRESH = "refresh"
"""A card job that may only edit a card that is there: the first card waits for its batch."""


def withdraw_documents(tx: Tx, case: Case, holder: Member, now: int) -> None:
    """Whoever holds the case no longer keeps no file of it in the chat."""
    if holder.chat is not None:
        outbox.hasten(tx, holder.chat, case.facts.documents, now)
    cases.save_facts(tx, case.case, replace(case.facts, documents=()))


def refresh_card(tx: Tx, case: Case, now: int) -> None:
    """Bring a card in the group up to date. One that was not sent yet will be right anyway."""
    outbox.add(tx, Job(Task.CARD, now, case=case.case.hex(), tag=REFRESH))


def narrow_slots(tx: Tx, case: Case) -> None:
    """A closed case stays open to the leads and the recovery key only."""
    recovery = meta.get(tx, meta.RECOVERY_KEY)
    leads = [m.public_key for m in staff.everyone(tx) if m.role is Role.LEAD and m.public_key]
    lock = locks.get(tx, case.case)
    kept = only_slots(lock.slots, [*leads, *([recovery] if recovery else [])])
    locks.replace_slots(tx, Lock(lock.case, lock.public, kept))


def revoke(tx: Tx, member: Member, now: int) -> int:
    """Take everything from a member: slots of every stored case, held cases, the files in the chat, the role.

    Returns how many cases had a slot for them.
    """
    removed = locks.revoke(tx, member.public_key) if member.public_key else 0
    for case in cases.held_by(tx, member.id):
        withdraw_documents(tx, case, member, now)
        cases.move(tx, case, Act.RELEASE, holder=None)
        refresh_card(tx, case, now)
    staff.remove(tx, member.id)
    return removed
