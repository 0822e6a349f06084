"""Operators, leads and admins; invitations; and who receives the slots of new cases."""

from __future__ import annotations

import json
import secrets
from dataclasses import dataclass, field, replace

from sqlalchemy import Executable, Row, bindparam, delete, insert, select, update

from intake.roles import Role, needs_key
from storage.database import Tx
from storage.schema import invites, staff

CHAT = "staff.chat"
ON_DUTY = "staff.on_duty"
ON_DUTY_BYTES = 16
INVITE_SECONDS = 72 * 3_600


@dataclass(frozen=True, slots=True)
class Member:
    id: str
    name: str
    role: Role
    public_key: bytes | None
    confirmed: bool
    chat: int | None = field(default=None, repr=False)
    language: str = ""
    claims: bytes | None = None
    """A key that was added from the shell, and that this account says is theirs. Nothing follows from that alone."""

    duty_until: int = 0
    """Unix seconds; whoever is on duty is so until then."""

    @property
    def offered(self) -> bytes | None:
        """The key that waits for an admin to compare its words."""
        return self.claims or (None if self.confirmed else self.public_key)

    @property
    def active(self) -> bool:
        """Whether this member may act: those who open cases need a key that an admin confirmed."""
        return self.chat is not None and (self.confirmed or not needs_key(self.role))


def add(tx: Tx, name: str, role: Role, public_key: bytes | None = None, *, confirmed: bool = False) -> str:
    member_id = secrets.token_hex(8)
    tx.conn.execute(
        insert(staff).values(
            id=member_id, name=name, role=role.value, public_key=public_key, confirmed=confirmed
        )
    )
    return member_id


_BY_ACCOUNT, _BY_ID, _BY_NAME, _BY_KEY = (
    select(staff).where(column == bindparam("wanted"))
    for column in (staff.c.account, staff.c.id, staff.c.name, staff.c.public_key)
)


def by_account(tx: Tx, account: bytes) -> Member | None:
    return _one(tx, _BY_ACCOUNT, account)


def by_id(tx: Tx, member_id: str) -> Member | None:
    return _one(tx, _BY_ID, member_id)


def by_name(tx: Tx, name: str) -> Member | None:
    return _one(tx, _BY_NAME, name)


def by_key(tx: Tx, public_key: bytes) -> Member | None:
    return _one(tx, _BY_KEY, public_key)


def everyone(tx: Tx) -> list[Member]:
    return [_read(tx, row) for row in tx.conn.execute(select(staff).order_by(staff.c.name)).all()]


def enrol(tx: Tx, member_id: str, account: bytes, chat: int, language: str) -> None:
    """Tie a member to the Telegram account that used the invitation."""
    box = _wrap(tx, member_id, chat, language)
    tx.conn.execute(update(staff).where(staff.c.id == member_id).values(account=account, chat=box))


def claim_key(tx: Tx, member: Member, public_key: bytes | None) -> None:
    """Note which key of somebody added from the shell this account says is theirs; None: none after all.

    The key stays whose it was, and a recipient: whoever knows a public key could otherwise turn it off.
    """
    if member.chat is not None:
        box = _wrap(tx, member.id, member.chat, member.language, public_key)
        tx.conn.execute(update(staff).where(staff.c.id == member.id).values(chat=box))


def accept(tx: Tx, member: Member) -> Member | None:
    """An admin has compared the words of the key that was offered. Who this is from now on; None: it is gone.

    With a claimed key that is whoever was added from the shell for it, with their name and the role of the invitation.
    """
    if member.claims is None:
        confirm(tx, member.id)
        return by_id(tx, member.id)
    owner = by_key(tx, member.claims)
    if owner is None or owner.chat is not None or member.chat is None:
        return None
    remove(tx, member.id)
    set_role(tx, owner.id, member.role)
    enrol(tx, owner.id, tx.vault.account(member.chat), member.chat, member.language)
    return by_id(tx, owner.id)


def refuse(tx: Tx, member: Member) -> None:
    """The words were others: its owner may send another key. A key that was only claimed stays whose it was."""
    if member.claims is not None:
        claim_key(tx, member, None)
    else:
        forget_key(tx, member.id)


