"""Every kind of call that the client makes, once; also as a process: `python -m tests.bot.every_call TOKEN URL`.

As a process it imports aiogram as `postern run` does, makes the calls, and prints what it has come to know of aiogram.
"""

from __future__ import annotations

import asyncio
import json
import sys
from contextlib import suppress
from typing import TYPE_CHECKING

from bot.models_when_used import models_when_used
from bot.telegram_errors import TelegramError
from handlers import outgoing as out

if TYPE_CHECKING:  # the process imports it when the time has come
    from bot.telegram import Telegram

KEYS = ((out.Button("yes", "1.1"), out.Button("page", url="https://postern.example/")),)


class Nowhere:
    def restart(self) -> None: ...

    def feed(self, part: bytes) -> None: ...


async def make_every_call(telegram: Telegram) -> None:
    """What the server answers doesn't matter."""
    for call in (
        out.Send(5, "text", KEYS, reply_to=7, silent=True),
        out.SendDocument(5, "case.json", b"content", "caption", KEYS),
        out.SendPhoto(5, b"content", "caption", KEYS),
        out.EditPhoto(5, 7, b"content", "caption", KEYS),
        out.Edit(5, 7, "text", KEYS),
        out.Buttons(5, 7, KEYS),
        out.Delete(5, (7,)),
        out.Delete(5, (7, 8)),
        out.Answer("9", "text", alert=True),
        out.Pin(5, 7),
        out.Menu(5, (("start", "begin"),)),
        out.Remove(-5, 7),
        out.Fetch(5, "file", Nowhere()),
    ):
        with suppress(TelegramError):
            await telegram.call(call)
    for work in (
        telegram.get_me(),
        telegram.get_chat(5),
        telegram.get_member(-5, 7),
        telegram.get_updates(3, 0, ["message"]),
        telegram.set_webhook("https://postern.example/", "secret", ["message"]),
        telegram.delete_webhook(),
        telegram.set_commands({"start": "begin"}, "ru"),
        telegram.set_commands({"start": "begin"}, scope="groups"),
        telegram.set_commands({"start": "begin"}, scope="default"),
    ):
        with suppress(TelegramError):
            await work


async def _main(token: str, url: str) -> None:
    with models_when_used():
        from bot.telegram import Telegram
    telegram = Telegram(token, url)
    try:
        await make_every_call(telegram)
    finally:
        await telegram.close()
    from aiogram import types

    unused = types.Update.__pydantic_complete__, types.Message.__pydantic_complete__
    update = {"update_id": 1, "message": {"message_id": 2, "date": 0, "chat": {"id": 5, "type": "private"}}}
    read = types.Update.model_validate(update)
    print(json.dumps({"built": unused, "chat": read.message.chat.id if read.message else None}))


if __name__ == "__main__":
    asyncio.run(_main(sys.argv[1], sys.argv[2]))
