"""The service's background over a real database, run round by round, and a Telegram that takes everything, or fails."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from itertools import count
from typing import Any

from bot.calls import Calls
from bot.counts import Counts
from bot.postman import Postman
from bot.sender import Sender
from bot.states import States
from bot.telegram_errors import TelegramError
from handlers.outgoing import Delete, Edit, Outgoing, Send
from tests.bot.trouble import AT_ONCE
from tests.handlers.desk import World

WITHIN = 60.0
"""Seconds for what a round hands to the postman: it is done long before, but on a machine that is busy."""


@dataclass(frozen=True)
class Done:
    message_id: int


@dataclass
class Background:
    world: World
    sender: Sender
    postman: Postman
    states: States
    counts: Counts
    calls: list[Outgoing] = field(default_factory=list)
    fails: TelegramError | None = None
    _ids: Any = field(default_factory=lambda: count(70_000))

    async def call(self, outgoing: Outgoing) -> Done:
        if self.fails is not None:
            raise self.fails
        self.calls.append(outgoing)
        return Done(next(self._ids))

    async def round(self, times: int = 1) -> None:
        for _ in range(times):
            while await self.sender._round():
                pass
            await self.postman.drain(WITHIN)

    def texts(self) -> list[str]:
        return [call.text for call in self.calls if isinstance(call, Send | Edit)]

    def deleted(self) -> set[tuple[int, int]]:
        return {(call.chat, m) for call in self.calls if isinstance(call, Delete) for m in call.messages}


@asynccontextmanager
async def background(world: World, *, alone: bool = True) -> AsyncIterator[Background]:
    """`alone`: the requesters' turns run in this process, as on SQLite."""
    states, counts = States(AT_ONCE), Counts()
    sender = Sender(world.wire.clock, states, counts)

    async def call(outgoing: Outgoing) -> Done:
        return await found.call(outgoing)

    calls = Calls(call, states, counts)
    postman = Postman(calls, sender.reports(), per_second=10**6, per_minute_in_group=10**6, back_off=())
    found = Background(world, sender, postman, states, counts)
    desk = replace(world.desk, post=postman.post, wake=sender.wake)
    sender.attach(desk, postman)
    world.desk.db.listener = sender._parts.due.note if alone else None
    try:
        yield found
    finally:
        await postman.drain(1)
