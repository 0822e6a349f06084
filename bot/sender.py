"""The background's one loop: what Telegram is owed, what must be deleted, what has been left.

Each has a file of its own (`bot.jobs`, `bot.deletions`, `bot.sweep`); `bot.due` knows when there is something to do.
Of several processes one runs this loop; what the others write reaches it by `storage.marks`.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from secrets import token_bytes

import structlog

from bot.board_watch import BoardWatch
from bot.counts import Counts
from bot.deletions import Deletions
from bot.due import Due
from bot.jobs import Jobs
from bot.look_over import LookOver
from bot.postman import Postman, Reports
from bot.seldom import Seldom
from bot.states import State, States
from bot.sweep import Sweep
from handlers import deliveries, group
from handlers.desk import Desk
from handlers.notes import Note
from handlers.outgoing import Delete, Edit, Outgoing, Send
from storage import marks, meta
from storage.database import Tx
from storage.marks import Mark
from storage.trouble import is_trouble, name_of

GATHER_SECONDS = 0.1
"""From one round to the next at least, so that what comes in a crowd is worked on together."""
TICK_SECONDS = 1.0
"""How late something due may be noticed when nobody rings."""
STOCK_SECONDS = 600
"""Between looks at how old what is owed has become; seldom, so that no log tells the minute of a message."""
LATE_SECONDS = 600
""""Late" is what has been due for so long."""


@dataclass(frozen=True, slots=True)
class _Parts:
    desk: Desk
    due: Due
    look: LookOver
    board: BoardWatch
    jobs: Jobs
    deletions: Deletions
    sweep: Sweep


class Sender:
    """Hands what is due to the postman, and records what became of it."""

    def __init__(self, clock: Callable[[], int], states: States, counts: Counts) -> None:
        self._clock = clock
        self._states = states
        self._counts = counts
        self.elsewhere: Callable[[], None] | None = None
        """Rings the process that sends, while that is another one."""
        self._runs = False
        self._resigned = False
        """The seat is lost, though a round may not be through yet."""
        self._ring = asyncio.Event()
        self._made: _Parts | None = None
        self._begun = False
        self._tidied = 0
        self._stock_taken_at = 0
        self.done_at = 0
        """Up to this moment, at least, everything has been looked at."""
        self._recording = False
        self._unrecorded: deque[Callable[[], Awaitable[None]]] = deque()
        """What Telegram has taken, or refused, while the database could not be written."""
        self._seldom = Seldom()
        self._log = structlog.get_logger()

    def reports(self) -> Reports:
        """What the postman is to tell."""
        return Reports(sent=self._sent, failed=self._failed, gone=self._gone, moved=self._moved)

    def attach(self, desk: Desk, postman: Postman) -> None:
        due = Due(desk.terms.draft_seconds)
        self._made = _Parts(
            desk,
            due,
            LookOver(desk.db, due),
            BoardWatch(desk),
            Jobs(desk, postman, due, self.wake, self._counts, self._may_post),
            Deletions(desk, postman, due, self._may_post),
            Sweep(desk, postman, due),
        )

    def wake(self) -> None:
        """Something has become due: look at once, wherever the loop runs."""
        self._ring.set()
        if not self._runs and self.elsewhere is not None:
            self.elsewhere()

    def hear(self) -> None:
        """Another process rings."""
        self._ring.set()

    def depth(self) -> int:
        """How many messages are owed to Telegram, due or not."""
        return 0 if self._resigned else self._parts.jobs.depth()

    def oldest_seconds(self) -> int:
        """For how long the oldest of them has been due."""
        oldest = self._parts.jobs.oldest()
        return max(0, self._clock() - oldest) if oldest is not None else 0

    def suspect(self) -> None:
        """Something stored turned out to be damaged: it is looked for, so that it stops nobody any longer."""
        self._parts.look.hurry(self._clock())

    @property
    def _parts(self) -> _Parts:
        if self._made is None:
            raise RuntimeError("attach comes first")
        return self._made

    async def run(self, stop: asyncio.Event) -> None:
        """Until `stop`, and again later if this process is to be the sender once more."""
        db = self._parts.desk.db
        db.listener = self._parts.due.note
        self._runs, self._resigned = True, False
        self._begun = False
        self._parts.look.afresh()
        try:
            while not stop.is_set():
                self._ring.clear()
                if await self._round():
                    await asyncio.sleep(0)  # the turns' turn
                    continue
                await asyncio.sleep(GATHER_SECONDS)
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._ring.wait(), TICK_SECONDS - GATHER_SECONDS)
        finally:
            db.listener = None
            self._runs = False
            if self._resigned:  # nothing here would ever find out that they are over
                self._states.leave(State.DATABASE, State.GROUP, State.OUTBOX)

    def resign(self) -> None:
        """Another process may be the sender from now on: nothing goes out any more, also if a round is under way."""
        self._runs, self._resigned = False, True
        self._ring.set()
        self._parts.desk.db.listener = None  # what is written here from now on, the next one must hear of
        self._parts.jobs.resign()
        self._parts.deletions.resign()

    def _may_post(self) -> bool:
        return not self._resigned

    async def _round(self) -> bool:
        """One look at everything. True: there is more to be done at once."""
        now, parts = self._clock(), self._parts
        steps = (
            self._probe,
            self._record,
            self._listen,
            parts.look.step,
            parts.board.step,
            parts.jobs.step,
            parts.deletions.step,
            parts.sweep.step,
            self._take_stock,
            self._tidy,
        )
        more = [await self._try(step, now) for step in steps if not self._resigned]
        if None not in more:
            self.done_at = now
        return any(more)

    async def _try(self, step: Callable[[int], Awaitable[bool]], now: int) -> bool | None:
        """None: it failed. The others go on, and the next round tries again; what is owed lies in the database."""
        try:
            return await step(now)
        except Exception as error:
            self._failed_at_work(error)
            return None

    def _failed_at_work(self, error: Exception) -> bool:
        """Whether it is the database that can't be used; a defect is told, but not with each round."""
        if is_trouble(error):
            self._counts.database_trouble += 1
            self._states.begin(State.DATABASE, name_of(error))
            return True
        if self._seldom.is_due(error):
            self._log.error("the outbox could not be worked on", exc_info=error)
        return False

    async def _probe(self, _: int) -> bool:
        """Whether the database can be written again is found out here, not with somebody's press."""
        if State.DATABASE in self._states:
            await self._parts.desk.db.write(lambda tx: meta.put(tx, meta.PROBE, token_bytes(8)))
            self._states.end(State.DATABASE)
        return False

    async def _take_stock(self, now: int) -> bool:
        if abs(now - self._stock_taken_at) >= STOCK_SECONDS:
            self._stock_taken_at = now
            if self.oldest_seconds() >= LATE_SECONDS:
                self._states.begin(State.OUTBOX)
            else:
                self._states.end(State.OUTBOX)
        return False

    async def _record(self, _: int) -> bool:
        if self._recording:
            return False
        self._recording = True
        try:
            while self._unrecorded:
                try:
                    await self._unrecorded[0]()
                except Exception as error:
                    if self._failed_at_work(error):
                        return False
                self._unrecorded.popleft()
        finally:
            self._recording = False
        return False

    async def _listen(self, now: int) -> bool:
        """Take up what other processes have written. Its time is read with the row."""
        db, due = self._parts.desk.db, self._parts.due
        if not self._begun:  # the first look comes next, and reads all rows
            await db.write(lambda tx: marks.silence_all(tx.conn))
            self._begun = True
            return False
        rung = await db.read(lambda tx: marks.rung(tx.conn))
        if not rung:
            return False
        if self._resigned:  # they are for the next one
            return False
        due.note(Mark(kind, row, now) for _, kind, row in rung)
        await db.write(lambda tx: marks.silence(tx.conn, [ring for ring, _, _ in rung]))
        return len(rung) == marks.MOST_RINGS

    async def _tidy(self, now: int) -> bool:
        if now != self._tidied:  # a second at most: turns wait meanwhile
            self._tidied = now
            await self._parts.desk.db.tidy()
        return False

    async def _sent(self, call: Outgoing, message: int | None) -> None:
        await self._or_later(partial(self._note_sent, call, message))

    async def _failed(self, call: Outgoing, reason: str) -> None:
        await self._or_later(partial(self._note_failed, call, reason))

    async def _gone(self, chat: int, why: str) -> None:
        await self._or_later(partial(self._note_gone, chat, why))

    async def _moved(self, old: int, new: int) -> None:
        self._log.warning("the operators' group has a new id: see postern check")
        await self._or_later(partial(self._note_moved, old, new))

    async def _or_later(self, work: Callable[[], Awaitable[None]]) -> None:
        """Record something; if the database can't be written, as soon as it can, and in the same order.

        Until then the calls count as under way, so none is made a second time. Where this ends: with the process.
        """
        if self._unrecorded:
            self._unrecorded.append(work)
            await self._record(0)  # a process that isn't the sender has no loop to do it
            return
        try:
            await work()
        except Exception as error:
            if self._failed_at_work(error):
                self._unrecorded.append(work)

    async def _note_sent(self, call: Outgoing, message: int | None) -> None:
        if isinstance(call, Delete):
            await self._parts.deletions.sent(call, self._clock())
            return
        await self._parts.jobs.sent(call, message, self._clock())
        note = Note.read(getattr(call, "note", ""))
        if note is not None and note.kind in {"card", "board"}:
            self._states.end(State.GROUP)

    async def _note_failed(self, call: Outgoing, reason: str) -> None:
        if isinstance(call, Delete):
            await self._parts.deletions.failed(call, reason, self._clock())
            self.wake()  # what can't be deleted may have to be made neutral
        elif reason == "no-rights" and isinstance(call, Send | Edit) and call.chat < 0:
            self._states.begin(State.GROUP)
            await self._parts.jobs.blocked(call, self._clock())
        else:
            await self._parts.jobs.failed(call, reason, self._clock())

    async def _note_gone(self, chat: int, why: str) -> None:
        now, parts = self._clock(), self._parts
        desk = parts.desk

        def work(tx: Tx) -> bool:
            ours = group.is_ours(tx, desk, chat)
            if ours:
                group.lost(tx, desk, now)
            else:
                deliveries.chat_gone(tx, desk, chat, parts.jobs.to(chat), why, now)
            return ours

        if await desk.db.write(work):
            self._states.begin(State.GROUP)
        parts.jobs.dropped(chat)
        parts.deletions.dropped(chat, now)
        self.wake()

    async def _note_moved(self, old: int, new: int) -> None:
        now, desk = self._clock(), self._parts.desk
        await desk.db.write(lambda tx: group.move(tx, desk, old, new, now))
        self.wake()
