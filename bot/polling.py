"""Long polling that loses nothing: an update is confirmed only when its turn has been committed."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from functools import partial
from typing import Any, Protocol

import structlog

from bot.lanes import Lanes
from bot.outage import BACK_OFF, Outage, unless_stopped
from bot.telegram_errors import TelegramError
from handlers.incoming import lane_of, parse

Turn = Callable[[dict[str, Any]], Awaitable[None]]
"""One update, from reading it to its commit. If it raises, nothing of it was kept."""

ALLOWED_UPDATES = ("message", "edited_message", "callback_query", "my_chat_member")
"""What we ask Telegram for. Not `inline_query` (what people type while they address a bot is none of our
business), not `chat_member` (who joins and leaves), and nothing of channels."""

POLL_SECONDS = 25
TURN_RETRIES = (0.2, 1.0, 5.0, 15.0)
"""Seconds between tries of a turn that fails; then its update is given up: it must not block the rest."""
STOP_WITHIN = 4.0
"""Seconds for the turns under way when we are told to stop."""
CONFIRM_WITHIN = 1.0
"""Seconds for the last fetch, which confirms what was done."""


class Source(Protocol):
    """The part of `bot.telegram.Telegram` that polling needs."""

    async def delete_webhook(self) -> None: ...

    async def get_updates(
        self, offset: int | None, wait: int, allowed: tuple[str, ...], limit: int = 100
    ) -> list[Any]: ...


async def poll(
    source: Source, turn: Turn, lanes: Lanes, stop: asyncio.Event, *, back_off: tuple[float, ...] = BACK_OFF
) -> None:
    """Fetch updates and run their turns until `stop`. Raises `SettingsError` if the token is refused."""
    outage = Outage(stop, back_off)
    await outage.overcome(source.delete_webhook)
    offset: int | None = None
    while not stop.is_set():
        batch = await outage.overcome(partial(source.get_updates, offset, POLL_SECONDS, ALLOWED_UPDATES))
        if batch:
            offset = await _run(batch, turn, lanes, stop, offset)
    if offset is not None:
        await _confirm(source, offset)


async def _run(
    batch: list[Any], turn: Turn, lanes: Lanes, stop: asyncio.Event, offset: int | None
) -> int | None:
    """Run a batch's turns; the offset that confirms those which are done, and none behind one that isn't."""
    futures: dict[int, asyncio.Future[bool]] = {}
    for update in batch:
        incoming = parse(update)
        if incoming is not None:
            work = partial(persist, turn, update, stop)
            futures[incoming.update_id] = await lanes.submit(lane_of(incoming), work)
    if not futures:  # not one update in it: ask again, but not at once
        await unless_stopped(asyncio.sleep(1), stop)
        return offset
    await unless_stopped(asyncio.wait(futures.values()), stop)
    await asyncio.wait(futures.values(), timeout=STOP_WITHIN)
    undone = [update_id for update_id, future in futures.items() if not _is_done(future)]
    return min(undone, default=max(futures) + 1)


async def persist(turn: Turn, update: dict[str, Any], stop: asyncio.Event) -> bool:
    """Run a turn, again if it fails; True if its update need not come again."""
    log = structlog.get_logger()
    for pause in (*TURN_RETRIES, None):
        try:
            await turn(update)
        except Exception:  # a turn that fails must not stop the others
            log.exception("a turn failed")
        else:
            return True
        if pause is None:
            break
        await unless_stopped(asyncio.sleep(pause), stop)
        if stop.is_set():
            return False
    log.error("an update was given up", count=len(TURN_RETRIES) + 1)
    return True


async def _confirm(source: Source, offset: int) -> None:
    for _ in range(2):  # our own interrupted fetch may still count as another poller
        with suppress(TelegramError, TimeoutError):
            async with asyncio.timeout(CONFIRM_WITHIN / 2):
                await source.get_updates(offset, 0, ALLOWED_UPDATES, 1)
                return
        await asyncio.sleep(0.1)


def _is_done(future: asyncio.Future[bool]) -> bool:
    return future.done() and not future.cancelled() and future.exception() is None and future.result()
