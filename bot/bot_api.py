"""A few questions to the Bot API for commands: plain HTTP, without the seconds that importing aiogram takes."""

from __future__ import annotations

import json
from http.client import HTTPException
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import ProxyHandler, Request, build_opener

from bot.settings import Settings
from bot.telegram_errors import Gone, Moved, Refused, TelegramError, Unauthorized, Unreachable
from intake.errors import PosternError

PATIENCE = 10.0
"""Seconds for one question."""


class BotApi:
    def __init__(self, token: str, base_url: str) -> None:
        self._base = f"{base_url}/bot{token}/"
        self._opener = build_opener(ProxyHandler({}))  # the service uses none either

    def ask(self, method: str, **parameters: str | int) -> Any:
        """The result. Raises Unauthorized, Gone (no such chat, or not for us), Moved, Refused or Unreachable.

        None of them repeats the address, which holds the token.
        """
        # Both schemes that BOT_API_URL may have; file: and the like were refused with the settings.
        request = Request(self._base + method, urlencode(parameters).encode(), method="POST")  # noqa: S310
        try:
            with self._opener.open(request, timeout=PATIENCE) as response:
                return json.load(response)["result"]
        except HTTPError as error:
            raise _refusal(error) from None
        except (OSError, HTTPException, ValueError, LookupError, TypeError):
            raise Unreachable from None


def _refusal(error: HTTPError) -> TelegramError:
    try:
        moved = json.load(error)["parameters"]["migrate_to_chat_id"]
    except (OSError, ValueError, LookupError, TypeError):
        moved = None
    if isinstance(moved, int):
        return Moved(moved)
    if error.code in {401, 404}:  # 404 for a token that isn't even in the right form
        return Unauthorized()
    if error.code in {400, 403}:
        return Gone()
    return Refused("other") if error.code < 500 else Unreachable()


def username(settings: Settings) -> str:
    """The bot's user name. Raises PosternError, one line."""
    api = BotApi(settings.require_token(), settings.bot_api_url)
    try:
        return str(api.ask("getMe")["username"])
    except Unauthorized:
        raise PosternError(
            "Telegram doesn't know this POSTERN_BOT_TOKEN: ask @BotFather for a new one."
        ) from None
    except (TelegramError, LookupError, TypeError):
        raise PosternError(
            "The Bot API can't be reached to learn the bot's name: check the network and POSTERN_BOT_API_URL."
        ) from None
