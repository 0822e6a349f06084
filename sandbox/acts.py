"""What people do in their apps: write, edit, press, start, block, ask inline. Each becomes an update."""

from __future__ import annotations

import re
from typing import Any

from sandbox import media, render
from sandbox.entities import MAX_CAPTION_UNITS, MAX_TEXT_UNITS, find, units
from sandbox.errors import PeopleError
from sandbox.queries import Query
from sandbox.telegram import Telegram
from sandbox.world import Chat, Json, Media, Message, Person

MAX_TOPIC_NAME = 128
TOPIC_COLOUR = 7322096
"""The first of the colours that Telegram gives."""


def write(
    tg: Telegram,
    chat_id: int,
    user_id: int,
    text: str,
    *,
    reply_to: int | None = None,
    forwarded: bool = False,
) -> Message:
    if not text.strip():
        raise PeopleError("an app does not send an empty message")
    if units(text) > MAX_TEXT_UNITS:
        raise PeopleError(f"a message holds {MAX_TEXT_UNITS} characters")
    return _post(tg, chat_id, user_id, reply_to, forwarded, text=text, entities=find(text))


def send_media(
    tg: Telegram, chat_id: int, user_id: int, sent: Media, *, caption: str | None = None,
    reply_to: int | None = None, forwarded: bool = False,
) -> Message:  # fmt: skip
    if caption and units(caption) > MAX_CAPTION_UNITS:
        raise PeopleError(f"a caption holds {MAX_CAPTION_UNITS} characters")
    marks = find(caption) if caption else []
    return _post(
        tg, chat_id, user_id, reply_to, forwarded, media=sent, caption=caption or None, caption_entities=marks
    )


def make_media(tg: Telegram, kind: str, file_name: str | None, content: bytes) -> Media:
    return media.from_person(tg.files, kind, file_name, content)


def start(tg: Telegram, user_id: int, parameter: str) -> Message:
    """Open a t.me link to the bot, or press the app's Start (after a block: Restart) button."""
    if not re.fullmatch(r"[A-Za-z0-9_-]{0,64}", parameter):
        raise PeopleError("a start parameter is up to 64 of A-Z, a-z, 0-9, _ and -")
    if tg.world.person(user_id).blocked:
        block(tg, user_id, blocked=False)
    return write(tg, user_id, user_id, f"/start {parameter}".rstrip())


def edit(tg: Telegram, chat_id: int, user_id: int, message_id: int, text: str) -> Message:
    chat = tg.world.chat_of(chat_id, user_id)
    message = chat.messages.get(message_id)
    if message is None or message.sender != user_id or message.text is None:
        raise PeopleError("a person can edit the text of their own messages")
    if not text.strip() or units(text) > MAX_TEXT_UNITS:
        raise PeopleError(f"a message holds 1 to {MAX_TEXT_UNITS} characters")
    message.text, message.entities, message.edited_at = text, find(text), tg.clock.now()
    tg.world.touch()
    _tell(tg, "edited_message", chat, message)
    return message


def press(tg: Telegram, chat_id: int, user_id: int, message_id: int, data: str, *, force: bool) -> Query:
    """Press a button. `force` also presses what is no longer there, as an app that lags behind may do."""
    chat = tg.world.chat_of(chat_id, user_id)
    message = chat.messages.get(message_id)
    rows = (message.keyboard or []) if message else []
    if not force and data not in [button.get("callback_data") for row in rows for button in row]:
        raise PeopleError("there is no such button on that message")
    if not chat.bot_is_in:
        raise PeopleError("the bot is no longer in that chat")
    query = tg.queries.ask(user_id)
    if message is None:
        shown: Json = {"chat": render.chat(tg.world, chat), "message_id": message_id, "date": 0}
    else:
        shown = render.message(tg.world, chat, message)
    body = {
        "id": query.id,
        "from": render.person(tg.world.person(user_id)),
        "message": shown,
        "chat_instance": str(abs(chat_id) * 7919),
        "data": data,
    }
    tg.updates.add("callback_query", body, chat_id)
    tg.world.touch()
    return query