def set_duty(tx: Tx, member_id: str, until: int) -> None:
    """On duty until then (Unix seconds); 0: off duty."""
    box = (
        tx.vault.wrap_padded(ON_DUTY, member_id.encode(), str(until).encode(), ON_DUTY_BYTES)
        if until
        else None
    )
    tx.conn.execute(update(staff).where(staff.c.id == member_id).values(on_duty=box))


def on_duty(tx: Tx, now: int) -> list[Member]:
    """Those who may act, by name."""
    return [member for member in everyone(tx) if member.active and member.duty_until > now]


def set_role(tx: Tx, member_id: str, role: Role) -> None:
    tx.conn.execute(update(staff).where(staff.c.id == member_id).values(role=role.value))


def set_key(tx: Tx, member_id: str, public_key: bytes) -> None:
    """A new key is never a recipient before an admin has confirmed its words."""
    tx.conn.execute(
        update(staff).where(staff.c.id == member_id).values(public_key=public_key, confirmed=False)
    )


def confirm(tx: Tx, member_id: str) -> None:
    tx.conn.execute(update(staff).where(staff.c.id == member_id).values(confirmed=True))


def forget_key(tx: Tx, member_id: str) -> None:
    """An admin refused the key: its owner may send another."""
    tx.conn.execute(update(staff).where(staff.c.id == member_id).values(public_key=None, confirmed=False))


def remove(tx: Tx, member_id: str) -> None:
    tx.conn.execute(delete(staff).where(staff.c.id == member_id))


_KEYS = select(staff.c.public_key).where(
    staff.c.confirmed,
    staff.c.public_key.is_not(None),
    staff.c.role.in_([role.value for role in Role if needs_key(role)]),
)


def recipients(tx: Tx, recovery_key: bytes | None) -> list[bytes]:
    """Public keys that a new case is locked for: the confirmed ones of those whose role opens cases, and the
    organisation's recovery key."""
    keys = set(tx.conn.execute(_KEYS).scalars())
    if recovery_key:
        keys.add(recovery_key)
    return sorted(keys)


def invite(tx: Tx, role: Role, now: int) -> str:
    """A token for one enrolment; only its keyed hash is kept."""
    token = secrets.token_urlsafe(24)
    tx.conn.execute(
        insert(invites).values(
            token=tx.vault.tag("invite", token.encode()), role=role.value, expires_at=now + INVITE_SECONDS
        )
    )
    return token


def use_invite(tx: Tx, token: str, now: int) -> Role | None:
    """The role it invites to, once; None: unknown, used or expired."""
    tag = tx.vault.tag("invite", token.encode())
    role = tx.conn.execute(
        select(invites.c.role).where(invites.c.token == tag, invites.c.expires_at > now)
    ).scalar()
    tx.conn.execute(delete(invites).where((invites.c.token == tag) | (invites.c.expires_at <= now)))
    return Role(role) if role else None


def _one(tx: Tx, statement: Executable, wanted: object) -> Member | None:
    row = tx.conn.execute(statement, {"wanted": wanted}).one_or_none()
    return None if row is None else _read(tx, row)


def _read(tx: Tx, row: Row[tuple[object, ...]]) -> Member:
    where = json.loads(tx.vault.unwrap(CHAT, row.id.encode(), row.chat)) if row.chat else {}
    claims = bytes.fromhex(where.pop("claims", "")) or None
    until = int(tx.vault.unwrap_padded(ON_DUTY, row.id.encode(), row.on_duty)) if row.on_duty else 0
    member = Member(row.id, row.name, Role(row.role), row.public_key, row.confirmed, **where, claims=claims)
    return replace(member, duty_until=until)


def _wrap(tx: Tx, member_id: str, chat: int, language: str, claims: bytes | None = None) -> bytes:
    where = {"chat": chat, "language": language} | ({"claims": claims.hex()} if claims else {})
    return tx.vault.wrap(CHAT, member_id.encode(), json.dumps(where).encode())
