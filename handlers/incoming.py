"""What has come in, read from a raw update of the Bot API.

`parse` is total: any JSON value gives an answer, never an exception. It reads what the conversation
needs and nothing more: no names, no usernames, no phone numbers, no coordinates, no captions (only whether there
is one), and of files how to fetch them. Everything it does read is bounded.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

MAX_TEXT_CHARS = 4 * 4096
"""Telegram's own limit is 4,096 UTF-16 units; four times that is no client's message."""
MAX_DATA_CHARS = 64
MAX_QUERY_ID_CHARS = 64
MAX_FILE_ID_CHARS = 256
MAX_KIND_CHARS = 80

Json = Mapping[str, object]
Fields = dict[str, Any]
"""Of an `Incoming`: it is made once, when all are known."""


class Kind(StrEnum):
    TEXT = "text"
    COMMAND = "command"
    PRESS = "press"
    CONTACT = "contact"
    LOCATION = "location"
    """A place: a location, a live location when it starts, or a venue."""
    FILE = "file"
    """Anything with a file: photo, document, voice, video, sticker and the like."""
    OTHER_MESSAGE = "other_message"
    EDITED = "edited"
    BLOCKED = "blocked"
    """The person has blocked the bot, or deleted the chat with it."""
    UNBLOCKED = "unblocked"
    GROUP_EVENT = "group_event"
    """The bot's standing in a group has changed (`data` is the new one) or the group's id (`migrate_to`)."""
    INLINE = "inline"
    IGNORED = "ignored"
    """Nothing that anyone waits for an answer to."""


NEVER_KEPT = frozenset({Kind.CONTACT, Kind.LOCATION, Kind.FILE})
"""Deleted even when nobody has time to look at them: thirty photos sent in one go are one slip of a finger."""


@dataclass(frozen=True, slots=True)
class Attached:
    """A file in a message: how to fetch it. Its name is never read."""

    id: str = field(repr=False)
    size: int = field(repr=False)
    """As Telegram says; 0: it says nothing."""
    kind: str = field(repr=False)
    """A media type, as the sender's app says; it may be anything."""


@dataclass(frozen=True, slots=True)
class Incoming:
    """One update. What it doesn't have is 0, "" or None; its `repr` shows neither content nor ids."""

    update_id: int = field(repr=False)
    kind: Kind = Kind.IGNORED
    chat_id: int = field(default=0, repr=False)
    chat_type: str = ""
    """"private", "group", "supergroup", "channel" or ""."""
    user_id: int = field(default=0, repr=False)
    language_code: str = field(default="", repr=False)
    message_id: int | None = field(default=None, repr=False)
    """The message itself; for a press, the message that the button is on."""
    sent: int = field(default=0, repr=False)
    """When that message was sent, in Unix seconds."""
    text: str = field(default="", repr=False)
    command: str = field(default="", repr=False)
    """Lower case, without "/" and "@bot"."""
    argument: str = field(default="", repr=False)
    data: str = field(default="", repr=False)
    query_id: str = field(default="", repr=False)
    reply_to: int | None = field(default=None, repr=False)
    forwarded: bool = False
    migrate_to: int | None = field(default=None, repr=False)
    file: Attached | None = field(default=None, repr=False)
    captioned: bool = False
    """There are words under the file."""


_CHAT_TYPES = frozenset({"private", "group", "supergroup", "channel"})
_GROUPS = frozenset({"group", "supergroup"})
_FILES = frozenset(
    {"animation", "audio", "document", "live_photo", "paid_media", "photo", "sticker", "story", "video"}
    | {"video_note", "voice"}
)
_TOPICS = frozenset(
    {"forum_topic_created", "forum_topic_edited", "forum_topic_closed", "forum_topic_reopened"}
    | {"general_forum_topic_hidden", "general_forum_topic_unhidden"}
)
"""Telegram's notes of topics. In a private chat its app opens one for each new thought, named after the words typed:
they come as a message before the message itself, are not for us to answer, and can't be deleted."""
_COMMAND = re.compile(r"/([A-Za-z0-9_]{1,32})(?:@([A-Za-z0-9_]{1,64}))?(?:\s+(.*))?", re.DOTALL)
# No app sends control characters; in what is stored as JSON each would take six times its room.
_UNSTORABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff]")


def parse(update: object, bot_username: str = "") -> Incoming | None:
    """Read one update; None if it is not an update at all.

    Without `bot_username` a command is ours whomever it is addressed to.
    """
    body = _object(update)
    update_id = _integer(body.get("update_id"))
    if update_id is None:
        return None
    if "message" in body:
        return _message(update_id, _object(body["message"]), bot_username.lower())
    if "edited_message" in body:
        return _edited(update_id, _object(body["edited_message"]))
    if "callback_query" in body:
        return _press(update_id, _object(body["callback_query"]))
    if "my_chat_member" in body:
        return _standing(update_id, _object(body["my_chat_member"]))
    if "inline_query" in body:
        query = _object(body["inline_query"])
        query_id = _string(query.get("id"), MAX_QUERY_ID_CHARS)
        return Incoming(update_id, Kind.INLINE, **_from(query), query_id=query_id)
    return Incoming(update_id)


def lane_of(incoming: Incoming) -> int:
    """The chat whose updates this one must stay in order with; the person, where there is no chat."""
    return incoming.chat_id or incoming.user_id


