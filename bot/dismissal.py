"""What Telegram still shows to somebody who was revoked: the operators' group, and the staff's menu of commands."""

from __future__ import annotations

import json
from contextlib import suppress

from bot.bot_api import BotApi
from bot.settings import Settings
from bot.telegram_errors import Moved, TelegramError


def tidy(settings: Settings, chat: int) -> str:
    """Take the menu away, and say in one line what is to be expected of the group; empty: there is none.

    The service itself removes them from the group, as soon as it runs.
    """
    if settings.bot_token is None:
        return ""
    api = BotApi(settings.require_token(), settings.bot_api_url)
    with suppress(TelegramError):  # the commands in it do nothing for them any more
        api.ask("deleteMyCommands", scope=json.dumps({"type": "chat", "chat_id": chat}))
    if settings.operators_chat is None:
        return ""
    try:
        may_remove = _may_remove(api, settings.operators_chat)
    except (TelegramError, LookupError, TypeError, AttributeError, ValueError):
        return "Telegram can't be asked whether the bot may remove them from the operators' group: look there yourself."
    if may_remove:
        return "The service removes them from the operators' group."
    return (
        "The bot may not remove anybody from the operators' group: remove them there by hand, and make the bot an "
        "administrator who may ban users."
    )


def _may_remove(api: BotApi, group: int) -> bool:
    bot = int(api.ask("getMe")["id"])
    try:
        member = api.ask("getChatMember", chat_id=group, user_id=bot)
    except Moved as moved:
        member = api.ask("getChatMember", chat_id=moved.chat, user_id=bot)
    return member["status"] == "creator" or (
        member["status"] == "administrator" and bool(member.get("can_restrict_members"))
    )
