"""What the service is compared with: a plain aiogram bot, as its documentation shows how to write one.

/start, six questions in one message that is edited, "Send", and a summary to a group. The conversation lives in
MemoryStorage; nothing is stored, unless PLAIN_DATABASE names a file: then each answer is one row of plain SQLite.

    PLAIN_API, PLAIN_TOKEN, PLAIN_GROUP      the Bot API server, the token, the group that gets summaries
    PLAIN_PORT                               take updates by webhook on this port; otherwise by long polling
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import aiosqlite
from aiogram import Bot, Dispatcher, F, Router
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.telegram import TelegramAPIServer
from aiogram.filters import CommandStart
from aiogram.filters.callback_data import CallbackData
from aiogram.fsm.context import FSMContext
from aiogram.fsm.state import State, StatesGroup
from aiogram.fsm.storage.memory import MemoryStorage
from aiogram.types import CallbackQuery, InlineKeyboardButton, InlineKeyboardMarkup, Message
from aiogram.webhook.aiohttp_server import SimpleRequestHandler, setup_application
from aiohttp import web

from benchmarks.plain_questions import Question, load_questions

SECRET = "plain-secret-for-the-benchmark"  # noqa: S105 - it guards nothing
PATH = "/telegram"
Questions = list[Question]


class Asking(StatesGroup):
    answering = State()
    reviewing = State()


class Choice(CallbackData, prefix="choice"):
    question: int
    option: int


class Action(CallbackData, prefix="action"):
    name: str


def question_text(questions: Questions, number: int) -> str:
    question = questions[number]
    return f"Question {number + 1} of {len(questions)}\n\n{question.ask}\n\nWhy we ask: {question.why}"


def question_keyboard(questions: Questions, number: int) -> InlineKeyboardMarkup:
    options = [*enumerate(questions[number].options), (-1, "I prefer not to say")]
    return keyboard([(text, Choice(question=number, option=index)) for index, text in options])


def keyboard(buttons: Sequence[tuple[str, CallbackData]]) -> InlineKeyboardMarkup:
    rows = [[InlineKeyboardButton(text=text, callback_data=data.pack())] for text, data in buttons]
    return InlineKeyboardMarkup(inline_keyboard=rows)


def summary(answers: dict[str, str]) -> str:
    return "\n".join(f"{name}: {answer}" for name, answer in answers.items())


async def start(message: Message, state: FSMContext, questions: Questions) -> None:
    await state.set_state(Asking.answering)
    await state.set_data({"answers": {}})
    await message.answer(question_text(questions, 0), reply_markup=question_keyboard(questions, 0))


async def answer(
    query: CallbackQuery,
    callback_data: Choice,
    state: FSMContext,
    questions: Questions,
    database: aiosqlite.Connection | None = None,
) -> None:
    question = questions[callback_data.question]
    chosen = question.options[callback_data.option] if callback_data.option >= 0 else "-"
    answers = {**(await state.get_data())["answers"], question.label: chosen}
    await state.update_data(answers=answers)
    if database is not None:
        await database.execute(
            "INSERT INTO answers (user_id, question, answer) VALUES (?, ?, ?)",
            (query.from_user.id, question.label, chosen),
        )
        await database.commit()
    number = callback_data.question + 1
    if isinstance(query.message, Message):
        if number < len(questions):
            await query.message.edit_text(
                question_text(questions, number), reply_markup=question_keyboard(questions, number)
            )
        else:
            await state.set_state(Asking.reviewing)
            text = f"Check your answers.\n\n{summary(answers)}"
            buttons = [("Send", Action(name="send")), ("Start again", Action(name="again"))]
            await query.message.edit_text(text, reply_markup=keyboard(buttons))
    await query.answer()


async def send(query: CallbackQuery, state: FSMContext, bot: Bot, group: int) -> None:
    answers = (await state.get_data())["answers"]
    await bot.send_message(group, f"A new request\n\n{summary(answers)}")
    await state.clear()
    if isinstance(query.message, Message):
        await query.message.edit_text(
            "Thank you. We will answer you here.", reply_markup=keyboard([("Start", Action(name="again"))])
        )
    await query.answer()


async def again(query: CallbackQuery, state: FSMContext, questions: Questions) -> None:
    await state.set_state(Asking.answering)
    await state.set_data({"answers": {}})
    if isinstance(query.message, Message):
        await query.message.edit_text(
            question_text(questions, 0), reply_markup=question_keyboard(questions, 0)
        )
    await query.answer()


def build_router() -> Router:
    router = Router()
    router.message.register(start, CommandStart())
    router.callback_query.register(answer, Asking.answering, Choice.filter())
    router.callback_query.register(send, Asking.reviewing, Action.filter(F.name == "send"))
    router.callback_query.register(again, Action.filter(F.name == "again"))
    return router


@asynccontextmanager
async def opened_database(path: str | None) -> AsyncIterator[aiosqlite.Connection | None]:
    if not path:
        yield None
        return
    async with aiosqlite.connect(path) as database:
        await database.execute("PRAGMA journal_mode = WAL")
        await database.execute(
            "CREATE TABLE IF NOT EXISTS answers (user_id INTEGER, question TEXT, answer TEXT)"
        )
        await database.commit()
        yield database


async def main() -> None:
    api = TelegramAPIServer.from_base(os.environ["PLAIN_API"])
    bot = Bot(os.environ["PLAIN_TOKEN"], session=AiohttpSession(api=api))
    async with opened_database(os.environ.get("PLAIN_DATABASE")) as database:
        data: dict[str, Any] = {
            "questions": load_questions(),
            "group": int(os.environ["PLAIN_GROUP"]),
            "database": database,
        }
        dispatcher = Dispatcher(storage=MemoryStorage(), **data)
        dispatcher.include_router(build_router())
        if port := os.environ.get("PLAIN_PORT"):
            await by_webhook(bot, dispatcher, int(port))
        else:
            await dispatcher.start_polling(bot)


async def by_webhook(bot: Bot, dispatcher: Dispatcher, port: int) -> None:
    app = web.Application()
    SimpleRequestHandler(dispatcher, bot, secret_token=SECRET).register(app, path=PATH)
    setup_application(app, dispatcher, bot=bot)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    await bot.set_webhook(f"http://127.0.0.1:{port}{PATH}", secret_token=SECRET)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main())