def _message(update_id: int, message: Json, bot_username: str) -> Incoming:
    found = _located(message)
    if "migrate_to_chat_id" in message or "migrate_from_chat_id" in message:
        moved_to = _integer(message.get("migrate_to_chat_id")) or None
        return Incoming(update_id, Kind.GROUP_EVENT, **found, migrate_to=moved_to)
    if not _has_author(found, message) or not _TOPICS.isdisjoint(message):
        return Incoming(update_id, **found)
    if isinstance(message.get("text"), str):
        return _written(update_id, found, message, bot_username)
    if "contact" in message:
        return Incoming(update_id, Kind.CONTACT, **found)
    if "location" in message or "venue" in message:
        return Incoming(update_id, Kind.LOCATION, **found)
    if _FILES.isdisjoint(message):
        return Incoming(update_id, Kind.OTHER_MESSAGE, **found)
    captioned = bool(message.get("caption"))
    return Incoming(update_id, Kind.FILE, **found, file=_attached(message), captioned=captioned)


def _attached(message: Json) -> Attached | None:
    """The file, of the kinds that somebody may be asked for. Of a photo, the largest size."""
    for name in ("document", "video", "audio", "voice", "photo"):
        one = message.get(name)
        if name == "photo" and isinstance(one, list) and one:
            one = one[-1]
        about = _object(one)
        file_id, size = about.get("file_id"), _integer(about.get("file_size"))
        if isinstance(file_id, str) and 0 < len(file_id) <= MAX_FILE_ID_CHARS and file_id.isascii():
            kind = "image/jpeg" if name == "photo" else _string(about.get("mime_type"), MAX_KIND_CHARS)
            return Attached(file_id, max(0, size or 0), kind)
    return None


def _has_author(found: Fields, message: Json) -> bool:
    """Not if it is written in the name of a chat (an anonymous admin, a channel) or by a bot: nobody we could know."""
    if found["chat_type"] == "channel" or "sender_chat" in message or _is_bot(message):
        return False
    return bool(found["user_id"])


def _written(update_id: int, found: Fields, message: Json, bot_username: str) -> Incoming:
    text = _string(message["text"], MAX_TEXT_CHARS)
    match = _COMMAND.fullmatch(text)
    if match is None:
        return Incoming(update_id, Kind.TEXT, **found, text=text)
    command, addressee, argument = match.groups(default="")
    elsewhere = addressee and bot_username and addressee.lower() != bot_username
    if elsewhere and found["chat_type"] != "private":
        return Incoming(update_id, **found)
    words: Fields = {"text": text, "command": command.lower(), "argument": argument.strip()}
    return Incoming(update_id, Kind.COMMAND, **found, **words)


def _edited(update_id: int, message: Json) -> Incoming:
    found = _located(message)
    # A live location edits its message every few seconds: that is not someone correcting what they wrote.
    if "location" in message or not _has_author(found, message):
        return Incoming(update_id, **found)
    return Incoming(update_id, Kind.EDITED, **found, text=_string(message.get("text"), MAX_TEXT_CHARS))


def _press(update_id: int, query: Json) -> Incoming:
    found = {**_located(_object(query.get("message"))), **_from(query)}
    query_id, data = _string(query.get("id"), MAX_QUERY_ID_CHARS), query.get("data")
    if not query_id or not found["user_id"]:  # there is nobody to answer
        return Incoming(update_id, **found)
    # What is too long was never on a button of ours; cut short it could pass for something else.
    found["data"] = (
        _string(data, MAX_DATA_CHARS) if isinstance(data, str) and len(data) <= MAX_DATA_CHARS else ""
    )
    found |= {"query_id": query_id, "forwarded": False, "reply_to": None}
    return Incoming(update_id, Kind.PRESS, **found)


def _standing(update_id: int, change: Json) -> Incoming:
    found = _located(change)
    status = _string(_object(change.get("new_chat_member")).get("status"), 32)
    if found["chat_type"] in _GROUPS:
        return Incoming(update_id, Kind.GROUP_EVENT, **found, data=status)
    if found["chat_type"] == "private" and status in {"kicked", "left"}:
        return Incoming(update_id, Kind.BLOCKED, **found)
    if found["chat_type"] == "private" and status == "member":
        return Incoming(update_id, Kind.UNBLOCKED, **found)
    return Incoming(update_id, **found)


def _located(message: Json) -> Fields:
    """Where it happened and who did it, the same for all that carry `chat` and `from`."""
    chat = _object(message.get("chat"))
    chat_id, chat_type = _integer(chat.get("id")) or 0, chat.get("type")
    known = chat_id != 0 and isinstance(chat_type, str) and chat_type in _CHAT_TYPES
    return {
        **_from(message),
        "chat_id": chat_id,
        "chat_type": str(chat_type) if known else "",
        "message_id": _message_number(message),
        "sent": _integer(message.get("date")) or 0,
        "reply_to": _replied_to(_object(message.get("reply_to_message"))),
        "forwarded": "forward_origin" in message or "forward_date" in message,
    }


def _from(source: Json) -> Fields:
    sender = _object(source.get("from"))
    language = _string(sender.get("language_code"), 35)
    return {"user_id": _integer(sender.get("id")) or 0, "language_code": language}


def _is_bot(message: Json) -> bool:
    return _object(message.get("from")).get("is_bot") is True


def _object(value: object) -> Json:
    return value if isinstance(value, dict) else {}


def _integer(value: object) -> int | None:
    """A whole number that a database can hold, in 64 bits."""
    if isinstance(value, int) and not isinstance(value, bool) and -(2**63) <= value < 2**63:
        return value
    return None


def _message_number(message: Json) -> int | None:
    number = _integer(message.get("message_id"))
    return number if number is not None and number > 0 else None


def _replied_to(message: Json) -> int | None:
    """Whatever is written in a topic replies to the note that opened it, unless somebody meant another message."""
    return _message_number(message) if _TOPICS.isdisjoint(message) else None


def _string(value: object, most: int) -> str:
    """At most `most` characters, each of which UTF-8 and a database can hold, and no control characters."""
    return _UNSTORABLE.sub("\ufffd", value[:most]) if isinstance(value, str) else ""
