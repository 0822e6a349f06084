"""A Bot API server over real HTTP, as lean as the specification allows, which fails when it is told to."""

from __future__ import annotations

import asyncio
import json
from collections import defaultdict, deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import web

from bot.telegram import Telegram

TOKEN = "1234567:" + "A" * 35


class ApiServer:
    """Keeps updates until they are confirmed, numbers the messages, records the calls."""

    def __init__(self) -> None:
        self.url = ""
        self.calls: list[tuple[str, dict[str, Any]]] = []
        self.answers: defaultdict[str, deque[web.Response | str]] = defaultdict(deque)
        """For a method's next calls: a response, or "drop" (the connection) or "hang" (for ever)."""
        self.updates: list[Any] = []
        self.confirmed = 0
        self.sent: list[dict[str, Any]] = []
        self.ending = asyncio.Event()
        self._news = asyncio.Event()

    def put(self, *updates: Any) -> None:
        self.updates.extend(updates)
        self._news.set()

    def fail(
        self, method: str, status: int, description: str = "", times: int = 1, **parameters: int
    ) -> None:
        body = {"ok": False, "error_code": status, "description": description}
        if parameters:
            body["parameters"] = parameters
        self.answers[method].extend(web.json_response(body, status=status) for _ in range(times))

    def end(self) -> None:
        """Let go of everyone who waits."""
        self.ending.set()
        self._news.set()

    def methods(self) -> list[str]:
        return [method for method, _ in self.calls]

    async def handle(self, request: web.Request) -> web.StreamResponse:
        method = request.match_info["method"]
        parameters = {key: _plain(value) for key, value in (await request.post()).items()}
        self.calls.append((method, parameters))
        if self.answers[method]:
            answer = self.answers[method].popleft()
            if isinstance(answer, web.Response):
                return answer
            if answer == "hang":
                await self.ending.wait()
            assert request.transport
            request.transport.abort()
            return web.Response()
        if method == "getUpdates":
            return _ok(await self._get_updates(parameters))
        if method in {"sendMessage", "sendDocument"}:
            self.sent.append(parameters)
            return _ok({"message_id": len(self.sent)})
        return _ok({"id": 1234567, "is_bot": True, "username": "lean_bot"} if method == "getMe" else True)

    async def _get_updates(self, parameters: dict[str, Any]) -> list[Any]:
        offset = parameters.get("offset", 0)
        self.confirmed = max(self.confirmed, offset)
        self.updates = [u for u in self.updates if not isinstance(u, dict) or u.get("update_id", 0) >= offset]
        if not self.updates:
            self._news.clear()
            try:
                async with asyncio.timeout(parameters.get("timeout", 0)):
                    await self._news.wait()
            except TimeoutError:
                pass
        return self.updates[: parameters.get("limit", 100)]


def _plain(value: Any) -> Any:
    if isinstance(value, web.FileField):
        return {"file_name": value.filename, "content": value.file.read()}
    try:
        return json.loads(value)
    except ValueError:
        return value


def _ok(result: Any) -> web.Response:
    return web.json_response({"ok": True, "result": result})


@asynccontextmanager
async def bot_api(call_timeout: float = 10) -> AsyncIterator[tuple[ApiServer, Telegram]]:
    """A server, and a client of it."""
    server = ApiServer()
    app = web.Application()
    app.router.add_post(f"/bot{TOKEN}/{{method}}", server.handle)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.5)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    server.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    telegram = Telegram(TOKEN, server.url, call_timeout=call_timeout)
    try:
        yield server, telegram
    finally:
        await telegram.close()
        server.end()
        await runner.cleanup()


def text_update(update_id: int, chat: int, text: str = "hello") -> dict[str, Any]:
    return {
        "update_id": update_id,
        "message": {
            "message_id": update_id,
            "date": 0,
            "chat": {"id": chat, "type": "private"},
            "from": {"id": chat, "is_bot": False, "first_name": "x"},
            "text": text,
        },
    }
