"""Delivery: what is to be done in Telegram, in order within each chat, no chat waiting for another.

The database is the truth and messages are views of it: nothing here is kept over a restart, an edit
still queued gives way to a later one of the same message, and what can't be delivered is reported to
the caller, never retried for ever.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

import structlog

from bot.pace import Brake, Pace
from bot.telegram_errors import Gone, Moved, Refused, TryLater, Unauthorized, Unreachable
from handlers.outgoing import Answer, Delete, Edit, Outgoing, Remove, Send, SendDocument, SendPhoto

BACK_OFF = (0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 30.0)
"""Seconds between tries while Telegram can't be reached; then a message is given up."""
MOST_FLOOD_WAITS = 10
"""As many times a message waits out flood control or a group's move; then it is given up."""
SCREEN_FIRST = 1.5
"""Seconds that the answer to a press waits, at most, for the screen that it brought."""
ANSWER_WITHIN = 10.0
"""Seconds in which a press is answered, or not at all: the app stops waiting soon after."""
GROUP_SECONDS = 61.0
"""A group's minute. Telegram counts when messages arrive, and one may take a little longer on its way than the next."""
MOST_QUEUED = 1000
"""Per chat."""
CALLS_AT_ONCE = 64
_NEW = (Send, SendDocument, SendPhoto, Remove)
"""What follows a group that moved. Numbers of messages don't: the new group counts its own."""


class Result(Protocol):
    @property
    def message_id(self) -> int | None: ...


Call = Callable[[Outgoing], Awaitable[Result]]


async def _ignore(*_: object) -> None:
    """For those who don't want to know."""


@dataclass(frozen=True, slots=True)
class Reports:
    """Whom to tell what became of it. Each is awaited before the chat's next call."""

    sent: Callable[[Outgoing, int | None], Awaitable[None]] = _ignore
    """Done; with the id of the message, if one was newly sent."""
    failed: Callable[[Outgoing, str], Awaitable[None]] = _ignore
    """Given up: "unreachable", "flood", "full", "unauthorized", "error", or a `Refused.reason`; "gone" of a removal
    only, from a group that does not take the bot's calls."""
    gone: Callable[[int, str], Awaitable[None]] = _ignore
    """The chat takes no messages any more ("blocked", "deleted"); all that was queued for it has been dropped."""
    moved: Callable[[int, int], Awaitable[None]] = _ignore
    """The group has a new id (old, new). What is posted to the old one is sent to the new one."""


@dataclass(slots=True, eq=False)
class _Letter:
    outgoing: Outgoing
    patient: bool = True
    """Keeps to the pace although Telegram has not asked for it."""
    outages: int = 0
    waits: int = 0
    on_its_way: bool = False
    """Telegram may have it already."""
    withdrawn: bool = False
    recalled: bool = False
    """It was on its way when it was taken back: if Telegram does not take it now, it is not tried again."""
    over: asyncio.Event = field(default_factory=asyncio.Event)
    """Tried once, whatever came of it, or superseded: an answer need not wait for it any longer."""


