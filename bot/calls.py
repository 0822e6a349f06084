"""Every call to Telegram passes here, so that it is known how Telegram is."""

from __future__ import annotations

from bot.counts import Counts
from bot.postman import Call, Result
from bot.states import State, States
from bot.telegram_errors import TelegramError, TryLater, Unreachable
from handlers.outgoing import Outgoing


class Calls:
    def __init__(self, call: Call, states: States, counts: Counts) -> None:
        self._call = call
        self._states = states
        self._counts = counts

    async def __call__(self, outgoing: Outgoing) -> Result:
        try:
            result = await self._call(outgoing)
        except TryLater:
            self._counts.slowed_down += 1
            self._states.begin(State.FLOOD)
            raise
        except Unreachable as error:
            self._counts.unreachable += 1
            self._states.begin(State.TELEGRAM, type(error).__name__)
            raise
        except TelegramError:  # it has answered
            self._works()
            raise
        self._works()
        return result

    def _works(self) -> None:
        self._states.end(State.TELEGRAM)
        self._states.end(State.FLOOD)
