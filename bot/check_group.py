"""The operators' group against the staff list, for `postern check`.

A bot can't list a group's members. It can count them, ask about an account it knows, and see the administrators. So
somebody who was revoked and is still there shows in the count only: their account is forgotten. No name and no id that
Telegram gives comes into what is found; colleagues go by their pseudonyms.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from bot.bot_api import BotApi
from bot.finding import Finding, note, problem
from bot.telegram_errors import Gone
from intake.roles import needs_key
from storage.staff import Member

INSIDE = frozenset({"creator", "administrator", "member"})


def compared(api: BotApi, group: int, bot: int, members: Sequence[Member]) -> Iterator[Finding]:
    """`bot`: its own id. It must be an administrator of the group: otherwise Telegram answers as it likes."""
    known = {member.chat: member for member in members if member.chat is not None}
    inside = {user for user in known if _is_in(api, group, user)}
    yield from _missing([known[user] for user in known if user not in inside])
    yield from _too_early([known[user] for user in inside])
    strangers = int(api.ask("getChatMemberCount", chat_id=group)) - 1 - len(inside)
    if strangers > 0:
        yield problem(
            f"In the operators' group, {strangers} of the members are not on the staff list, and they read the "
            "cards: go through its members, remove whoever was revoked or is unknown, and invite whoever belongs "
            "to the staff (`postern invite`)."
        )
    admins = api.ask("getChatAdministrators", chat_id=group, return_bots="true")
    yield from _in_power([admin for admin in admins if admin["user"]["id"] != bot], known)


def _is_in(api: BotApi, group: int, user: int) -> bool:
    try:
        member = api.ask("getChatMember", chat_id=group, user_id=user)
    except Gone:  # Telegram's way of saying that it never was
        return False
    return member["status"] in INSIDE or (member["status"] == "restricted" and bool(member.get("is_member")))


def _missing(members: Sequence[Member]) -> Iterator[Finding]:
    """Admins need not be there."""
    blind = _names(member for member in members if member.active and needs_key(member.role))
    if blind:
        yield note(
            f"Not in the operators' group, so they see no cards: {blind}. Add them there, or revoke who has left "
            "(`postern operators revoke`)."
        )


def _too_early(members: Sequence[Member]) -> Iterator[Finding]:
    waiting = _names(member for member in members if not member.active)
    if waiting:
        yield note(
            f"In the operators' group already, though no admin has confirmed their key: {waiting}. They read the "
            "cards: confirm them, or take them out until then."
        )


def _in_power(admins: Sequence[Mapping[str, Any]], known: Mapping[int, Member]) -> Iterator[Finding]:
    ours = _names(
        known[admin["user"]["id"]]
        for admin in admins
        if admin["user"]["id"] in known
        and admin["status"] == "administrator"
        and not admin.get("can_be_edited")
    )
    others = [_kind(admin) for admin in admins if admin["user"]["id"] not in known]
    if others:
        counted = ", ".join(f"{kind}: {others.count(kind)}" for kind in dict.fromkeys(sorted(others)))
        yield problem(
            f"Not on the staff list, but in charge of the operators' group ({counted}): they can let anybody in. Take "
            "that right from them, or invite them (`postern invite admin`)."
        )
    if ours:
        yield note(
            f"Administrators of the operators' group: {ours}. The bot can't remove an administrator: if one of them is "
            "revoked, do it by hand, or make them plain members now."
        )


def _kind(admin: Mapping[str, Any]) -> str:
    if admin["user"].get("is_bot"):
        return "bots"
    return "owner" if admin["status"] == "creator" else "administrators"


def _names(members: Iterator[Member]) -> str:
    return ", ".join(sorted(member.name for member in members))
