"""The background's one loop: what Telegram is owed, what must be deleted, what has been left."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace

import structlog

from bot.postman import Postman, Reports
from handlers import deliveries, expiry
from handlers.desk import Desk
from handlers.notes import Note
from handlers.outgoing import MAX_DELETED_AT_ONCE, Answer, Delete, Edit, Outgoing, Send
from storage import outbox
from storage.database import Tx
from storage.outbox import Job, Task
from storage.retention import Retention, purge

TICK_SECONDS = 1.0
"""How late something due may be noticed when nobody rings."""
SWEEP_SECONDS = 20
"""Between looks at everything: drafts that were left, and what another process put into the outbox."""
DAY = 86_400
RETRY_SECONDS = 60
GIVE_UP_TRIES = 60


class Sender:
    """Reads the outbox and the traces, hands calls to the postman, and records what became of them."""

    def __init__(self, clock: Callable[[], int], retention: Retention) -> None:
        self._clock = clock
        self._retention = retention
        self._ring = asyncio.Event()
        self._jobs_under_way: set[bytes] = set()
        self._edits_under_way: dict[tuple[int, int], set[bytes]] = defaultdict(set)
        self._cards_under_way: set[str] = set()
        self._deletes_under_way: set[tuple[int, int]] = set()
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
            self._purged_day = now // DAY
            await self.desk.db.write(lambda tx: purge(tx, self._retention, now))

    def _expect(self, due: int | None) -> None:
        if due is not None:
            self._next_due = min(self._next_due, due)

    async def _post_jobs(self, now: int) -> None:
        for job_id, job in await self.desk.db.read(lambda tx: outbox.due(tx, now)):
            if job_id not in self._jobs_under_way:
                await self._post_job(job_id, job, now)

    async def _post_job(self, job_id: bytes, job: Job, now: int) -> None:
        if job.case in self._cards_under_way:  # wait until it is known which message the card is
            return
        call = await self.desk.db.read(lambda tx: deliveries.call_for(tx, self.desk, job_id, job, now))
        if call is None or isinstance(call, Answer):
            await self.desk.db.write(lambda tx: outbox.done(tx, job_id))
            return
        self._jobs_under_way.add(job_id)
        if isinstance(call, Edit):
            self._edits_under_way[call.chat, call.message].add(job_id)
        if job.task is Task.CARD and isinstance(call, Send):
            self._cards_under_way.add(job.case)
        self.postman.post(call.chat, [call])

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
        edited = self._over(call)
        if message is None and not edited and not isinstance(call, Delete):
            return

        def work(tx: Tx) -> None:
            deliveries.settle(tx, self.desk, call, message, now)
            for job_id in edited:
                outbox.done(tx, job_id)

        await self.desk.db.write(work)
        note = Note.read(getattr(call, "note", ""))
        self._expect(now + note.gone_after if note and note.gone_after else None)
        if note and note.kind == "card":
            self.wake()  # what waited to know which message the card is

    async def _failed(self, call: Outgoing, reason: str) -> None:
        now = self._clock()
        edited = self._over(call)
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
        if instead is not None and not isinstance(instead, Answer):
            self.postman.post(instead.chat, [instead])

    async def _try_again(self, call: Outgoing, edited: set[bytes], now: int) -> None:
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

    def _over(self, call: Outgoing) -> set[bytes]:
        """The call is no longer under way; the ids of the jobs that an edit settles."""
        if isinstance(call, Delete):
            self._deletes_under_way.difference_update((call.chat, message) for message in call.messages)
        note = Note.read(getattr(call, "note", ""))
        if note is not None and note.job:
            self._jobs_under_way.discard(bytes.fromhex(note.job))
            self._cards_under_way.discard(note.case)
        if isinstance(call, Edit):
            ids = self._edits_under_way.pop((call.chat, call.message), set())
            self._jobs_under_way -= ids
            return ids
        return set()

    async def _gone(self, chat: int) -> None:
        now = self._clock()
        if chat == self.desk.terms.operators_chat:
            self._log.error("the bot can't write in the operators' group: see postern check")
            self._forget_what_is_under_way()
            return
        await self.desk.db.write(lambda tx: deliveries.chat_gone(tx, self.desk, chat, now))
        self._forget_what_is_under_way()

    def _forget_what_is_under_way(self) -> None:
        """The postman dropped a chat's queue without naming the calls: what is still owed is posted anew."""
        self._jobs_under_way.clear()
        self._cards_under_way.clear()
        self._edits_under_way.clear()
        self._deletes_under_way.clear()

    async def _moved(self, old: int, new: int) -> None:
        self._log.warning("the operators' group has a new id: see postern check")
