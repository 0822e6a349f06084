"""What Telegram says about the bot: its token, its webhook, its place in the operators' group."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from bot.bot_api import BotApi
from bot.check_group import compared
from bot.finding import Finding, note, problem
from bot.settings import Settings
from bot.telegram_errors import Gone, Moved, TelegramError, Unauthorized
from intake.errors import SettingsError
from storage.staff import Member

OUTSIDE = frozenset({"left", "kicked"})
NEEDED = {
    "can_pin_messages": "pin the board",
    "can_delete_messages": "delete messages",
    "can_restrict_members": "remove people who were revoked",
}


def telegram(settings: Settings, members: Sequence[Member] | None) -> Iterator[Finding]:
    """One line, and no more, if the Bot API can't be reached. `members`: the staff, if it is known."""
    try:
        api = BotApi(settings.require_token(), settings.bot_api_url)
        me = api.ask("getMe")
        yield from _bot(me)
        yield from _webhook(settings, api.ask("getWebhookInfo"))
        if settings.operators_chat is not None:
            yield from _group(api, settings.operators_chat, int(me["id"]), members)
    except SettingsError as error:
        yield problem(str(error))
    except Unauthorized:
        yield problem("Telegram doesn't know this POSTERN_BOT_TOKEN: ask @BotFather for a new one.")
    except (TelegramError, LookupError, TypeError, AttributeError, ValueError):
        yield problem(
            "The Bot API can't be reached, or gives no proper answer; nothing was checked there: see to the "
            "network and POSTERN_BOT_API_URL."
        )


def _bot(me: Mapping[str, Any]) -> Iterator[Finding]:
    if me.get("can_read_all_group_messages"):
        yield note(
            "The bot is sent every message of the operators' group, which it doesn't need: turn privacy mode on "
            "with @BotFather (/setprivacy)."
        )
    if me.get("has_topics_enabled"):
        yield problem(
            "Topics are switched on for this bot (Threaded Mode), so requesters' chats break up into threads, each "
            "named after what they typed: one message that is edited in place, and wiping the rest, can't be "
            "promised. Switch it off in @BotFather's app (the bot, Bot Settings, Threaded Mode)."
        )


def _webhook(settings: Settings, info: Mapping[str, Any]) -> Iterator[Finding]:
    address = info.get("url", "")
    if address and address != settings.webhook_url:
        yield note(
            "Telegram sends this bot's updates to another address, so another program may be using the token: "
            "`postern run` takes them over."
        )
    elif address and info.get("last_error_message"):
        yield note(
            f"Telegram could not deliver lately; updates waiting: {info.get('pending_update_count', 0)}. Is the "
            "service running, and does POSTERN_WEBHOOK_URL lead to it?"
        )


def _group(api: BotApi, chat: int, bot: int, members: Sequence[Member] | None) -> Iterator[Finding]:
    try:
        group = api.ask("getChat", chat_id=chat)
        member = api.ask("getChatMember", chat_id=chat, user_id=bot)
    except Moved as moved:
        yield problem(
            f"The operators' group became a supergroup: set POSTERN_OPERATORS_CHAT to {moved.chat}."
        )
        return
    except Gone:
        group, member = {}, {"status": "left"}
    status = member["status"]
    if status in OUTSIDE or (status == "restricted" and not member.get("is_member", True)):
        yield problem(
            "The bot is not in the operators' group, or POSTERN_OPERATORS_CHAT is another group's id: add it there."
        )
        return
    if group.get("username"):
        yield problem("The operators' group is public, so anybody can read the cards: make it private.")
    if status == "restricted" and not member.get("can_send_messages"):
        yield problem("The bot may not write in the operators' group: allow it to send messages.")
    if status not in {"administrator", "creator"}:
        yield note(
            f"The bot is no administrator of the operators' group: let it {', '.join(NEEDED.values())}. Until then it "
            "can't be told who is in the group."
        )
        return
    for right, what in NEEDED.items():
        if status == "administrator" and not member.get(right):
            yield note(f"The bot may not {what} in the operators' group: give it that right.")
    if members is not None:
        yield from compared(api, chat, bot, members)
