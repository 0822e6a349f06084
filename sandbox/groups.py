"""What happens to groups: people come and go, the bot's rights change, they become supergroups."""

from __future__ import annotations

from sandbox import render
from sandbox.errors import PeopleError
from sandbox.telegram import Telegram
from sandbox.world import SUPERGROUPS_BELOW, Chat, Json


def create(tg: Telegram, group_id: int, title: str, members: list[int], *, bot_is_admin: bool) -> Chat:
    """A group into which its first member has put the bot."""
    if not members:
        raise PeopleError("a group has at least one member")
    chat = tg.world.add_group(group_id, title, members, "left")
    set_bot_status(tg, group_id, "administrator" if bot_is_admin else "member")
    return chat


def set_bot_status(tg: Telegram, group_id: int, status: str, by: int | None = None) -> None:
    """administrator, member, restricted (may not send), left or kicked; tells the bot."""
    chat = group(tg, group_id)
    if status not in ("administrator", "member", "restricted", "left", "kicked"):
        raise PeopleError("a bot is administrator, member, restricted, left or kicked")
    if chat.bot_status == status:
        return
    was_in, old = chat.bot_is_in, render.member(tg.world, chat, tg.world.bot.id)
    chat.bot_status = status
    if status != "restricted":
        chat.status_before = status
    new = render.member(tg.world, chat, tg.world.bot.id)
    actor = by if by is not None else chat.members[0] if chat.members else tg.world.bot.id
    body = render.member_updated(tg.world, chat, actor, tg.clock.now(), old, new)
    tg.updates.add("my_chat_member", body, chat.id)
    bot = render.bot(tg.world.bot)
    if chat.bot_is_in and not was_in:
        announce(tg, chat, actor, {"new_chat_members": [bot]}, f"{tg.world.bot.name} was added")
    elif was_in and not chat.bot_is_in:
        announce(tg, chat, actor, {"left_chat_member": bot}, f"{tg.world.bot.name} was removed", told=False)
    tg.world.touch()


def set_member(tg: Telegram, group_id: int, user_id: int, *, present: bool, by: int | None = None) -> None:
    chat = group(tg, group_id)
    user = render.person(tg.world.person(user_id))
    if (user_id in chat.members) == present:
        return
    old = render.member(tg.world, chat, user_id)
    if present:
        chat.members.append(user_id)
    else:
        chat.members.remove(user_id)
        chat.admins = [who for who in chat.admins if who != user_id]
    new = render.member(tg.world, chat, user_id)
    actor = user_id if by is None else by
    if chat.bot_is_in:
        body = render.member_updated(tg.world, chat, actor, tg.clock.now(), old, new)
        if chat.bot_status == "administrator":
            tg.updates.add("chat_member", body, chat.id)
    fields: Json = {"new_chat_members": [user]} if present else {"left_chat_member": user}
    announce(tg, chat, actor, fields, f"{user['first_name']} {'joined' if present else 'left'}")


def set_admin(tg: Telegram, group_id: int, user_id: int, *, admin: bool) -> None:
    """The owner makes a member an administrator, or takes that back."""
    chat = group(tg, group_id)
    if user_id not in chat.members[1:]:
        raise PeopleError("only a member other than the owner can be made an administrator")
    old = render.member(tg.world, chat, user_id)
    chat.admins = [who for who in chat.admins if who != user_id] + ([user_id] if admin else [])
    new = render.member(tg.world, chat, user_id)
    if chat.bot_status == "administrator":
        body = render.member_updated(tg.world, chat, chat.members[0], tg.clock.now(), old, new)
        tg.updates.add("chat_member", body, chat.id)
    tg.world.touch()


def migrate(tg: Telegram, group_id: int) -> Chat:
    """The group becomes a supergroup: a new chat with a new id; the old id only tells where it went."""
    old = group(tg, group_id)
    if old.type == "supergroup":
        raise PeopleError("it is a supergroup already")
    new_id = SUPERGROUPS_BELOW - abs(group_id)
    new = tg.world.add_group(new_id, old.title, old.members, old.bot_status)
    new.admins = list(old.admins)
    owner = old.members[0]
    announce(tg, old, owner, {"migrate_to_chat_id": new_id}, "The group became a supergroup")
    announce(tg, new, owner, {"migrate_from_chat_id": group_id}, "The group became a supergroup")
    old.migrated_to = new_id
    tg.world.touch()
    return new


def announce(
    tg: Telegram, chat: Chat, by: int, service: Json, note: str, *, silent: bool = False, told: bool = True
) -> None:
    """A service message; bots get those even in privacy mode, and about their own pins too."""
    message = tg.world.post(chat, by, tg.clock.now(), service=service, note=note, silent=silent)
    if told and chat.bot_is_in:
        tg.updates.add("message", render.message(tg.world, chat, message), chat.id)


def group(tg: Telegram, group_id: int) -> Chat:
    chat = tg.world.chats.get(group_id)
    if chat is None or not chat.is_group:
        raise PeopleError(f"there is no group with id {group_id}")
    if chat.migrated_to is not None:
        raise PeopleError(f"the group became a supergroup; its id is now {chat.migrated_to}")
    return chat
