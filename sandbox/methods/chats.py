"""getChat and its members: reading, removing, leaving; and reactions."""

from __future__ import annotations

from typing import Any

from sandbox import groups, render
from sandbox.errors import bad_request, forbidden
from sandbox.methods.reach import find_chat, find_message, writable_chat
from sandbox.telegram import Telegram
from sandbox.world import Chat, Json

GIFTS = ("unlimited_gifts", "limited_gifts", "unique_gifts", "premium_subscription", "gifts_from_channels")
REACTIONS = frozenset("👍👎❤🔥🥰👏😁🤔🤯😱🤬😢🎉🤩🙏👌🕊🥱😍🐳💯🤣⚡🏆💔🤨😐😈😴😭🤓👻👀🙈😇😨🤝✍🤗🫡🎄🆒😎👾")
"""Those of Telegram's that are one character."""


def get_chat(tg: Telegram, chat_id: int | str) -> Json:
    """A ChatFullInfo object."""
    chat = find_chat(tg, chat_id)
    fields: Json = render.chat(tg.world, chat) | {
        "accent_color_id": 0,
        "max_reaction_count": 11,
        "accepted_gift_types": dict.fromkeys(GIFTS, False),
    }
    if chat.is_group:
        allowed = chat.bot_status != "restricted"
        fields["permissions"] = dict.fromkeys(render.SENDING_RIGHTS, allowed)
    if chat.pinned:
        pinned = chat.messages[chat.pinned[-1]]
        fields["pinned_message"] = render.message(tg.world, chat, pinned, with_reply=False)
    return fields


def get_chat_member(tg: Telegram, chat_id: int | str, user_id: int) -> Json:
    chat = find_chat(tg, chat_id)
    if user_id != tg.world.bot.id and user_id not in tg.world.people:
        raise bad_request("member not found")
    if chat.type == "supergroup" and chat.bot_status != "administrator" and user_id != tg.world.bot.id:
        raise bad_request("member list is inaccessible")
    return render.member(tg.world, chat, user_id)


def get_chat_administrators(tg: Telegram, chat_id: int | str, *, return_bots: bool = False) -> list[Json]:
    """`return_bots` is taken, but there are no other bots here."""
    chat = _group(tg, chat_id, "there are no administrators in the private chat")
    everyone = [*chat.members[:1], *chat.admins, tg.world.bot.id]
    members = [render.member(tg.world, chat, who) for who in everyone]
    return [m for m in members if m["status"] in ("creator", "administrator")]


def get_chat_member_count(tg: Telegram, chat_id: int | str) -> int:
    return len(find_chat(tg, chat_id).members) + 1


def ban_chat_member(
    tg: Telegram, chat_id: int | str, user_id: int, *, until_date: int = 0, revoke_messages: bool = False
) -> bool:
    """Bans do not end by themselves here: whoever was removed comes back by hand."""
    chat = _with_power_over(tg, chat_id, user_id)
    groups.set_member(tg, chat.id, user_id, present=False, by=tg.world.bot.id)
    if revoke_messages:
        for message in [m for m in chat.messages.values() if m.sender == user_id]:
            tg.world.remove(chat, message.id)
    return True


def unban_chat_member(
    tg: Telegram, chat_id: int | str, user_id: int, *, only_if_banned: bool = False
) -> bool:
    """As in Telegram, this removes a member, unless asked only to lift a ban."""
    chat = _with_power_over(tg, chat_id, user_id)
    if not only_if_banned:
        groups.set_member(tg, chat.id, user_id, present=False, by=tg.world.bot.id)
    return True


def leave_chat(tg: Telegram, chat_id: int | str) -> bool:
    chat = _group(tg, chat_id, "chat member status can't be changed in private chats")
    groups.set_bot_status(tg, chat.id, "left", by=tg.world.bot.id)
    return True


def set_message_reaction(
    tg: Telegram, chat_id: int | str, message_id: int, *, reaction: list[Json] | None = None,
    is_big: bool = False,
) -> bool:  # fmt: skip
    chat = writable_chat(tg, chat_id)
    message = find_message(chat, message_id, "react")
    chosen: list[dict[str, Any]] = reaction or []
    if len(chosen) > 1:
        raise bad_request("REACTIONS_TOO_MANY")
    if any(r["type"] != "emoji" or r["emoji"].removesuffix("\ufe0f") not in REACTIONS for r in chosen):
        raise bad_request("REACTION_INVALID")
    message.reactions = chosen
    tg.world.touch()
    return True


def _group(tg: Telegram, chat_id: int | str, in_private: str) -> Chat:
    chat = find_chat(tg, chat_id)
    if not chat.is_group:
        raise bad_request(in_private)
    return chat


def _with_power_over(tg: Telegram, chat_id: int | str, user_id: int) -> Chat:
    chat = _group(tg, chat_id, "can't ban members in private chats")
    if user_id not in tg.world.people:
        raise bad_request("PARTICIPANT_ID_INVALID")
    if chat.bot_status != "administrator":
        raise bad_request("not enough rights to restrict/unrestrict chat member")
    if chat.members[:1] == [user_id]:
        raise bad_request("can't remove chat owner")
    if user_id in chat.admins:
        raise bad_request("user is an administrator of the chat")
    if chat.type == "group" and user_id not in chat.members:
        raise forbidden("user is not a member of the group chat")
    return chat