def block(tg: Telegram, user_id: int, *, blocked: bool) -> None:
    person = tg.world.person(user_id)
    if person.blocked == blocked:
        return
    chat = tg.world.chats[user_id]
    old, new = _private_member(tg, chat, person), _private_member(tg, chat, person, blocked)
    person.blocked = blocked
    tg.world.touch()
    body = render.member_updated(tg.world, chat, user_id, tg.clock.now(), old, new)
    tg.updates.add("my_chat_member", body, user_id)


def ask_inline(tg: Telegram, user_id: int, text: str) -> Query:
    person = tg.world.person(user_id)
    query = tg.queries.ask(user_id)
    body = {"id": query.id, "from": render.person(person), "query": text, "offset": "", "chat_type": "sender"}
    tg.updates.add("inline_query", body, user_id)
    tg.world.touch()
    return query


def send_raw(tg: Telegram, update: Json) -> int:
    """Any update as it stands; an app cannot do this, a test can."""
    kinds = [kind for kind in update if kind != "update_id"]
    if len(kinds) != 1:
        raise PeopleError("a raw update has exactly one field beside update_id")
    body = update[kinds[0]]
    return tg.updates.add_as_it_is(kinds[0], body, _lane(body))


def _lane(body: Any) -> int:
    """The chat that a raw update belongs to, as far as it has one."""
    for path in (("chat",), ("message", "chat"), ("from",)):
        found = body
        for name in (*path, "id"):
            found = found.get(name) if isinstance(found, dict) else None
        if isinstance(found, int):
            return found
    return 0


def _post(
    tg: Telegram, chat_id: int, user_id: int, reply_to: int | None, forwarded: bool, **content: object
) -> Message:
    chat = tg.world.chat_of(chat_id, user_id)
    if not chat.is_group:
        person = tg.world.person(user_id)
        if person.blocked:
            raise PeopleError("this person has blocked the bot; start it again first")
        person.started = True
    if reply_to is not None and reply_to not in chat.messages:
        raise PeopleError("the message to reply to is gone")
    now = tg.clock.now()
    if forwarded:
        content["forward_origin"] = {"type": "hidden_user", "sender_user_name": "Someone", "date": now}
    if tg.profile.topics and not chat.is_group:
        content["thread"] = _open_topic(tg, chat, user_id, str(content.get("text") or "New Chat"))
    message = tg.world.post(chat, user_id, now, reply_to=reply_to, **content)
    _tell(tg, "message", chat, message)
    return message


def _open_topic(tg: Telegram, chat: Chat, user_id: int, words: str) -> int:
    """What an app does with a message that is written outside a topic; the topic is named after its words."""
    topic = {"name": words[:MAX_TOPIC_NAME], "icon_color": TOPIC_COLOUR, "is_name_implicit": True}
    opened = tg.world.post(
        chat, user_id, tg.clock.now(), service={"forum_topic_created": topic}, note="A topic was opened"
    )
    opened.thread = opened.id
    _tell(tg, "message", chat, opened)
    return opened.id


def _tell(tg: Telegram, kind: str, chat: Chat, message: Message) -> None:
    if bot_sees(tg, chat, message):
        tg.updates.add(kind, render.message(tg.world, chat, message), chat.id)


def bot_sees(tg: Telegram, chat: Chat, message: Message) -> bool:
    """Privacy mode: in a group, a bot that is not an administrator gets commands, replies to it, and
    service messages."""
    if not chat.bot_is_in:
        return False
    if not chat.is_group or chat.bot_status == "administrator" or message.service:
        return True
    answered = chat.messages.get(message.reply_to) if message.reply_to else None
    if answered is not None and answered.sender == tg.world.bot.id:
        return True
    command = re.match(r"/[A-Za-z0-9_]{1,64}(?:@(\w+))?(?=\s|$)", message.text or "")
    if command is None:
        return False
    return command[1] is None or command[1].lower() == tg.world.bot.username.lower()


def _private_member(tg: Telegram, chat: Chat, person: Person, blocked: bool | None = None) -> Json:
    gone = person.blocked if blocked is None else blocked
    user = {"user": render.bot(tg.world.bot)}
    return user | ({"status": "kicked", "until_date": 0} if gone else {"status": "member"})
