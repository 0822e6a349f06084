"""The door: while more arrives than is done, newcomers are turned away before they cost anything, and called in later.

It stands before the lanes. An update that waits for its turn is not confirmed, and Telegram hands out updates in the
order of their arrival: people who are being served would wait behind all that came before them. So what is turned away
is confirmed at once. While nobody has to wait, all this costs one comparison a batch.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Sequence
from contextlib import suppress
from functools import partial
from math import inf
from time import monotonic
from typing import Any, Protocol

from bot.lanes import Lanes
from bot.looks import Looks
from bot.persistence import Persistence
from bot.states import State
from handlers import enrolment, requester_code, requester_seen, waiting
from handlers.admission import PACE, SHORT, TELL_AFTER
from handlers.desk import Desk
from handlers.incoming import NEVER_KEPT, Incoming, Kind, lane_of
from handlers.rates import Bucket
from handlers.requester import never_waits
from handlers.turn import FROM_PEOPLE, let_in
from storage.code import read as read_code
from storage.trouble import is_trouble

LOOK_SECONDS = 0.25
"""Between two looks whether somebody waits,"""
CALL_SECONDS = 0.05
"""and, if so, whether there is room."""
ROOM = 6
"""Chats under way until nobody is called in from a short line: enough to keep a core busy, and few enough for whoever
presses in the first second of a flood, when its line is short still."""
FLOOD_ROOM = 4
"""The same of a long line: those who are being served come first, and with room to spare."""
TRICKLE_SECONDS = 0.5
"""Somebody who waits is called in at least so often, however much there is to do."""
SAID_AFTER = 2.0
"""Seconds for which somebody must have waited before that is a state of the service."""
SURE_SECONDS = 10.0
"""For so long an account is taken for a newcomer's without looking again when it writes. Another process may have let
it in: then it presses what it was shown, and that is always looked up."""
SERVED_SECONDS = 5.0
"""For so long somebody who is being served goes on without a look. If they have left meanwhile, their turn tells. Where
this ends: of two updates of one chat that are on their way at once, the second may overtake one that is looked up."""
CALLED_SECONDS = 2.0
"""For so long somebody who was called in goes on to their turn without a look."""


class Doorkeeper(Protocol):
    def is_shut(self) -> bool: ...

    async def turned_away(self, arrived: Sequence[Incoming]) -> Collection[int]: ...


class _Open:
    def is_shut(self) -> bool:
        return False

    async def turned_away(self, arrived: Sequence[Incoming]) -> Collection[int]:
        return ()


OPEN: Doorkeeper = _Open()


class Door:
    def __init__(self, desk: Desk, lanes: Lanes, persistence: Persistence) -> None:
        self._desk = desk
        self._lanes = lanes
        self._persistence = persistence
        self._strangers: dict[bytes, float] = {}
        """Accounts that nothing is known of -> until when that is sure."""
        self._looks = Looks(desk.db)
        self._served: dict[bytes, float] = {}
        """Accounts that are being served -> until when that is taken for granted."""
        self._called: dict[bytes, float] = {}
        """Accounts that have just been called in -> until when they go on without a look: one that was on its way while
        their turn was committed would still call them newcomers, and what they answer would be lost."""
        self._called_at = 0.0
        self._pace = Bucket(PACE, PACE)
        """Of a long line. Each who is called in is sent a message, and Telegram takes 30 a second."""

    def is_shut(self) -> bool:
        """Whether newcomers have to wait."""
        return bool(len(self._desk.admission)) or self._lanes.busy()

    async def turned_away(self, arrived: Sequence[Incoming]) -> Collection[int]:
        """Numbers of those updates that need no turn. Their newcomers stand in the line."""
        now, away, asked = monotonic(), set[int](), list[tuple[bytes, Incoming]]()
        for incoming in arrived:
            if not _may_wait(incoming):
                continue
            account = self._desk.vault.account(incoming.user_id)
            too_fast = self._desk.throttle.refuses(account, now)
            if _lasts(self._called, account, now):  # to their turn, behind the one that lets them in
                continue
            if too_fast or (
                incoming.kind is not Kind.PRESS
                and _lasts(self._strangers, account, now)
                and self._desk.admission.knocks_again(account, now, incoming)
            ):
                away.add(incoming.update_id)
            elif not _lasts(self._served, account, now):
                asked.append((account, incoming))
        served = await self._look({account for account, _ in asked})
        for account, incoming in asked:
            if account in served or _lasts(self._called, account, now):
                self._desk.admission.leave(account)
                continue
            waiting.line_up(self._desk, incoming, account, now)
            away.add(incoming.update_id)
            if account in self._desk.admission:
                _keep(self._strangers, account, now + SURE_SECONDS)
        _drop_expired(self._strangers, now)
        return away

    async def _look(self, accounts: set[bytes]) -> set[bytes]:
        """Of these, the ones that go on to their turn."""
        if not accounts:
            return accounts
        try:
            served = accounts & await self._looks.served_among(accounts)
        except Exception as error:
            if is_trouble(error):  # their turns will find it, too, and are tried again
                return accounts
            raise
        for account in served:
            _keep(self._served, account, monotonic() + SERVED_SECONDS)
        return served

    async def run(self, stop: asyncio.Event) -> None:
        """Call in those who wait, whenever there is room."""
        since: float | None = None
        while not stop.is_set():
            waits, now = bool(len(self._desk.admission)), monotonic()
            _drop_expired(self._served, now)
            if waits:
                since = now if since is None else since
                if now - since > SAID_AFTER:
                    self._persistence.states.begin(State.ADMISSION)
                await self._call(now, stop)
                waiting.tell(self._desk, now)
            else:
                since = None
                self._strangers.clear()
                self._persistence.states.end(State.ADMISSION)
            with suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), CALL_SECONDS if waits else LOOK_SECONDS)
        waiting.tell(self._desk, monotonic() + TELL_AFTER)  # the line ends with this process

    async def _call(self, now: float, stop: asyncio.Event) -> None:
        for _ in range(self._room(now)):
            called = self._desk.admission.call(now)
            if called is None:
                return
            account, knock, messages = called
            self._called_at = now
            self._strangers.pop(account, None)
            self._called[account] = inf
            await self._lanes.submit(lane_of(knock), partial(self._let_in, account, knock, messages, stop))

    def _room(self, now: float) -> int:
        """How many may be called in now."""
        trickle = int(now - self._called_at >= TRICKLE_SECONDS)
        if self._lanes.busy():
            return trickle
        if len(self._desk.admission) <= SHORT:
            return max(trickle, ROOM - len(self._lanes), self._desk.admission.earned())
        return max(trickle, int(len(self._lanes) < FLOOD_ROOM and self._pace.takes(now)))

    async def _let_in(
        self, account: bytes, knock: Incoming, messages: Sequence[int], stop: asyncio.Event
    ) -> None:
        async def turn(_: dict[str, Any]) -> None:
            await let_in(self._desk, knock, account, messages)

        try:
            await self._persistence.persist(turn, {}, stop, self._lanes.aside)
        finally:
            now = monotonic()
            _keep(self._called, account, now + CALLED_SECONDS)
            _drop_expired(self._called, now)


def _lasts(until: dict[bytes, float], account: bytes, now: float) -> bool:
    return until.get(account, now) > now


def _keep(until: dict[bytes, float], account: bytes, when: float) -> None:
    """Behind all that were put in before."""
    until.pop(account, None)
    until[account] = when


def _drop_expired(until: dict[bytes, float], now: float) -> None:
    """From those that were put in first."""
    while until and (first := next(iter(until.items())))[1] <= now:
        del until[first[0]]


def _may_wait(incoming: Incoming) -> bool:
    """What a private chat brings. Not what must be looked at whoever sends it.

    "Stop", a return code and the buttons under one and under a reply, an invitation: no newcomer's, though nothing is
    known of them here. What is never kept goes to its turn to be deleted.
    """
    if incoming.chat_type != "private" or incoming.kind not in FROM_PEOPLE - NEVER_KEPT:
        return False
    if never_waits(incoming):
        return False
    if incoming.kind is Kind.PRESS:
        return not incoming.data.startswith((requester_code.PREFIX, requester_seen.PREFIX))
    if incoming.kind is Kind.TEXT:
        return read_code(incoming.text) is None
    return not enrolment.looks_like_invitation(incoming)
