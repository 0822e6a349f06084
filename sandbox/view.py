"""The world as the people's apps show it: what the page and the tests read."""

from __future__ import annotations

from sandbox.telegram import Telegram
from sandbox.world import Chat, Json, Message


def world(tg: Telegram) -> Json:
    spinning = tg.queries.waiting_people()
    return {
        "revision": tg.world.revision,
        "now": tg.clock.now(),
        "bot": {"id": tg.world.bot.id, "username": tg.world.bot.username, "name": _bot_name(tg)},
        "online": tg.online,
        "pending": len(tg.updates.pending()),
        "commands": tg.commands.get(None, ""),
        "people": [
            {
                "id": who.id,
                "first_name": who.first_name,
                "username": who.username,
                "language_code": who.language_code,
                "role": who.role,
                "device": tg.devices[who.id].label if who.id in tg.devices else None,
                "chat_id": who.id,
                "pressing": who.id in spinning,
                "started": who.started,
                "blocked": who.blocked,
            }
            for who in tg.world.people.values()
        ],
        "chats": [chat(tg, where) for where in tg.world.chats.values() if where.migrated_to is None],
    }


def chat(tg: Telegram, where: Chat) -> Json:
    language = "" if where.is_group else tg.world.people[where.id].language_code or ""
    return {
        "id": where.id,
        "type": where.type,
        "title": where.title,
        "members": where.members,
        "bot_status": where.bot_status,
        "pinned": where.pinned,
        "commands": tg.commands.in_force(where.id, None, language, is_group=where.is_group),
        "messages": [message(tg, what) for what in where.messages.values()],
    }


def message(tg: Telegram, what: Message) -> Json:
    by_bot = what.sender == tg.world.bot.id
    return {
        "id": what.id,
        "from": "bot" if by_bot else what.sender,
        "name": _bot_name(tg) if by_bot else tg.world.people[what.sender].first_name,
        "at": what.at,
        "edited": what.edited_at is not None,
        "text": what.note if what.service else what.text,
        "service": what.service is not None,
        "caption": what.caption,
        "entities": what.entities or what.caption_entities,
        "buttons": [[_button(b) for b in row] for row in what.keyboard or []],
        "keyboard": _reply_keyboard(what),
        "reply_to": what.reply_to,
        "forwarded": what.forward_origin is not None,
        "protected": what.protected,
        "media": None if what.media is None else {
            "kind": what.media.kind, "file_name": what.media.file_name,
            "size": what.media.size, "file_id": what.media.file_id,
        },
        "silent": what.silent,
        "reactions": [reaction["emoji"] for reaction in what.reactions],
    }  # fmt: skip


def _button(button: Json) -> Json:
    shown = {"text": button["text"]}
    if "callback_data" in button:
        return shown | {"data": button["callback_data"]}
    if "web_app" in button:
        return shown | {"web_app": button["web_app"]["url"]}
    return shown | {name: button[name] for name in ("url", "copy_text") if name in button}


def _reply_keyboard(what: Message) -> list[list[str]]:
    """The labels of a keyboard below the input field; pressing one writes its label."""
    rows = (what.markup or {}).get("keyboard", [])
    return [[button["text"] for button in row] for row in rows]


def _bot_name(tg: Telegram) -> str:
    return tg.profile.names.get("") or tg.world.bot.name
