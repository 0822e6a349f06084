"""A Bot API server that shares no line with the sandbox: raw aiohttp, the fewest methods, the sparsest answers.

It has no deleteMessages and no setMyCommands (404), tells nothing about a sent message but its number, and brings
updates by long polling or, once setWebhook was called, one after another by webhook.
"""

from __future__ import annotations

import asyncio
import json
from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

import aiohttp
from aiohttp import web

TOKEN = "52:lean-lean-lean-lean-lean-lean-lean"
Json = dict[str, Any]


@dataclass
class LeanApi:
    url: str = ""
    mute: bool = False
    """Not even a sent message's number is told."""
    chats: defaultdict[int, dict[int, Json]] = field(default_factory=lambda: defaultdict(dict))
    """Chat -> message number -> text and rows of buttons, as they are now."""
    answered: set[str] = field(default_factory=set)
    documents: int = 0
    changed: asyncio.Condition = field(default_factory=asyncio.Condition)
    _queue: list[Json] = field(default_factory=list)
    _numbers: int = 0
    _updates: int = 10
    _webhook: asyncio.Task[None] | None = None
    _runner: web.AppRunner | None = None

    async def start(self) -> None:
        app = web.Application()
        app.router.add_route("*", f"/bot{TOKEN}/{{method}}", self._handle)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.2)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"

    async def close(self) -> None:
        if self._webhook:
            self._webhook.cancel()
        if self._runner:
            await self._runner.cleanup()

    async def put(self, **update: Any) -> None:
        async with self.changed:
            self._updates += 1
            self._queue.append({"update_id": self._updates, **update})
            self.changed.notify_all()

    def next_number(self) -> int:
        self._numbers += 1
        return self._numbers

    async def _handle(self, request: web.Request) -> web.Response:
        given = {name: _plain(value) for name, value in request.query.items()}
        if request.content_type == "application/json":
            given |= await request.json()
        else:
            given |= {name: _plain(value) for name, value in (await request.post()).items()}
        method = getattr(self, "_" + request.match_info["method"].lower(), None)
        if method is None:
            body = {"ok": False, "error_code": 404, "description": "Not Found"}
            return web.json_response(body, status=404)
        result = await method(given)
        async with self.changed:
            self.changed.notify_all()
        if result is None:
            body = {"ok": False, "error_code": 400, "description": "Bad Request: message to edit not found"}
            return web.json_response(body, status=400)
        return web.json_response({"ok": True, "result": result})

    async def _getme(self, _: Json) -> Json:
        return {"id": 52, "is_bot": True, "first_name": "Lean", "username": "lean_bot"}

    async def _getupdates(self, given: Json) -> list[Json]:
        self._queue = [update for update in self._queue if update["update_id"] >= given.get("offset", 0)]
        try:
            async with asyncio.timeout(given.get("timeout", 0)), self.changed:
                await self.changed.wait_for(lambda: self._queue)
        except TimeoutError:
            return []
        return self._queue[: given.get("limit", 100)]

    async def _deletewebhook(self, _: Json) -> bool:
        return True

    async def _setwebhook(self, given: Json) -> bool:
        self._webhook = asyncio.create_task(self._bring(given["url"], given.get("secret_token", "")))
        return True

    async def _bring(self, url: str, secret: str) -> None:
        headers = {"X-Telegram-Bot-Api-Secret-Token": secret}
        async with aiohttp.ClientSession(headers=headers) as session:
            while True:
                async with self.changed:
                    await self.changed.wait_for(lambda: self._queue)
                async with session.post(url, json=self._queue[0]) as answer:
                    if answer.status == 200:
                        self._queue.pop(0)

    async def _sendmessage(self, given: Json) -> Json:
        number = self.next_number()
        self.chats[int(given["chat_id"])][number] = _shown(given)
        return {} if self.mute else {"message_id": number}

    async def _senddocument(self, given: Json) -> Json:
        self.documents += 1
        return await self._sendmessage(given)

    async def _editmessagetext(self, given: Json) -> Json | None:
        chat, number = self.chats[int(given["chat_id"])], int(given["message_id"])
        if number not in chat:
            return None
        chat[number] = _shown(given)
        return {"message_id": number}

    async def _deletemessage(self, given: Json) -> bool:
        self.chats[int(given["chat_id"])].pop(int(given["message_id"]), None)
        return True

    async def _answercallbackquery(self, given: Json) -> bool:
        self.answered.add(str(given["callback_query_id"]))
        return True


def _shown(given: Json) -> Json:
    markup = given.get("reply_markup") or {}
    return {
        "text": str(given.get("text", given.get("caption", ""))),
        "rows": markup.get("inline_keyboard", []),
    }


def _plain(value: Any) -> Any:
    try:
        return json.loads(value)
    except (TypeError, ValueError):
        return value
