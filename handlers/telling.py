"""A message to one of the staff: a row in the outbox, in the transaction of the fact."""

from __future__ import annotations

from collections.abc import Iterable

from intake.roles import Role
from storage import outbox, staff
from storage.database import Tx
from storage.outbox import Job, Task
from storage.staff import Member
from storage.traces import LONGEST_TRACE

Told = tuple[str, bool]
"""A line for whoever pressed, and whether it must be closed by hand."""
Buttons = Iterable[tuple[str, str]]
"""(label, payload), one a row."""


def tell(
    tx: Tx,
    member: Member | None,
    text: str,
    now: int,
    *,
    about: bytes | None = None,
    buttons: Buttons = (),
    delete_after: int = LONGEST_TRACE,
) -> None:
    """Nobody is told who has no chat. For the rest see `tell_in`."""
    if member is not None and member.chat is not None:
        tell_in(tx, member.chat, text, now, about=about, buttons=buttons, delete_after=delete_after)


def tell_in(
    tx: Tx,
    chat: int,
    text: str,
    now: int,
    *,
    about: bytes | None = None,
    buttons: Buttons = (),
    delete_after: int = LONGEST_TRACE,
) -> None:
    """`about`: a case's id. Its holder can reply to the message, which goes when they no longer hold the case."""
    case, tag = (about.hex(), "case") if about is not None else ("", "")
    job = Job(
        Task.SEND,
        now,
        chat=chat,
        text=text,
        buttons=tuple(buttons),
        case=case,
        delete_after=delete_after,
        tag=tag,
    )
    outbox.add(tx, job)


def tell_admins(tx: Tx, text: str, now: int, buttons: Buttons = ()) -> None:
    """It stays in their chats."""
    for admin in staff.everyone(tx):
        if admin.role is Role.ADMIN:
            tell(tx, admin, text, now, buttons=buttons, delete_after=0)
