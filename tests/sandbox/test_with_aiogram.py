"""A real client library drives the sandbox, and the sandbox as a program of its own."""

from __future__ import annotations

import asyncio
import socket
import sys
from collections.abc import AsyncIterator

import aiohttp
import pytest
from aiogram import Bot
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.telegram import TelegramAPIServer
from aiogram.exceptions import (
    TelegramBadRequest,
    TelegramForbiddenError,
    TelegramMigrateToChat,
    TelegramRetryAfter,
)
from aiogram.types import (
    BotCommand,
    BotCommandScopeChat,
    BufferedInputFile,
    CallbackQuery,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
)

from sandbox.client import Control, Phone
from sandbox.server import Sandbox, start_sandbox
from tests.sandbox.conftest import ANN, TOKEN


@pytest.fixture
async def bot(sandbox: Sandbox) -> AsyncIterator[Bot]:
    session = AiohttpSession(api=TelegramAPIServer.from_base(sandbox.base_url))
    yield Bot(TOKEN, session=session)
    await session.close()


async def test_topics_in_a_private_chat(bot: Bot, control: Control, ann: Phone) -> None:
    assert (await bot.get_me()).has_topics_enabled is False
    await control.enable_topics()
    me = await bot.get_me()
    assert (me.has_topics_enabled, me.allows_users_to_create_topics) == (True, True)
    await ann.send("my own words")
    opened, said = [update.message for update in await bot.get_updates(timeout=5)]
    assert opened is not None
    assert said is not None
    assert opened.forum_topic_created is not None
    assert (opened.forum_topic_created.name, opened.forum_topic_created.is_name_implicit) == (
        "my own words",
        True,
    )
    assert (said.text, said.message_thread_id, said.is_topic_message) == (
        "my own words",
        opened.message_id,
        True,
    )
    with pytest.raises(TelegramBadRequest, match="can't be deleted"):
        await bot.delete_message(ANN, opened.message_id)


async def test_a_conversation(bot: Bot, control: Control, ann: Phone) -> None:
    markup = InlineKeyboardMarkup(inline_keyboard=[[InlineKeyboardButton(text="Yes", callback_data="yes")]])
    sent = await bot.send_message(ANN, "Ready?", reply_markup=markup, protect_content=True)
    pressing = asyncio.create_task(ann.press("Yes"))
    (update,) = await bot.get_updates(timeout=5)
    assert isinstance(update.callback_query, CallbackQuery)
    await bot.answer_callback_query(update.callback_query.id)
    assert (await pressing).answered
    await bot.edit_message_text("Thank you", chat_id=ANN, message_id=sent.message_id)
    document = await bot.send_document(ANN, BufferedInputFile(b"sealed", "case.bin"), caption="Case")
    assert document.document is not None
    downloaded = await bot.download(document.document.file_id)
    assert downloaded is not None
    assert downloaded.read() == b"sealed"
    await bot.pin_chat_message(ANN, sent.message_id)
    assert (await bot.get_chat(ANN)).pinned_message is not None
    await bot.set_my_commands(
        [BotCommand(command="help", description="Help")], scope=BotCommandScopeChat(chat_id=ANN)
    )
    assert await bot.delete_messages(ANN, [sent.message_id, document.message_id])


async def test_refusals_are_the_librarys_own_exceptions(
    bot: Bot, control: Control, ann: Phone, group: int
) -> None:
    with pytest.raises(TelegramBadRequest, match="message text is empty"):
        await bot.send_message(ANN, " ")
    await control.add_fault("sendMessage", "429", retry_after=3)
    with pytest.raises(TelegramRetryAfter) as limited:
        await bot.send_message(ANN, "x")
    assert limited.value.retry_after == 3
    await ann.block()
    with pytest.raises(TelegramForbiddenError, match="bot was blocked by the user"):
        await bot.send_message(ANN, "x")
    await control.add_group(-66, "Small", [ANN])
    new = await control.migrate(-66)
    with pytest.raises(TelegramMigrateToChat) as moved:
        await bot.send_message(-66, "x")
    assert moved.value.migrate_to_chat_id == new
    assert (await bot.get_chat_member(group, bot.id)).status == "member"
    assert (await bot.get_chat(group)).title == "Desk"


async def test_a_port_that_is_taken_raises_the_operating_systems_error() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(OSError, match="address already in use"):
            await start_sandbox(token=TOKEN, port=taken.getsockname()[1])


async def test_a_token_of_another_form_is_refused() -> None:
    with pytest.raises(ValueError, match="token"):
        await start_sandbox(token="123:short")


async def test_it_runs_alone_and_stops_on_a_signal() -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "sandbox", "--port", "0", "--token", TOKEN, stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    url = (await process.stdout.readline()).decode().strip()
    async with aiohttp.request("GET", f"{url}/bot{TOKEN}/getMe") as answer:
        assert (await answer.json())["ok"] is True
    process.terminate()
    assert await asyncio.wait_for(process.wait(), 5) == 0