class Postman:
    """Delivers through `call`: `per_minute_in_group` messages in each group, and `per_second` calls overall.

    Somebody looks at the screen that `show` brings, so it keeps to the pace only once Telegram has asked to slow down:
    how much it takes depends on the bot and on the day. What is owed waits its turn at all times.
    """

    def __init__(
        self,
        call: Call,
        reports: Reports | None = None,
        *,
        per_second: int = 30,
        per_minute_in_group: int = 20,
        back_off: Sequence[float] = BACK_OFF,
    ) -> None:
        self._call = call
        self._reports = reports or Reports()
        self._per_second = per_second
        self._pace = Pace(per_second, 1.0)
        self._brake = Brake()
        self._per_minute_in_group = per_minute_in_group
        self._group_paces: dict[int, Pace] = {}
        self._back_off = tuple(back_off)
        self._queues: dict[int, deque[_Letter]] = {}
        self._moved: dict[int, int] = {}
        self._at_once = asyncio.Semaphore(CALLS_AT_ONCE)
        self._tasks: set[asyncio.Task[None]] = set()
        self._log = structlog.get_logger()

    def post(self, chat: int, outgoing: Sequence[Outgoing]) -> None:
        """Queue what is owed, in order."""
        self._post(chat, outgoing, patient=True)

    def show(self, chat: int, outgoing: Sequence[Outgoing]) -> None:
        """Queue what answers somebody, in order.

        Answers to presses don't queue: a chat may be held up longer than that. They only wait a moment for what was
        posted with them, so that the screen has changed when the button stops spinning: whoever presses again at once
        then presses what they see.
        """
        self._post(chat, outgoing, patient=False)

    def _post(self, chat: int, outgoing: Sequence[Outgoing], *, patient: bool) -> None:
        last: _Letter | None = None
        for one in outgoing:
            if not isinstance(one, Answer):
                last = self._queue(chat, _Letter(one, patient=patient)) or last
        for one in outgoing:
            if isinstance(one, Answer):
                self._start(self._answer(_Letter(one), last))

    def _queue(self, chat: int, letter: _Letter) -> _Letter | None:
        one = letter.outgoing
        if (queue := self._queues.get(chat)) is None:
            self._queues[chat] = deque([letter])
            self._start(self._walk(chat))
        elif len(queue) >= MOST_QUEUED:
            self._start(self._report(self._reports.failed, one, "full"))
        elif _is_urgent(letter):
            queue.insert(_after_the_urgent(queue), letter)
        elif not _superseded(queue, letter):
            queue.append(letter)
        return letter

    def withdraw(self, which: Callable[[Outgoing], bool]) -> list[Outgoing]:
        """Take back what is queued and not on its way to Telegram just now; nothing of it is reported.

        What is on its way is tried no second time, and reported as usual.
        """
        found = []
        for queue in self._queues.values():
            for letter in queue:
                letter.recalled |= letter.on_its_way and which(letter.outgoing)
            back = [letter for letter in queue if not letter.on_its_way and which(letter.outgoing)]
            for letter in back:
                queue.remove(letter)
                letter.withdrawn = True
                letter.over.set()
            found += [letter.outgoing for letter in back]
        return found

    def share(self, processes: int) -> None:
        """So many processes send to Telegram, which counts the calls of all of them."""
        limit = max(1, self._per_second // processes)
        if limit != self._pace.limit:
            self._pace = Pace(limit, 1.0)

    async def drain(self, within: float) -> int:
        """Deliver what is queued, for up to `within` seconds, then drop the rest. How many were dropped."""
        clock = asyncio.get_running_loop().time
        deadline = clock() + within
        while self._tasks and (left := deadline - clock()) > 0:
            await asyncio.wait(self._tasks, timeout=left)
        dropped = sum(len(queue) for queue in self._queues.values())
        late = tuple(self._tasks)
        for task in late:
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)
        return dropped

    async def _walk(self, chat: int) -> None:
        """Deliver one chat's queue, and end with it."""
        queue = self._queues[chat]
        try:
            while queue:
                await self._wait_for_turn(chat, queue[0])
                if not queue:  # it was taken back
                    break
                letter = queue[0]  # read only now: a later edit may have taken the place
                try:
                    pause = await self._attempt(letter)
                except Gone as gone:
                    queue.clear()
                    await self._report(self._reports.gone, chat, gone.why)
                    continue
                letter.over.set()
                if pause is not None:
                    await asyncio.sleep(pause)
                elif queue and queue[0] is letter:
                    queue.popleft()
        finally:
            del self._queues[chat]

    async def _wait_for_turn(self, chat: int, letter: _Letter) -> None:
        if chat < 0 and not isinstance(letter.outgoing, Delete):
            group = self._group_paces.setdefault(chat, Pace(self._per_minute_in_group, GROUP_SECONDS))
            await group.wait()
        if _is_urgent(letter):
            self._pace.take()  # counted; whatever else is owed waits a moment longer
        elif letter.patient or self._brake.is_on:
            await self._pace.wait()

    async def _answer(self, letter: _Letter, after: _Letter | None) -> None:
        if after is not None:
            with suppress(TimeoutError):
                async with asyncio.timeout(SCREEN_FIRST):
                    await after.over.wait()
        try:
            async with asyncio.timeout(ANSWER_WITHIN):
                if self._brake.is_on:
                    self._pace.take()  # counted, but not made to wait: someone looks at a spinning button
                pause = await self._attempt(letter)
                while pause is not None:
                    await asyncio.sleep(pause)
                    pause = await self._attempt(letter)
        except (TimeoutError, Gone):
            return

    async def _attempt(self, letter: _Letter) -> float | None:
        """One call: seconds until it should be made again, or None if it is over and reported."""
        outgoing = letter.outgoing
        try:
            async with self._at_once:
                if letter.withdrawn:
                    return None
                letter.on_its_way = True
                done = await self._call(self._aimed(outgoing))
        except Gone:
            if not isinstance(outgoing, Remove):
                raise
            await self._report(self._reports.failed, outgoing, "gone")
            return None
        except Exception as error:  # whatever it was, the chats go on; it is reported
            pause = await self._pause(letter, error)
            if pause is None:
                await self._give_up(outgoing, error)
            elif letter.recalled:
                reason = "flood" if isinstance(error, TryLater) else "unreachable"
                await self._report(self._reports.failed, outgoing, reason)
                return None
            else:
                letter.on_its_way = False
            return pause
        await self._report(self._reports.sent, outgoing, done.message_id)
        return None

    async def _pause(self, letter: _Letter, error: Exception) -> float | None:
        if isinstance(error, Unreachable) and letter.outages < len(self._back_off):
            letter.outages += 1
            if isinstance(letter.outgoing, Send) and letter.outgoing.again:
                letter.outgoing = replace(letter.outgoing, text=letter.outgoing.again)
            elif isinstance(letter.outgoing, SendDocument) and letter.outgoing.again:
                letter.outgoing = replace(letter.outgoing, caption=letter.outgoing.again)
            return self._back_off[letter.outages - 1]
        if isinstance(error, TryLater | Moved) and letter.waits < MOST_FLOOD_WAITS:
            letter.waits += 1
            if isinstance(error, TryLater):
                self._brake.put_on()
                return error.seconds
            if not isinstance(letter.outgoing, Answer):
                self._moved[letter.outgoing.chat] = error.chat
                await self._report(self._reports.moved, letter.outgoing.chat, error.chat)
                return 0.0 if isinstance(letter.outgoing, _NEW) else None
        return None

    async def _give_up(self, outgoing: Outgoing, error: Exception) -> None:
        match error:
            case Refused():
                reason = error.reason
            case Unreachable():
                reason = "unreachable"
            case Moved():
                reason = "missing"  # the old group's messages can't be reached any more
            case TryLater():
                reason = "flood"
            case Unauthorized():
                reason = "unauthorized"
            case _:
                reason = "error"
                self._log.error("a call to telegram failed", kind=type(outgoing).__name__, exc_info=error)
        await self._report(self._reports.failed, outgoing, reason)

    async def _report(self, tell: Callable[..., Awaitable[None]], *about: object) -> None:
        try:
            await tell(*about)
        except Exception:  # one chat's report must not stop the deliveries
            self._log.exception("a delivery report failed")

    def _aimed(self, outgoing: Outgoing) -> Outgoing:
        if isinstance(outgoing, _NEW) and outgoing.chat in self._moved:
            return replace(outgoing, chat=self._moved[outgoing.chat])
        return outgoing

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def _is_urgent(letter: _Letter) -> bool:
    return isinstance(letter.outgoing, Send) and letter.outgoing.urgent


def _after_the_urgent(queue: deque[_Letter]) -> int:
    """The place behind the first, which may be on its way, and behind what is as urgent and came before."""
    return next((n for n, each in enumerate(queue) if n and not _is_urgent(each)), len(queue))


def _superseded(queue: deque[_Letter], letter: _Letter) -> bool:
    """Put a later edit in the place of the queued edit of the same message, if there is one.

    It keeps the place, so that a screen that changes often is never put off for ever. If the earlier
    edit is on its way just now, the later one follows it.
    """
    new = letter.outgoing
    if not isinstance(new, Edit):
        return False
    for place, queued in enumerate(queue):
        old = queued.outgoing
        if isinstance(old, Edit) and (old.chat, old.message) == (new.chat, new.message):
            queue[place] = letter
            queued.over.set()
            return True
    return False
