"""A load balancer: hands what comes to it to one process after another, as a reverse proxy before them would."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import aiohttp
from aiohttp import web


@dataclass
class Balancer:
    behind: Sequence[str]
    """host:port of each process."""
    url: str = ""
    to_all: bool = False
    """Each request goes to all of them at once; the worst answer counts."""
    handed_on: list[int] = field(default_factory=list)
    """How many requests each process has answered."""
    _turn: itertools.count[int] = field(default_factory=itertools.count)
    _session: aiohttp.ClientSession | None = None

    async def handle(self, request: web.Request) -> web.Response:
        body = await request.read()
        first = next(self._turn)
        order = [(first + n) % len(self.behind) for n in range(len(self.behind))]
        if self.to_all:
            answers = await asyncio.gather(*(self._hand_on(n, request, body) for n in order))
            return web.Response(status=max(answers))
        for n in order:
            status = await self._hand_on(n, request, body)
            if status != 502:
                break
        return web.Response(status=status)

    async def _hand_on(self, n: int, request: web.Request, body: bytes) -> int:
        assert self._session is not None
        headers = {k: v for k, v in request.headers.items() if k.lower() not in {"host", "content-length"}}
        url = f"http://{self.behind[n]}{request.path}"
        try:
            async with self._session.request(request.method, url, data=body, headers=headers) as answer:
                self.handed_on[n] += 1
                return answer.status
        except aiohttp.ClientError:
            return 502


@asynccontextmanager
async def balancer(behind: Sequence[str]) -> AsyncIterator[Balancer]:
    made = Balancer(behind, handed_on=[0] * len(behind))
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", made.handle)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.2)
    await runner.setup()
    async with aiohttp.ClientSession() as made._session:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        made.url = f"http://127.0.0.1:{runner.addresses[0][1]}/telegram"
        try:
            yield made
        finally:
            await runner.cleanup()
