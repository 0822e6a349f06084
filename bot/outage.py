"""Telegram can't be reached: trying on, and saying so once."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

import structlog

from bot.states import State, States
from bot.telegram_errors import Conflict, Refused, TelegramError, TryLater, Unauthorized
from intake.errors import SettingsError

BACK_OFF = (1.0, 2.0, 5.0, 10.0, 30.0)
"""Seconds between tries; the last one for as long as it takes."""

T = TypeVar("T")


class Outage:
    """Tries a call until it succeeds; says once when that begins to fail, and once when it is over."""

    def __init__(self, stop: asyncio.Event, states: States, back_off: tuple[float, ...] = BACK_OFF) -> None:
        self._back_off = back_off
        self._stop = stop
        self._states = states
        self._failures = 0
        self._said: type[TelegramError] | None = None
        self._log = structlog.get_logger()

    async def overcome(self, call: Callable[[], Coroutine[Any, Any, T]]) -> T | None:
        """The call's result; None if we are stopped first. Raises `SettingsError` if the token is refused."""
        while not self._stop.is_set():
            try:
                result = await unless_stopped(call(), self._stop)
            except Unauthorized:
                raise SettingsError(
                    "POSTERN_BOT_TOKEN: Telegram doesn't know this token; ask @BotFather"
                ) from None
            except TelegramError as error:
                self._begin(error)
                await unless_stopped(asyncio.sleep(self._pause(error)), self._stop)
            else:
                self._end()
                return result
        return None

    def _begin(self, error: TelegramError) -> None:
        if not isinstance(error, Conflict | Refused):
            state = State.FLOOD if isinstance(error, TryLater) else State.TELEGRAM
            self._states.begin(state, type(error).__name__)
            return
        if self._said is type(error):
            return
        self._said = type(error)
        match error:
            case Conflict():
                self._log.error(
                    "another program fetches this bot's updates: stop it, or set its own token there"
                )
            case Refused():
                self._log.error(
                    "telegram refuses to hand out updates: check token and address", kind=error.reason
                )

    def _end(self) -> None:
        if self._said is not None:
            self._log.info("telegram hands out updates again")
        self._failures, self._said = 0, None
        self._states.end(State.TELEGRAM)
        self._states.end(State.FLOOD)

    def _pause(self, error: TelegramError) -> float:
        if isinstance(error, TryLater):
            return error.seconds
        self._failures += 1
        return self._back_off[min(self._failures, len(self._back_off)) - 1]


async def unless_stopped(work: Coroutine[Any, Any, T], stop: asyncio.Event) -> T | None:
    """`work`'s result, or None when `stop` came first; `work` is cancelled then."""
    task, stopped = asyncio.ensure_future(work), asyncio.ensure_future(stop.wait())
    try:
        await asyncio.wait((task, stopped), return_when=asyncio.FIRST_COMPLETED)
        return task.result() if task.done() else None
    finally:
        for one in (task, stopped):
            one.cancel()
        await asyncio.gather(task, stopped, return_exceptions=True)
