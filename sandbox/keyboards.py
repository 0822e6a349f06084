"""Reply markup, checked as Telegram checks it."""

from __future__ import annotations

from urllib.parse import urlsplit

from sandbox.errors import bad_request, not_modelled
from sandbox.world import Chat, Json

MAX_BUTTONS = 100
MAX_DATA_BYTES = 64

ACTIONS = (
    "url", "callback_data", "web_app", "copy_text", "switch_inline_query", "switch_inline_query_current_chat",
)  # fmt: skip
UNMODELLED = ("login_url", "switch_inline_query_chosen_chat", "callback_game", "pay", "disabled")


def checked(markup: Json | None, chat: Chat) -> Json | None:
    """The markup to keep with a message; an empty one is none."""
    if not markup:
        return None
    if "inline_keyboard" in markup:
        return _inline(markup["inline_keyboard"], chat)
    if "keyboard" in markup:
        if not any(markup["keyboard"]):
            raise bad_request("reply keyboard markup must be non-empty")
        for button in (b for row in markup["keyboard"] for b in row):
            if not button["text"].strip():
                raise bad_request("keyboard button text must be non-empty")
    return markup


def _inline(rows: list[list[Json]], chat: Chat) -> Json | None:
    rows = [row for row in rows if row]
    if not rows:
        return None
    if sum(map(len, rows)) > MAX_BUTTONS:
        raise bad_request("REPLY_MARKUP_TOO_LONG")
    for row in rows:
        for button in row:
            _check_button(button, chat)
    return {"inline_keyboard": rows}


def _check_button(button: Json, chat: Chat) -> None:
    if not button["text"].strip():
        raise bad_request("can't parse inline keyboard button: Button text must be non-empty")
    for name in UNMODELLED:
        if button.get(name) is not None:
            raise not_modelled(f"inline keyboard buttons with {name}")
    actions = [name for name in ACTIONS if button.get(name) is not None]
    if not actions:
        raise bad_request(
            "can't parse inline keyboard button: Text buttons are unallowed in the inline keyboard"
        )
    if len(actions) > 1:
        raise bad_request("can't parse inline keyboard button: Only one optional field may be used")
    if "callback_data" in button and not 1 <= len(button["callback_data"].encode()) <= MAX_DATA_BYTES:
        raise bad_request("BUTTON_DATA_INVALID")
    if "url" in button:
        _check_url(button["url"])
    if "web_app" in button:
        if chat.is_group:
            raise bad_request("BUTTON_TYPE_INVALID")
        if not button["web_app"]["url"].startswith("https://"):
            url = button["web_app"]["url"]
            raise bad_request(
                f"inline keyboard button Web App URL '{url}' is invalid: Only HTTPS links are allowed"
            )


def _check_url(url: str) -> None:
    parts = urlsplit(url)
    if parts.scheme not in ("", "http", "https", "tg"):
        raise bad_request(f"inline keyboard button URL '{url}' is invalid: Unsupported URL protocol")
    if " " in url or ("." not in (parts.netloc or parts.path) and parts.scheme != "tg"):
        raise bad_request(f"inline keyboard button URL '{url}' is invalid: Wrong HTTP URL")
