"""Who can't open which cases because their key was confirmed later, and who may be let in to them."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from handlers.desk import Desk
from handlers.telling import tell
from intake.lifecycle import Status
from intake.roles import Right, Role, may, needs_key
from storage import case_locks, cases, meta, staff
from storage.case_locks import CaseLock
from storage.database import Tx
from storage.sealing import key_id
from storage.staff import Member


def can_be_let_in(member: Member) -> bool:
    """Whether slots may be made for this member at all: the key was confirmed, and the role opens cases."""
    return member.public_key is not None and member.confirmed and needs_key(member.role)


def may_open(desk: Desk, case: CaseLock, member: Member) -> bool:
    """Whether a case as it stands is one that this member's key should open: of a closed one, only a lead's."""
    if member.role is Role.LEAD:
        return True
    if case.status is Status.CLAIMED and desk.terms.slots_for_holder_only:
        return case.holder == member.id
    return case.status is not Status.CLOSED


def lead_in(tx: Tx, chat: int) -> Member | None:
    """The lead whose chat this is, as things stand now."""
    member = staff.by_account(tx, tx.vault.account(chat))
    return member if member is not None and member.active and may(member.role, Right.SEE_ALL_CASES) else None


def tell_leads(tx: Tx, desk: Desk, joined: Member, now: int) -> None:
    """A key was confirmed. If requests came before it, whoever can let its owner in to them hears how."""
    if not can_be_let_in(joined) or not (cases.count(tx, Status.OPEN) or cases.count(tx, Status.CLAIMED)):
        return
    text = desk.texts.say(desk.staff_language, "rewrap-hint", name=joined.name)
    for lead in staff.everyone(tx):
        if lead.active and may(lead.role, Right.SEE_ALL_CASES):
            tell(tx, lead, text, now)


def readers(tx: Tx, lead: Member) -> list[bytes]:
    """Public keys that may re-wrap for this lead: their own, and the recovery key."""
    return [key for key in (lead.public_key, meta.get(tx, meta.RECOVERY_KEY)) if key is not None]


def lacking(
    tx: Tx, desk: Desk, lead: Member, receivers: Collection[Member]
) -> Iterator[tuple[CaseLock, list[Member]]]:
    """Each case that the lead's or the recovery key opens, with those of `receivers` who should open it and can't."""
    keys = {member.id: key_id(member.public_key) for member in receivers if member.public_key is not None}
    opens = {key_id(key) for key in readers(tx, lead)}
    for case in case_locks.everyone(tx):
        without = [
            m for m in receivers if m.id in keys and keys[m.id] not in case.ids and may_open(desk, case, m)
        ]
        if without and not opens.isdisjoint(case.ids):
            yield case, without
