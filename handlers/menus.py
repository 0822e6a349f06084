"""The menus of commands: what requesters see everywhere, and what each of the staff sees in their own chat."""

from __future__ import annotations

from handlers.desk import Desk
from handlers.outgoing import Menu
from intake.roles import Right, may
from storage.staff import Member

REQUESTER = ("start", "status", "stop", "wipe", "erase", "language", "privacy", "verify", "help")
OPERATOR = ("queue", "next", "mine", "duty", "verify", "help")
LEAD = ("queue", "next", "mine", "duty", "cases", "case", "rewrap", "verify", "help")
ADMIN = ("stats", "people", "audit", "blocked", "undelivered", "pause", "resume", "verify", "help")


def requester_commands(desk: Desk, language: str) -> dict[str, str]:
    return _described(desk, language, REQUESTER)


def menu_of(desk: Desk, member: Member) -> Menu | None:
    """None for somebody who has no chat with us yet, or may not act."""
    if member.chat is None or not member.active:
        return None
    names: tuple[str, ...] = OPERATOR if may(member.role, Right.HOLD_CASES) else ADMIN
    names = LEAD if may(member.role, Right.SEE_ALL_CASES) else names
    return Menu(member.chat, tuple(_described(desk, desk.staff_language, names).items()))


def _described(desk: Desk, language: str, names: tuple[str, ...]) -> dict[str, str]:
    return {name: desk.texts.say(language, f"command-{name}") for name in names}
