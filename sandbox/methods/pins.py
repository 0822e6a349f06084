"""pinChatMessage, unpinChatMessage, unpinAllChatMessages."""

from __future__ import annotations

from sandbox import groups, render
from sandbox.errors import bad_request
from sandbox.methods.reach import find_message, writable_chat
from sandbox.telegram import Telegram
from sandbox.world import Chat


def pin_chat_message(
    tg: Telegram, chat_id: int | str, message_id: int, *, disable_notification: bool = False
) -> bool:
    """Leaves a service message, which comes back to the bot as an update, from itself."""
    chat = _manageable(tg, chat_id)
    message = find_message(chat, message_id, "pin")
    if message.service:
        raise bad_request("message can't be pinned")
    if message_id in chat.pinned:
        return True
    chat.pinned.append(message_id)
    pinned = {"pinned_message": render.message(tg.world, chat, message, with_reply=False)}
    groups.announce(tg, chat, tg.world.bot.id, pinned, "A message was pinned", silent=disable_notification)
    return True


def unpin_chat_message(tg: Telegram, chat_id: int | str, message_id: int = 0) -> bool:
    """Without an id, the latest."""
    chat = _manageable(tg, chat_id)
    if (message_id and message_id not in chat.messages) or (not message_id and not chat.pinned):
        raise bad_request("message to unpin not found")
    target = message_id or chat.pinned[-1]
    if target in chat.pinned:
        chat.pinned.remove(target)
        tg.world.touch()
    return True


def unpin_all_chat_messages(tg: Telegram, chat_id: int | str) -> bool:
    _manageable(tg, chat_id).pinned.clear()
    tg.world.touch()
    return True


def _manageable(tg: Telegram, chat_id: int | str) -> Chat:
    chat = writable_chat(tg, chat_id)
    if chat.is_group and chat.bot_status != "administrator":
        raise bad_request("not enough rights to manage pinned messages in the chat")
    return chat
