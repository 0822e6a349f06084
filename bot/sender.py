"""The background's one loop: what Telegram is owed, what must be deleted, what has been left."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace

import structlog

from bot.pace import Window
from bot.postman import Postman, Reports
from handlers import board, deliveries, expiry, group
from handlers.desk import Desk
from handlers.notes import Note
from handlers.outgoing import MAX_DELETED_AT_ONCE, Answer, Delete, Edit, Outgoing, Remove, Send
from intake.errors import SealingError, Tampered
from storage import damage, outbox
from storage.database import Tx
from storage.outbox import Job, Task
from storage.retention import Retention, purge

TICK_SECONDS = 1.0
"""How late something due may be noticed when nobody rings."""
SWEEP_SECONDS = 20
"""Between looks at everything: drafts that were left, and what another process put into the outbox."""
DAY = 86_400
RETRY_SECONDS = 60
MOST_IN_GROUP = 15
"""New messages a minute in the operators' group, emergencies apart; Telegram takes 20, edits included."""
GIVE_UP_TRIES = 60


class Sender:
    """Reads the outbox and the traces, hands calls to the postman, and records what became of them."""

    def __init__(self, clock: Callable[[], int], retention: Retention) -> None:
        self._clock = clock
        self._retention = retention
        self._ring = asyncio.Event()
        self._jobs_under_way: dict[bytes, int] = {}
        """Handed to the postman and not recorded yet, and for which chat: none is posted a second time."""
        self._edits_under_way: dict[tuple[int, int], set[bytes]] = defaultdict(set)
        self._cards_under_way: set[str] = set()
        self._group_room = Window(MOST_IN_GROUP, 60)
        self._deletes_under_way: set[tuple[int, int]] = set()
        self._group_lost = False
        """It has been said that the operators' group can't be written to."""
        self._next_due = 0
        """When the next thing that is known becomes due: until then a tick need not read the database."""
        self._swept = 0
        self._purged_day = 0
        self._desk: Desk | None = None
        self._postman: Postman | None = None
        self._log = structlog.get_logger()

    def reports(self) -> Reports:
        """What the postman is to tell."""
        return Reports(sent=self._sent, failed=self._failed, gone=self._gone, moved=self._moved)

    def attach(self, desk: Desk, postman: Postman) -> None:
        self._desk, self._postman = desk, postman

    def wake(self) -> None:
        self._next_due = 0
        self._ring.set()

    @property
    def desk(self) -> Desk:
        if self._desk is None:
            raise RuntimeError("attach comes first")
        return self._desk

    @property
    def postman(self) -> Postman:
        if self._postman is None:
            raise RuntimeError("attach comes first")
        return self._postman

    async def run(self, stop: asyncio.Event) -> None:
        while not stop.is_set():
            self._ring.clear()
            try:
                await self._round()
            except Exception as error:  # the next round tries again; what is owed lies in the database
                self._log.error("the outbox could not be worked on", exc_info=error)
                if isinstance(error, Tampered):
                    await self._drop_damaged()
            with suppress(TimeoutError):
                await asyncio.wait_for(self._ring.wait(), TICK_SECONDS)

    async def _round(self) -> None:
        now = self._clock()
        if now >= self._next_due or self._next_due > now + SWEEP_SECONDS:  # or the clock was set back
            self._next_due = now + SWEEP_SECONDS
            await self._post_jobs(now)
            await self._post_deletions(now)
            self._expect(await self.desk.db.read(lambda tx: outbox.next_due(tx, now)))
        if now - self._swept >= SWEEP_SECONDS or now < self._swept:
            self._swept = now
            for edit in await self.desk.db.write(lambda tx: expiry.expire_drafts(tx, self.desk, now)):
                self.postman.post(edit.chat, [edit])
        if now // DAY != self._purged_day:
            await self.desk.db.write(lambda tx: purge(tx, self._retention, now))
            self._purged_day = now // DAY
        await self.desk.db.tidy()

    async def _drop_damaged(self) -> None:
        """A row that was altered would stop this loop for everybody."""
        try:
            dropped = await self.desk.db.write(damage.drop)
        except Exception as error:
            self._log.error("damaged rows could not be dropped", exc_info=error)
        else:
            self._log.error(
                "damaged rows were dropped: restore a backup, or see postern check", count=dropped
            )

    def _expect(self, due: int | None) -> None:
        if due is not None:
            self._next_due = min(self._next_due, due)

    async def _post_jobs(self, now: int) -> None:
        for job_id, job in await self._due(now):
            if job_id not in self._jobs_under_way:
                try:
                    await self._post_job(job_id, job, now)
                except SealingError as error:  # one damaged case must not hold up the others
                    self._log.error("a job could not be done", job=job.task.value, exc_info=error)
                    await self._put_off(job_id, job, now)

    async def _due(self, now: int) -> list[tuple[bytes, Job]]:
        """What is due, without what the board takes over. A few emergencies need not be looked through for that."""
        due = await self.desk.db.read(lambda tx: outbox.due(tx, now))
        under_way = frozenset(self._jobs_under_way)
        cards = [job for job_id, job in due if job.task is Task.CARD and job_id not in under_way]
        if all(job.urgent for job in cards) and len(cards) <= board.MOST_CARDS_WAITING:
            return due
        await self.desk.db.write(lambda tx: board.gather(tx, self.desk, due, under_way, now))
        return await self.desk.db.read(lambda tx: outbox.due(tx, now))

    async def _put_off(self, job_id: bytes, job: Job, now: int) -> None:
        later = replace(job, due=now + RETRY_SECONDS, tries=job.tries + 1)
        await self.desk.db.write(
            lambda tx: (
                outbox.postpone(tx, job_id, later) if later.tries < GIVE_UP_TRIES else outbox.done(tx, job_id)
            )
        )

    async def _post_job(self, job_id: bytes, job: Job, now: int) -> None:
        if (job.case or job.task) in self._cards_under_way:  # wait until it is known which message it is
            return
        call = await self.desk.db.read(lambda tx: deliveries.call_for(tx, self.desk, job_id, job, now))
        if call is None or isinstance(call, Answer):
            await self.desk.db.write(lambda tx: outbox.done(tx, job_id))
            return
        if isinstance(call, Send) and call.chat < 0 and not self._has_room(job, now):
            return
        self._jobs_under_way[job_id] = call.chat
        if isinstance(call, Edit):
            self._edits_under_way[call.chat, call.message].add(job_id)
        if job.task in {Task.CARD, Task.BOARD} and isinstance(call, Send):
            self._cards_under_way.add(job.case or job.task)
        self.postman.post(call.chat, [call])

    def _has_room(self, job: Job, now: int) -> bool:
        """Whether the group can take this message now. Emergencies always go, and count."""
        free = self._group_room.free_at(now)
        if free > now and not job.urgent:
            self._expect(free)
            return False
        self._group_room.take(now)
        return True

    async def _post_deletions(self, now: int) -> None:
        due = await self.desk.db.read(lambda tx: outbox.traces_due(tx, now))
        by_chat: dict[int, list[int]] = defaultdict(list)
        for _, trace in due:
            if (trace.chat, trace.message) not in self._deletes_under_way:
                by_chat[trace.chat].append(trace.message)
        for chat, messages in by_chat.items():
            for start in range(0, len(messages), MAX_DELETED_AT_ONCE):
                some = tuple(messages[start : start + MAX_DELETED_AT_ONCE])
                self._deletes_under_way.update((chat, message) for message in some)
                self.postman.post(chat, [Delete(chat, some)])

    async def _sent(self, call: Outgoing, message: int | None) -> None:
        now = self._clock()
        edited = self._settled_by(call)
        note = Note.read(getattr(call, "note", ""))
        settles = isinstance(call, Delete | Remove) or (note is not None and note.job)
        if message is None and not edited and not settles:
            return

        def work(tx: Tx) -> None:
            deliveries.settle(tx, self.desk, call, message, now)
            for job_id in edited:
                outbox.done(tx, job_id)

        try:
            await self.desk.db.write(work)
        finally:
            self._over(call, edited)
        self._expect(now + note.gone_after if note and note.gone_after else None)
        if note and note.kind in {"card", "board"}:
            self._group_lost = False
            self.wake()  # what waited to know which message the card is

    async def _failed(self, call: Outgoing, reason: str) -> None:
        edited = self._settled_by(call)
        try:
            await self._record_failure(call, reason, edited)
        finally:
            self._over(call, edited)

    async def _record_failure(self, call: Outgoing, reason: str, edited: frozenset[bytes]) -> None:
        now = self._clock()
        if reason in {"unreachable", "flood", "full"}:
            await self._try_again(call, edited, now)
            return
        if reason not in {"missing", "too-old-to-edit", "too-old-to-delete"}:
            self._log.warning("telegram refused a call", kind=type(call).__name__)

        def work(tx: Tx) -> Outgoing | None:
            for job_id in edited:
                outbox.done(tx, job_id)
            return deliveries.refused(tx, self.desk, call, reason, now)

        instead = await self.desk.db.write(work)
        self.wake()  # somebody may have to hear of it
        if instead is not None and not isinstance(instead, Answer):
            self.postman.post(instead.chat, [instead])

    async def _try_again(self, call: Outgoing, edited: frozenset[bytes], now: int) -> None:
        """What lies in the outbox is tried later; a screen is a view, and the next press shows it."""
        note = Note.read(getattr(call, "note", ""))
        ids = edited | ({bytes.fromhex(note.job)} if note and note.job else set())

        def work(tx: Tx) -> None:
            for job_id, job in outbox.due(tx, now):
                if job_id in ids and job.tries + 1 < GIVE_UP_TRIES:
                    outbox.postpone(tx, job_id, replace(job, due=now + RETRY_SECONDS, tries=job.tries + 1))
                elif job_id in ids:
                    outbox.done(tx, job_id)
                    self._log.error("a message was given up", job=job.task.value, attempts=job.tries + 1)

        if ids:
            await self.desk.db.write(work)

    def _settled_by(self, call: Outgoing) -> frozenset[bytes]:
        """The jobs that an edit settles: its own, and those of the edits that it took the place of."""
        if not isinstance(call, Edit):
            return frozenset()
        return frozenset(self._edits_under_way.get((call.chat, call.message), ()))

    def _over(self, call: Outgoing, edited: frozenset[bytes]) -> None:
        """It is recorded what became of the call. Any sooner, the next round would post the same jobs again."""
        if isinstance(call, Delete):
            self._deletes_under_way.difference_update((call.chat, message) for message in call.messages)
        note = Note.read(getattr(call, "note", ""))
        if note is not None and note.job:
            self._jobs_under_way.pop(bytes.fromhex(note.job), None)
            self._cards_under_way.discard(note.case or note.kind)
        if isinstance(call, Edit):
            place = call.chat, call.message
            self._edits_under_way[place] -= edited
            if not self._edits_under_way[place]:
                del self._edits_under_way[place]
        for job_id in edited:
            self._jobs_under_way.pop(job_id, None)

    async def _gone(self, chat: int) -> None:
        now = self._clock()
        if await self.desk.db.read(lambda tx: group.is_ours(tx, self.desk, chat)):
            if not self._group_lost:
                self._group_lost = True
                self._log.error("the bot can't write in the operators' group: see postern check")
            await self.desk.db.write(lambda tx: group.lost(tx, self.desk, now))
            self._cards_under_way.clear()
        else:
            await self.desk.db.write(lambda tx: deliveries.chat_gone(tx, self.desk, chat, now))
        self._forget_what_is_under_way(chat)
        self.wake()

    def _forget_what_is_under_way(self, chat: int) -> None:
        """The postman dropped this chat's queue without naming the calls: what is still owed is posted anew."""
        self._jobs_under_way = {job: where for job, where in self._jobs_under_way.items() if where != chat}
        self._deletes_under_way = {place for place in self._deletes_under_way if place[0] != chat}
        for place in [place for place in self._edits_under_way if place[0] == chat]:
            del self._edits_under_way[place]

    async def _moved(self, old: int, new: int) -> None:
        now = self._clock()
        self._log.warning("the operators' group has a new id: see postern check")
        await self.desk.db.write(lambda tx: group.move(tx, self.desk, old, new, now))
        self.wake()
