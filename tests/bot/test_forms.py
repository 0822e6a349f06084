"""The forms that are written by hand, held against what aiogram makes of the same calls."""

from __future__ import annotations

import json
from typing import Any

from aiogram import Bot
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.methods import TelegramMethod
from hypothesis import given
from hypothesis import strategies as st

from bot.forms import form_of
from handlers.outgoing import Answer, Button, Delete, Edit, Send
from tests.bot.aiograms_methods import method_of

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1)
CHATS = st.integers(-(2**52), 2**52).filter(bool)
NUMBERS = st.integers(1, 2**31)
BUTTONS = st.builds(Button, TEXTS, TEXTS) | st.builds(Button, TEXTS, url=st.just("https://example.org/?a=ü"))
KEYBOARDS = st.lists(st.lists(BUTTONS, min_size=1, max_size=3).map(tuple), max_size=3).map(tuple)
CALLS = (
    st.builds(Send, CHATS, TEXTS, KEYBOARDS, st.none() | NUMBERS, st.booleans(), st.booleans())
    | st.builds(Edit, CHATS, NUMBERS, TEXTS, KEYBOARDS)
    | st.builds(Answer, TEXTS, st.just("") | TEXTS, st.booleans())
    | st.builds(Delete, CHATS, st.tuples(NUMBERS))
)


@given(CALLS)
def test_a_form_is_what_aiogram_makes_of_the_call(call: Send | Edit | Answer | Delete) -> None:
    form, method = form_of(call), method_of(call)
    assert form.__api_method__.lower() == method.__api_method__.lower()
    assert read(form.model_dump()) == read(by_aiogram(method))


def by_aiogram(method: TelegramMethod[Any]) -> dict[str, str]:
    """As its own session does it."""
    session, files = AiohttpSession(), dict[str, Any]()
    bot = Bot("1:a", session=session)
    fields = {
        name: session.prepare_value(value, bot, files)
        for name, value in method.model_dump(warnings=False).items()
    }
    return {name: value for name, value in fields.items() if value}


def read(fields: dict[str, str]) -> dict[str, Any]:
    written_in_json = {"reply_markup", "reply_parameters", "link_preview_options"}
    return {name: json.loads(value) if name in written_in_json else value for name, value in fields.items()}
