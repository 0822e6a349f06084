"""Long polling that loses nothing: an update is confirmed only when its turn has been committed.

Fetching confirms everything before its offset. So the offset stays at the first update that is not done, Telegram hands
that one out again with each fetch, and those that are known here are passed over. One chat that has to be tried again
holds up no other; only when a hundred wait behind it, the rest does.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from functools import partial
from typing import Any, Protocol

from bot.counts import Turn
from bot.door import OPEN, Doorkeeper
from bot.lanes import Lanes
from bot.outage import BACK_OFF, Outage, unless_stopped
from bot.persistence import Persistence
from bot.states import State
from bot.telegram_errors import TelegramError
from handlers.incoming import lane_of, parse

ALLOWED_UPDATES = ("message", "edited_message", "callback_query", "my_chat_member")
"""What we ask Telegram for. Not `inline_query` (what people type while they address a bot is none of our
business), not `chat_member` (who joins and leaves), and nothing of channels."""

POLL_SECONDS = 25
MOST_AT_ONCE = 100
"""Updates a fetch, and Telegram's own limit."""
FULL = 90
"""New updates in a full fetch: it may begin with some that are under way."""
STRAGGLERS_WITHIN = 0.25
"""Seconds for all turns of a batch; then the next is fetched beside those that are still under way."""
FEW, SOON = 4, 0.01
"""So many turns are waited for no longer than that: whoever writes meanwhile need not wait for a case's lock or for a
disk that is slow just now. A fetch brings again what is under way; with more, that would cost too much."""
NOTHING_NEW = 0.5
"""Seconds to the next fetch when all that was handed out is under way already."""
NOTHING_WORKS = 5.0
"""The same while the database is in trouble: then everything that comes has to wait for it."""
STOP_WITHIN = 4.0
"""Seconds for the turns under way when we are told to stop."""
CONFIRM_WITHIN = 1.0
"""Seconds for the last fetch, which confirms what was done."""


class Source(Protocol):
    """The part of `bot.telegram.Telegram` that polling needs."""

    async def delete_webhook(self) -> None: ...

    async def get_updates(
        self, offset: int | None, wait: int, allowed: tuple[str, ...], limit: int = MOST_AT_ONCE
    ) -> list[Any]: ...


async def poll(
    source: Source,
    turn: Turn,
    lanes: Lanes,
    stop: asyncio.Event,
    persistence: Persistence,
    *,
    door: Doorkeeper = OPEN,
    back_off: tuple[float, ...] = BACK_OFF,
) -> None:
    """Fetch updates and run their turns until `stop`. Raises `SettingsError` if the token is refused."""
    outage = Outage(stop, persistence.states, back_off)
    await outage.overcome(source.delete_webhook)
    taken = _Taken(turn, lanes, stop, persistence, door)
    while not stop.is_set():
        batch = await outage.overcome(
            partial(source.get_updates, taken.offset, POLL_SECONDS, ALLOWED_UPDATES)
        )
        if batch is None:  # we are stopped
            break
        taken.confirmed()
        new, known = await taken.take(batch)
        if new:
            await taken.finish(SOON if len(taken) <= FEW else STRAGGLERS_WITHIN)
        elif taken:
            await taken.progress(NOTHING_WORKS if State.DATABASE in persistence.states else NOTHING_NEW)
        elif batch and not known:  # not one update in it: ask again, but not at once
            await unless_stopped(asyncio.sleep(1), stop)
    await taken.stopping()
    if taken.offset is not None:
        await _confirm(source, taken.offset)


class _Taken:
    """Updates that were handed out and are not confirmed yet."""

    def __init__(
        self, turn: Turn, lanes: Lanes, stop: asyncio.Event, persistence: Persistence, door: Doorkeeper
    ) -> None:
        self._turn = turn
        self._lanes = lanes
        self._stop = stop
        self._persistence = persistence
        self._door = door
        self._is_first = True
        """What comes with the first fetch has waited for us: that is a pause, and no flood."""
        self._under_way: dict[int, asyncio.Future[bool]] = {}
        self._undone: set[int] = set()
        """Cut short: they must be handed out again."""
        self._done: set[int] = set()
        """Done, but behind one that is not."""
        self._last = -1
        self.offset: int | None = None
        """What the next fetch confirms: everything before. None: nothing."""

    def __len__(self) -> int:
        return len(self._under_way)

    def confirmed(self) -> None:
        """The offset has reached Telegram.

        It is not repeated for ever: after a quiet week Telegram begins with another number, which may be a smaller one.
        """
        if not self._under_way and not self._undone:
            self.offset = None

    async def take(self, batch: list[Any]) -> tuple[int, int]:
        """Begin the turns of those that are not known yet; how many these were, and how many the others."""
        if not (self._under_way or self._done or self._undone):
            self._last = -1
        read = [(one, update) for update in batch if (one := parse(update)) is not None]
        new = [(one, update) for one, update in read if not self._is_known(one.update_id)]
        self._note_how_full(len(new))
        away = await self._door.turned_away([one for one, _ in new]) if self._door.is_shut() else ()
        for incoming, update in new:
            number = incoming.update_id
            if number in away:
                self._done.add(number)
                self._undone.discard(number)
                self._last = max(self._last, number)
                continue
            work = partial(self._persistence.persist, self._turn, update, self._stop, self._lanes.aside)
            self._undone.discard(number)
            self._under_way[number] = await self._lanes.submit(lane_of(incoming), work)
            self._last = max(self._last, number)
        self._settle()
        return len(new), len(read) - len(new)

    def _note_how_full(self, new: int) -> None:
        """A full fetch: while the last one was dealt with, more has come than one can bring."""
        if new >= FULL and not self._is_first:
            self._lanes.overrun()
        self._is_first = False

    async def finish(self, within: float) -> None:
        """Wait until all are done, but not longer than that."""
        if self._under_way:
            await unless_stopped(asyncio.wait(self._under_way.values(), timeout=within), self._stop)
        self._settle()

    async def progress(self, within: float) -> None:
        """Wait until one more is done, but not longer than that."""
        waiting = asyncio.wait(self._under_way.values(), timeout=within, return_when=asyncio.FIRST_COMPLETED)
        await unless_stopped(waiting, self._stop)
        self._settle()

    async def stopping(self) -> None:
        if self._under_way:
            await asyncio.wait(self._under_way.values(), timeout=STOP_WITHIN)
        self._settle()

    def _is_known(self, number: int) -> bool:
        return number in self._under_way or number in self._done

    def _settle(self) -> None:
        for number, future in list(self._under_way.items()):
            if future.done():
                del self._under_way[number]
                (self._done if _is_done(future) else self._undone).add(number)
        if self._done or self._under_way or self._undone:
            self.offset = min((*self._under_way, *self._undone), default=self._last + 1)
            self._done = {number for number in self._done if number > self.offset}


async def _confirm(source: Source, offset: int) -> None:
    for _ in range(2):  # our own interrupted fetch may still count as another poller
        with suppress(TelegramError, TimeoutError):
            async with asyncio.timeout(CONFIRM_WITHIN / 2):
                await source.get_updates(offset, 0, ALLOWED_UPDATES, 1)
                return
        await asyncio.sleep(0.1)


def _is_done(future: asyncio.Future[bool]) -> bool:
    return future.done() and not future.cancelled() and future.exception() is None and future.result()
