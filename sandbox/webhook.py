"""Delivery of updates to the bot's webhook.

One lane (chat) is delivered in order, different lanes side by side. An update is confirmed by a 2xx answer
and by nothing else: after a failure it is tried again at once, then with growing pauses, for a day. A method
that stands in the answer is carried out.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

import aiohttp

from sandbox.clock import Clock
from sandbox.files import Upload
from sandbox.updates import Update, Updates
from sandbox.world import Json

Carry = Callable[[str, dict[str, Any], dict[str, Upload]], Awaitable[object]]
"""(method, parameters, files): carries out a call."""

ANSWER_SECONDS = 60.0
LONGEST_PAUSE_SECONDS = 60.0
LONGEST_RETRY_AFTER_SECONDS = 3600.0
NEVER_FROM_AN_ANSWER = ("setwebhook", "deletewebhook", "close", "logout", "get")
"""How the methods begin that read, or that end the webhook: not carried out from an answer."""


@dataclass(slots=True)
class Target:
    url: str
    secret: str | None = None
    max_connections: int = 40
    ip_address: str | None = None
    last_error: tuple[int, str] | None = None
    busy: set[int] = field(default_factory=set)
    """Lanes with a delivery under way."""


class DeliveryFailed(Exception):
    def __init__(self, text: str, retry_after: float = 0.0) -> None:
        super().__init__(text)
        self.retry_after = retry_after


class Webhook:
    def __init__(self, updates: Updates, clock: Clock) -> None:
        self._updates = updates
        self._clock = clock
        self._pump: asyncio.Task[None] | None = None
        self._session: aiohttp.ClientSession | None = None
        self.target: Target | None = None
        self.carry: Carry | None = None
        self.first_pause_seconds = 1.0

    @property
    def is_set(self) -> bool:
        return self.target is not None

    def set(self, target: Target) -> None:
        self.remove()
        self.target = target
        self._pump = asyncio.get_running_loop().create_task(self._deliver_all(target))

    def remove(self) -> None:
        self.target = None
        if self._pump is not None:
            self._pump.cancel()
            self._pump = None

    async def close(self) -> None:
        pump = self._pump
        self.remove()
        if pump is not None:
            await asyncio.gather(pump, return_exceptions=True)
        if self._session is not None:
            await self._session.close()

    async def _deliver_all(self, target: Target) -> None:
        async with asyncio.TaskGroup() as deliveries:
            while True:
                for update in self._updates.pending():
                    if update.lane not in target.busy and len(target.busy) < target.max_connections:
                        target.busy.add(update.lane)
                        deliveries.create_task(self._deliver(target, update))
                await self._updates.arrived.wait()

    async def _deliver(self, target: Target, update: Update) -> None:
        pause = 0.0
        while self._updates.is_pending(update.id):
            try:
                call = await self._post(target, update)
            except DeliveryFailed as failed:
                target.last_error = (self._clock.now(), str(failed))
                await asyncio.sleep(failed.retry_after or pause)
                pause = min(pause * 2, LONGEST_PAUSE_SECONDS) or self.first_pause_seconds
            else:
                if call is not None and self.carry is not None:
                    await self.carry(*call)
                break
        target.busy.discard(update.lane)
        self._updates.confirm(update.id)

    async def _post(
        self, target: Target, update: Update
    ) -> tuple[str, dict[str, Any], dict[str, Upload]] | None:
        """Send one update; what comes back is the call that stands in the answer, if one does."""
        if self._session is None:
            self._session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=ANSWER_SECONDS))
        headers = {"X-Telegram-Bot-Api-Secret-Token": target.secret} if target.secret else {}
        try:
            async with self._session.post(
                target.url, json=update.json(), headers=headers, allow_redirects=False
            ) as answer:
                if not 200 <= answer.status <= 299:
                    raise DeliveryFailed(
                        f"Wrong response from the webhook: {answer.status} {answer.reason}",
                        _retry_after(answer),
                    )
                return _allowed(await _read_call(answer))
        except TimeoutError:
            raise DeliveryFailed("Read timeout expired") from None
        except aiohttp.ClientConnectorError:
            raise DeliveryFailed("Connection refused") from None
        except (aiohttp.ClientError, ConnectionError):
            raise DeliveryFailed("Webhook connection closed") from None


def _retry_after(answer: aiohttp.ClientResponse) -> float:
    with contextlib.suppress(ValueError):
        return min(max(float(answer.headers.get("Retry-After", 0)), 0.0), LONGEST_RETRY_AFTER_SECONDS)
    return 0.0


async def _read_call(answer: aiohttp.ClientResponse) -> tuple[dict[str, Any], dict[str, Upload]]:
    """The fields and files in an answer's body; nothing where the body is of no known form."""
    with contextlib.suppress(ValueError):
        if answer.content_type.startswith("multipart/"):
            return await _read_form(answer)
        body = json.loads(await answer.read())
        if isinstance(body, dict):
            return body, {}
    return {}, {}


async def _read_form(answer: aiohttp.ClientResponse) -> tuple[dict[str, Any], dict[str, Upload]]:
    fields: dict[str, Any] = {}
    files: dict[str, Upload] = {}
    async for part in aiohttp.MultipartReader.from_response(answer):
        if not isinstance(part, aiohttp.BodyPartReader) or not part.name:
            continue
        content = bytes(await part.read(decode=True))
        if part.filename is None:
            fields[part.name] = content.decode()
        else:
            files[part.name] = Upload(part.filename, content)
    return fields, files


def _allowed(
    read: tuple[Json, dict[str, Upload]],
) -> tuple[str, dict[str, Any], dict[str, Upload]] | None:
    fields, files = read
    method = fields.pop("method", None)
    if not isinstance(method, str) or not method:
        return None
    if method.lower().startswith(NEVER_FROM_AN_ANSWER):
        return None
    return method, fields, files
