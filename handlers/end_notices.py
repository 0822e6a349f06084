"""A week before a case that nobody closed is erased, whoever should act hears of it, once.

The holder; if there is none, every lead; if there is no lead either, the group, or else all who may take it.
What is known to have been told is a single day, so that nothing about a case is kept for this.
"""

from __future__ import annotations

from collections.abc import Sequence

from handlers import group
from handlers.desk import Desk
from handlers.telling import tell_in
from intake.roles import Right, may
from storage import cases, meta, staff
from storage.cases import Unfinished
from storage.database import Tx

DAY = 86_400
NOTICE_DAYS = 7
"""Before the end; fewer where a case isn't kept for longer than that."""
MOST_IN_ONE = 60
"""References in one message."""


def tell_of_ends(tx: Tx, desk: Desk, now: int) -> bool:
    """Tell of the cases that came on the next day that was not told of yet. False: there is no such day for now."""
    kept, today = desk.terms.open_days, now // DAY
    until = today - kept + min(NOTICE_DAYS, kept - 1)
    told = max(int(meta.get(tx, meta.TOLD_UNTIL) or 0), today - kept)
    if told >= until:
        return False
    received = told + 1
    meta.put(tx, meta.TOLD_UNTIL, str(received).encode())
    _tell(tx, desk, cases.unfinished_of(tx, received), received + kept, now)
    return True


def _tell(tx: Tx, desk: Desk, ending: Sequence[Unfinished], end: int, now: int) -> None:
    members = {member.id: member for member in staff.everyone(tx) if member.active}
    unheld = list[str]()
    for one in ending:
        holder = members.get(one.holder or "")
        if holder is None or holder.chat is None:
            unheld.append(one.reference)
        else:
            _to_holder(tx, desk, holder.chat, one, end, now)
    for start in range(0, len(unheld), MOST_IN_ONE):
        some = unheld[start : start + MOST_IN_ONE]
        text = desk.texts.say(
            desk.staff_language,
            "end-of-unheld",
            n=len(some),
            references=", ".join(some),
            day=desk.texts.day(desk.staff_language, end),
            days=desk.terms.open_days,
        )
        for chat in _who_cares(tx, desk, list(members.values())):
            tell_in(tx, chat, text, now)


def _to_holder(tx: Tx, desk: Desk, chat: int, one: Unfinished, end: int, now: int) -> None:
    """Marked as the case's: it goes when they no longer hold it."""
    text = desk.texts.say(
        desk.staff_language,
        "end-of-held",
        reference=one.reference,
        day=desk.texts.day(desk.staff_language, end),
        days=desk.terms.open_days,
    )
    tell_in(tx, chat, text, now, about=one.case)


def _who_cares(tx: Tx, desk: Desk, members: Sequence[staff.Member]) -> list[int]:
    leads = [m.chat for m in members if m.chat is not None and may(m.role, Right.SEE_ALL_CASES)]
    in_group = group.current(tx, desk)
    if leads or in_group is not None:
        return leads or [in_group or 0]
    return [m.chat for m in members if m.chat is not None and may(m.role, Right.HOLD_CASES)]
