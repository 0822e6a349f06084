"""getMe, the bot's names and descriptions, its command menus and its menu button."""

from __future__ import annotations

from sandbox import render
from sandbox.errors import bad_request
from sandbox.methods.reach import find_chat
from sandbox.telegram import Telegram
from sandbox.world import Json


def get_me(tg: Telegram) -> Json:
    return render.bot(tg.world.bot) | {
        "can_join_groups": True,
        "can_read_all_group_messages": False,
        "supports_inline_queries": True,
        "can_connect_to_business": False,
        "has_main_web_app": False,
        "has_topics_enabled": tg.profile.topics,
        "allows_users_to_create_topics": tg.profile.topics,
    }


def set_my_commands(
    tg: Telegram, commands: list[Json], *, scope: Json | None = None, language_code: str = ""
) -> bool:
    _check_scope(tg, scope)
    tg.commands.set(scope, language_code, commands)
    tg.world.touch()
    return True


def delete_my_commands(tg: Telegram, *, scope: Json | None = None, language_code: str = "") -> bool:
    _check_scope(tg, scope)
    tg.commands.delete(scope, language_code)
    tg.world.touch()
    return True


def get_my_commands(tg: Telegram, *, scope: Json | None = None, language_code: str = "") -> list[Json]:
    _check_scope(tg, scope)
    return tg.commands.get(scope, language_code)


def set_my_name(tg: Telegram, *, name: str = "", language_code: str = "") -> bool:
    return _set(tg.profile.names, name, language_code, 64, "name")


def get_my_name(tg: Telegram, *, language_code: str = "") -> Json:
    return {"name": _get(tg.profile.names, language_code) or tg.world.bot.name}


def set_my_description(tg: Telegram, *, description: str = "", language_code: str = "") -> bool:
    return _set(tg.profile.descriptions, description, language_code, 512, "description")


def get_my_description(tg: Telegram, *, language_code: str = "") -> Json:
    return {"description": _get(tg.profile.descriptions, language_code)}


def set_my_short_description(tg: Telegram, *, short_description: str = "", language_code: str = "") -> bool:
    return _set(tg.profile.short_descriptions, short_description, language_code, 120, "short description")


def get_my_short_description(tg: Telegram, *, language_code: str = "") -> Json:
    return {"short_description": _get(tg.profile.short_descriptions, language_code)}


def set_chat_menu_button(
    tg: Telegram, *, chat_id: int | None = None, menu_button: Json | None = None
) -> bool:
    if chat_id is not None and find_chat(tg, chat_id).is_group:
        raise bad_request("chat not found")
    button = menu_button or {"type": "default"}
    if button["type"] == "web_app" and not button["web_app"]["url"].startswith("https://"):
        url = button["web_app"]["url"]
        raise bad_request(f"menu button Web App URL '{url}' is invalid: Only HTTPS links are allowed")
    tg.profile.menu_buttons[chat_id] = button
    tg.world.touch()
    return True


def get_chat_menu_button(tg: Telegram, *, chat_id: int | None = None) -> Json:
    buttons = tg.profile.menu_buttons
    return buttons.get(chat_id) or buttons.get(None) or {"type": "default"}


def _check_scope(tg: Telegram, scope: Json | None) -> None:
    if scope and (chat_id := scope.get("chat_id")) is not None:
        text = str(chat_id)
        find_chat(tg, int(text) if text.removeprefix("-").isdigit() else text)


def _set(texts: dict[str, str], text: str, language: str, limit: int, what: str) -> bool:
    if len(text) > limit:
        raise bad_request(f"bot {what} is too long")
    texts[language] = text
    return True


def _get(texts: dict[str, str], language: str) -> str:
    return texts.get(language) or texts.get("", "")
