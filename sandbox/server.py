"""The sandbox as a running server, and the page it serves."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from aiohttp import web

from sandbox import bot_side, control, people
from sandbox.client import Control, Phone
from sandbox.devices import Device
from sandbox.dispatch import make_dispatch
from sandbox.guard import add_headers, guard
from sandbox.media import MAX_UPLOAD_BYTES
from sandbox.telegram import Telegram
from sandbox.world import BotAccount

PAGE = Path(__file__).with_name("page")
TOKEN = re.compile(r"(\d+):[A-Za-z0-9_-]{30,}")
NO_DEVICES: Mapping[int, Device] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Sandbox:
    base_url: str
    """`http://127.0.0.1:port`, for bots and browsers alike."""
    telegram: Telegram
    """The state itself, for tests in the same process."""
    _runner: web.AppRunner

    @property
    def control(self) -> Control:
        return Control(self.base_url)

    def phone(self, user_id: int, chat_id: int | None = None) -> Phone:
        return Phone(self.base_url, user_id, chat_id)

    async def close(self) -> None:
        await self.telegram.close()
        await self._runner.cleanup()


async def start_sandbox(
    *,
    token: str,
    host: str = "127.0.0.1",
    port: int = 0,
    bot_name: str = "Postern",
    bot_username: str = "postern_sandbox_bot",
    devices: Mapping[int, Device] = NO_DEVICES,
) -> Sandbox:
    """Listen on host:port (0: any free one). ValueError for a token not in Telegram's form; OSError, as it
    comes, when the port is taken."""
    matched = TOKEN.fullmatch(token)
    if matched is None:
        raise ValueError("the sandbox's token must look like 123456789:30-or-more-of-A-Za-z0-9_-")
    telegram = Telegram(token, BotAccount(int(matched[1]), bot_name, bot_username), devices)
    app = web.Application(middlewares=[guard], client_max_size=MAX_UPLOAD_BYTES + 5 * 1024 * 1024)
    dispatch = make_dispatch(telegram)
    telegram.webhook.carry = dispatch
    app.add_routes([*bot_side.routes(telegram, dispatch), *people.routes(telegram)])
    app.add_routes([*control.routes(telegram), *_page_routes()])
    app.on_response_prepare.append(add_headers)
    # A client that hangs up ends its long poll: what it was not given stays in the queue.
    runner = web.AppRunner(app, access_log=None, handler_cancellation=True, shutdown_timeout=1.0)
    await runner.setup()
    try:
        site = web.TCPSite(runner, host, port)
        await site.start()
    except OSError:
        await runner.cleanup()
        raise
    bound_host, bound_port = runner.addresses[0][:2]
    shown = f"[{bound_host}]" if ":" in bound_host else bound_host
    return Sandbox(f"http://{shown}:{bound_port}", telegram, runner)


def _page_routes() -> list[web.RouteDef]:
    async def index(request: web.Request) -> web.StreamResponse:
        return _page_file("index.html")

    async def part(request: web.Request) -> web.StreamResponse:
        return _page_file(request.match_info["name"])

    return [web.get("/", index), web.get("/page/{name:[a-z0-9_-]+\\.[a-z0-9]+}", part)]


def _page_file(name: str) -> web.StreamResponse:
    path = PAGE / name
    if not path.is_file():
        raise web.HTTPNotFound(text="the sandbox has no such page")
    return web.FileResponse(path)
