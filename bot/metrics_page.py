"""The metrics page: on loopback, if it is asked for, and nothing else beside it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiohttp import web

from bot.metrics import Metrics
from bot.setting_types import Listen
from bot.webhook import listening

PATH = "/metrics"


@asynccontextmanager
async def serving(metrics: Metrics, address: Listen | None) -> AsyncIterator[None]:
    """Serve the page while the body runs. Raises `SettingsError` if the address can't be had."""
    if address is None:
        yield
        return
    from prometheus_client import CONTENT_TYPE_LATEST  # imported only where somebody reads the page

    async def show(_: web.Request) -> web.Response:
        return web.Response(body=metrics.page(), headers={"Content-Type": CONTENT_TYPE_LATEST})

    app = web.Application()
    app.router.add_get(PATH, show)
    async with listening(app, address.host, address.port, "METRICS"):
        yield
