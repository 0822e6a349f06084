"""deleteMessage, deleteMessages: only within 48 hours, and what the bot may delete."""

from __future__ import annotations

from sandbox.errors import bad_request
from sandbox.methods.reach import find_chat, find_message
from sandbox.telegram import Telegram
from sandbox.world import Chat, Message

DELETABLE_SECONDS = 48 * 3600
MAX_IDS = 100
_STAYS = {"migrate_to_chat_id", "migrate_from_chat_id", "forum_topic_created"}
"""Service messages of these kinds can't be deleted."""


def delete_message(tg: Telegram, chat_id: int | str, message_id: int) -> bool:
    chat = find_chat(tg, chat_id)
    if not message_id:
        raise bad_request("message identifier is not specified")
    message = find_message(chat, message_id, "delete")
    _refuse_undeletable(tg, chat, message)
    tg.world.remove(chat, message_id)
    return True


def delete_messages(tg: Telegram, chat_id: int | str, message_ids: list[int]) -> bool:
    """All or none: unknown ids are skipped, one message that can't be deleted refuses the call."""
    chat = find_chat(tg, chat_id)
    if not message_ids:
        raise bad_request("message identifiers are not specified")
    if len(message_ids) > MAX_IDS:
        raise bad_request("too many message identifiers specified")
    found = [chat.messages[i] for i in dict.fromkeys(message_ids) if i in chat.messages]
    for message in found:
        _refuse_undeletable(tg, chat, message)
    for message in found:
        tg.world.remove(chat, message.id)
    return True


def _refuse_undeletable(tg: Telegram, chat: Chat, message: Message) -> None:
    theirs = message.sender != tg.world.bot.id
    if chat.is_group and theirs and chat.bot_status != "administrator":
        raise bad_request("message can't be deleted")
    if message.service and _STAYS & message.service.keys():
        raise bad_request("message can't be deleted")
    age = tg.clock.now() - message.at
    if message.media and message.media.kind == "dice" and not chat.is_group and age < 24 * 3600:
        raise bad_request("message can't be deleted for everyone")
    if age >= DELETABLE_SECONDS:
        raise bad_request("message can't be deleted for everyone")
