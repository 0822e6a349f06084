"""The webhook: Telegram hears 200 only when an update's turn has been committed.

Anyone can reach this address, so a call counts only with the secret that Telegram was told. Where a call
came from is neither looked at nor believed: `X-Forwarded-For` is whatever the caller writes in it.
"""

from __future__ import annotations

import asyncio
import hmac
import json
import logging
from collections import OrderedDict
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from functools import partial
from typing import Protocol
from urllib.parse import urlsplit

from aiohttp import web
from aiohttp.http import HttpProcessingError
from aiohttp.log import server_logger

from bot.counts import Turn
from bot.door import OPEN, Doorkeeper
from bot.lanes import Lanes
from bot.outage import Outage
from bot.persistence import Persistence
from bot.polling import ALLOWED_UPDATES
from bot.states import State
from bot.telegram_errors import Refused
from handlers.incoming import lane_of, parse
from intake.errors import SettingsError

MAX_BODY = 1024 * 1024
"""Bytes. Telegram's updates are far smaller."""
MAX_CONNECTIONS = 40
MOST_FAILURES = 5
"""Redeliveries of an update whose turn fails by itself; then it is given up: it must not block the rest."""
FAILURES_KEPT = 1000
STOP_WITHIN = 4.0
"""Seconds for the requests under way when we are told to stop."""
BODY_WITHIN = 10.0
"""Seconds for a request's body, once its head has come."""
IDLE_WITHIN = 75.0
"""Seconds after which a connection is closed that brings no request, or never the rest of one's head."""
REST_WITHIN = 2.0
"""Seconds for which the rest of a refused body is read, so that the refusal can be."""
HEALTH_PATH = "/health"


class Target(Protocol):
    """The part of `bot.telegram.Telegram` that a webhook needs."""

    async def set_webhook(
        self, url: str, secret: str, allowed: Sequence[str], connections: int = 40
    ) -> None: ...


async def serve_webhook(
    target: Target,
    turn: Turn,
    lanes: Lanes,
    stop: asyncio.Event,
    persistence: Persistence,
    *,
    url: str,
    secret: str,
    host: str,
    port: int,
    door: Doorkeeper = OPEN,
) -> None:
    """Take updates at `url`'s path on host:port until `stop`."""
    app = web.Application(client_max_size=MAX_BODY)
    add_health(app)
    receiver = Receiver(turn, lanes, persistence, secret, door)
    add_webhook(app, receiver, path=urlsplit(url).path or "/")
    async with listening(app, host, port):
        await Outage(stop, persistence.states).overcome(partial(_announce, target, url, secret))
        await stop.wait()


async def _announce(target: Target, url: str, secret: str) -> None:
    try:
        await target.set_webhook(url, secret, ALLOWED_UPDATES, MAX_CONNECTIONS)
    except Refused:
        raise SettingsError(
            "POSTERN_WEBHOOK_URL: Telegram refuses this address; it must be https, public, "
            "and on port 443, 80, 88 or 8443"
        ) from None


def add_webhook(app: web.Application, receiver: Receiver, *, path: str) -> None:
    app.router.add_post(path, receiver.receive)


def add_health(app: web.Application) -> None:
    """`GET /health` is 200 as long as the service answers at all; it tells nothing else."""
    app.router.add_get(HEALTH_PATH, _healthy)


@asynccontextmanager
async def listening(
    app: web.Application, host: str, port: int, setting: str = "LISTEN"
) -> AsyncIterator[int]:
    """Serve `app`, without an access log; gives the port. Raises `SettingsError` if it can't listen."""
    runner = web.AppRunner(
        app,
        access_log=None,
        handle_signals=False,
        shutdown_timeout=STOP_WITHIN,
        keepalive_timeout=IDLE_WITHIN,
        lingering_time=REST_WITHIN,
        auto_decompress=False,  # Telegram compresses nothing; a few bytes of a stranger's could become gigabytes
    )
    await runner.setup()
    server_logger.addFilter(_is_ours)
    try:
        site = web.TCPSite(runner, host, port)
        try:
            await site.start()
        except OSError as error:
            what = error.strerror or "it can't be had"
            raise SettingsError(
                f"POSTERN_{setting}: can't listen on {host}:{port} ({what}); set another"
            ) from None
        yield runner.addresses[0][1]
    finally:
        server_logger.removeFilter(_is_ours)
        await runner.cleanup()


def _is_ours(record: logging.LogRecord) -> bool:
    """Not what a stranger sends instead of HTTP: that is answered with 400, and must not fill the log."""
    return not isinstance(record.exc_info and record.exc_info[1], HttpProcessingError)


async def _healthy(_: web.Request) -> web.Response:
    return web.Response(text="ok\n")


class Receiver:
    def __init__(
        self, turn: Turn, lanes: Lanes, persistence: Persistence, secret: str, door: Doorkeeper = OPEN
    ) -> None:
        self._turn = turn
        self._lanes = lanes
        self._persistence = persistence
        self._secret = secret.encode()
        self._door = door
        self._failures: OrderedDict[int, int] = OrderedDict()

    async def receive(self, request: web.Request) -> web.Response:
        claimed = request.headers.get("X-Telegram-Bot-Api-Secret-Token", "")
        # As bytes: comparing strings in constant time raises on anything but ASCII.
        if not hmac.compare_digest(claimed.encode("utf-8", "surrogateescape"), self._secret):
            return web.Response(status=403)
        try:
            async with asyncio.timeout(BODY_WITHIN):
                body = await request.read()
            update = json.loads(body)
        except TimeoutError:
            return web.Response(status=408)
        except (ValueError, RecursionError, web.RequestPayloadError, ConnectionError):
            return web.Response(status=400)
        incoming = parse(update)
        if incoming is None:
            return web.Response(status=400)
        if self._door.is_shut() and await self._door.turned_away([incoming]):
            return web.Response()
        future = await self._lanes.submit(lane_of(incoming), partial(self._turn, update))
        try:
            await future
        except Exception as error:  # Telegram brings it again; until then the others go on
            hopeless = await self._is_hopeless(incoming.update_id, error)
            return web.Response(status=200 if hopeless else 500)
        self._persistence.states.end(State.DATABASE)
        self._failures.pop(incoming.update_id, None)
        return web.Response()

    async def _is_hopeless(self, update_id: int, error: Exception) -> bool:
        """Whether it is given up. While the database is in trouble, nothing is, and nothing is counted."""
        if self._persistence.is_trouble(error):
            return False
        failures = self._failures.pop(update_id, 0) + 1
        if failures > MOST_FAILURES and await self._persistence.gives_up():
            return True
        self._failures[update_id] = failures
        if len(self._failures) > FAILURES_KEPT:
            self._failures.popitem(last=False)
        return False
