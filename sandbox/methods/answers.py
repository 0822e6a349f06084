"""answerCallbackQuery, answerInlineQuery: once, and in time."""

from __future__ import annotations

from sandbox.entities import units
from sandbox.errors import bad_request
from sandbox.telegram import Telegram
from sandbox.world import Json

MAX_ANSWER_UNITS = 200
MAX_RESULTS = 50


def answer_callback_query(
    tg: Telegram, callback_query_id: str, *, text: str = "", show_alert: bool = False, url: str = "",
    cache_time: int = 0,
) -> bool:  # fmt: skip
    """`cache_time` is taken, but the sandbox always asks the bot again."""
    if units(text) > MAX_ANSWER_UNITS:
        raise bad_request("MESSAGE_TOO_LONG")
    if url and not url.startswith(f"https://t.me/{tg.world.bot.username}?start="):
        raise bad_request("URL_INVALID")
    tg.queries.answer(callback_query_id, {"text": text, "alert": show_alert, "url": url})
    tg.world.touch()
    return True


def answer_inline_query(
    tg: Telegram, inline_query_id: str, results: list[Json], *, cache_time: int = 300,
    is_personal: bool = False, next_offset: str = "",
) -> bool:  # fmt: skip
    if len(results) > MAX_RESULTS:
        raise bad_request("RESULTS_TOO_MUCH")
    if len({result["id"] for result in results}) != len(results):
        raise bad_request("RESULT_ID_DUPLICATE")
    tg.queries.answer(inline_query_id, {"results": results})
    tg.world.touch()
    return True
