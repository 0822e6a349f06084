"""A furnished sandbox for the browser: four people, a group, and a small bot with a fixed script."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine
from dataclasses import dataclass, field
from typing import Any, TypeVar

import aiohttp

from sandbox.client import Control
from sandbox.devices import Device
from sandbox.server import Sandbox, start_sandbox

TOKEN = "424242:" + "A" * 35
REQUESTER, OPERATOR, COLLEAGUE, ADMIN, GROUP = 1001, 2001, 2002, 3001, -500
QUESTION = "Сколько времени у вас осталось?"
FIRST = [
    [{"text": "Меньше суток", "callback_data": "day"}, {"text": "До трёх дней", "callback_data": "days"}],
    [{"text": "Остановиться", "callback_data": "stop"}],
]
SECOND = [
    [
        {"text": "Нужен врач", "callback_data": "doctor"},
        {"text": "Со мной дети", "callback_data": "children"},
    ],
    [{"text": "Готово", "callback_data": "done"}],
]
T = TypeVar("T")
Json = dict[str, Any]


class ScriptedBot:
    """Long-polls and answers from a fixed script: a question, its follow-up, a card in the group, a document."""

    def __init__(self, base_url: str) -> None:
        self.address = f"{base_url}/bot{TOKEN}"

    async def run(self) -> None:
        async with aiohttp.ClientSession() as self.http:
            commands = [
                {"command": "start", "description": "Begin"},
                {"command": "stats", "description": "Counts"},
            ]
            await self.call("setMyCommands", commands=commands)
            offset = 0
            while True:
                for update in await self.call("getUpdates", offset=offset, timeout=5):
                    offset = update["update_id"] + 1
                    await self.answer(update)

    async def call(self, method: str, **parameters: Any) -> Any:
        async with self.http.post(f"{self.address}/{method}", json=parameters) as response:
            answer = await response.json()
            assert answer["ok"], answer
            return answer["result"]

    async def send(self, chat: int, text: str, rows: list[list[Json]] | None = None) -> None:
        markup = {"reply_markup": {"inline_keyboard": rows}} if rows else {}
        await self.call("sendMessage", chat_id=chat, text=text, protect_content=True, **markup)

    async def answer(self, update: Json) -> None:
        if query := update.get("callback_query"):
            await self.pressed(query, query["message"], query["data"])
        elif (message := update.get("message")) and message["chat"]["type"] == "private":
            await self.written(message, message.get("text", ""))

    async def written(self, message: Json, text: str) -> None:
        chat = message["chat"]["id"]
        if text.startswith("/start"):
            await self.send(chat, f"{text}\n{QUESTION}", FIRST)
        elif text == "many":
            for number in range(30):
                await self.send(chat, f"Line {number}")
        else:
            await self.call("deleteMessage", chat_id=chat, message_id=message["message_id"])

    async def pressed(self, query: Json, message: Json, data: str) -> None:
        place = {"chat_id": message["chat"]["id"], "message_id": message["message_id"]}
        said: Json = {"text": "Saved."}
        if data in ("day", "days"):
            await self.call(
                "editMessageText", **place, text="Что верно?", reply_markup={"inline_keyboard": SECOND}
            )
        elif data == "stop":
            said = {"text": "Nothing was kept.", "show_alert": True}
        elif data == "children":
            ticked = [[SECOND[0][0], SECOND[0][1] | {"text": "✓ Со мной дети"}], SECOND[1]]
            await self.call("editMessageReplyMarkup", **place, reply_markup={"inline_keyboard": ticked})
        elif data == "done":
            await self.call("editMessageText", **place, text="K7QM-4ZDP")
            await self.send(GROUP, "K7QM-4ZDP · urgent", [[{"text": "Claim", "callback_data": "claim"}]])
        elif data == "claim":
            await self.call("editMessageText", **place, text="K7QM-4ZDP · taken")
            form = aiohttp.FormData({"chat_id": str(query["from"]["id"]), "caption": "The case"})
            form.add_field("document", b"sealed", filename="K7QM-4ZDP.postern")
            async with self.http.post(f"{self.address}/sendDocument", data=form) as response:
                assert response.status == 200
        await self.call("answerCallbackQuery", callback_query_id=query["id"], **said)


@dataclass
class Place:
    """A sandbox with four people and the bot, in a thread with an event loop of its own."""

    loop: asyncio.AbstractEventLoop = field(default_factory=asyncio.new_event_loop)

    def start(self) -> None:
        threading.Thread(target=self.loop.run_forever, daemon=True).start()
        self.sandbox: Sandbox = self.run(self.furnish())

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(20)

    async def furnish(self, port: int = 0) -> Sandbox:
        async def opened(name: str, content: bytes) -> str:
            return f"$ open {name}\n{content.decode()} -> Тбилиси"

        sandbox = await start_sandbox(
            token=TOKEN, port=port, devices={OPERATOR: Device("the laptop", opened)}
        )
        control = sandbox.control
        await control.add_person(REQUESTER, "Asker", role="requester", language_code="ru")
        await control.add_person(OPERATOR, "First operator", role="operator")
        await control.add_person(COLLEAGUE, "Second operator", role="operator")
        await control.add_person(ADMIN, "Admin", role="admin")
        await sandbox.phone(OPERATOR).start()  # a bot may only write to those who have written to it
        await control.add_group(GROUP, "Operators", [OPERATOR, COLLEAGUE, ADMIN], bot_is_admin=True)
        self.bot = asyncio.ensure_future(ScriptedBot(sandbox.base_url).run())
        await control.until_online()
        return sandbox

    @property
    def control(self) -> Control:
        return self.sandbox.control

    async def close(self) -> None:
        self.bot.cancel()
        await self.sandbox.close()

    def stop(self) -> None:
        self.run(self.close())
        self.loop.call_soon_threadsafe(self.loop.stop)
