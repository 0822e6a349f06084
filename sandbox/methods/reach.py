"""Which chats the bot may read and write, and with whose words it is refused."""

from __future__ import annotations

from sandbox.errors import bad_request, forbidden, upgraded
from sandbox.telegram import Telegram
from sandbox.world import Chat, Message


def find_chat(tg: Telegram, chat_id: int | str) -> Chat:
    """A chat that the bot knows. User names name channels and public groups, of which there are none."""
    chat = tg.world.chats.get(chat_id) if isinstance(chat_id, int) else None
    if chat is None:
        raise bad_request("chat not found")
    if chat.migrated_to is not None:
        raise upgraded(chat.migrated_to)
    if chat.is_group:
        if chat.bot_status == "kicked":
            raise forbidden(f"bot was kicked from the {chat.type} chat")
        if chat.bot_status == "left":
            raise forbidden(f"bot is not a member of the {chat.type} chat")
    elif not tg.world.people[chat.id].started and not tg.world.shares_group(chat.id):
        raise bad_request("chat not found")
    return chat


def writable_chat(tg: Telegram, chat_id: int | str, what: str = "text messages") -> Chat:
    """A chat that the bot may send `what` to."""
    chat = find_chat(tg, chat_id)
    if chat.is_group:
        if chat.bot_status == "restricted":
            raise bad_request(f"not enough rights to send {what} to the chat")
        return chat
    person = tg.world.people[chat.id]
    if not person.started:
        raise forbidden("bot can't initiate conversation with a user")
    if person.blocked:
        raise forbidden("bot was blocked by the user")
    return chat


def find_message(chat: Chat, message_id: int, purpose: str) -> Message:
    """`purpose` stands in Telegram's sentence: "message to edit not found"."""
    message = chat.messages.get(message_id)
    if message is None:
        raise bad_request(f"message to {purpose} not found")
    return message
