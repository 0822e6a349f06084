"""What Telegram is owed: the outbox's jobs, handed to the postman when they are due, and what became of them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, replace

import structlog

from bot.due import MOST_AT_ONCE, Due
from bot.pace import Window
from bot.postman import Postman
from handlers import board, deliveries
from handlers.desk import Desk
from handlers.notes import Note
from handlers.outgoing import Answer, Edit, Outgoing, Send
from storage import damage, outbox
from storage.database import Tx
from storage.marks import Kind
from storage.outbox import REFRESH, Job, Task
from storage.trouble import is_trouble

RETRY_SECONDS = 60
MOST_IN_GROUP = 15
"""New messages a minute in the operators' group, emergencies apart; Telegram takes 20, edits included."""
WINDOW_SECONDS = 60
GIVE_UP_TRIES = 60


@dataclass(frozen=True, slots=True)
class Posted:
    """Handed to the postman and not recorded yet."""

    chat: int
    job: Job


class Jobs:
    def __init__(self, desk: Desk, postman: Postman, due: Due, wake: Callable[[], None]) -> None:
        self._desk = desk
        self._postman = postman
        self._due = due
        self._wake = wake
        self._ripe: dict[bytes, None] = {}
        """Due and not posted yet, in the order in which they came up."""
        self._under_way: dict[bytes, Posted] = {}
        """None of these is posted a second time."""
        self._edits_under_way: dict[tuple[int, int], set[bytes]] = defaultdict(set)
        self._cards_under_way: set[str] = set()
        self._room = Window(MOST_IN_GROUP, WINDOW_SECONDS)
        self._nothing_before = 0
        """What is ripe waits for room in the group until then."""
        self._to_gather = False
        """The board may have to take some cards over."""
        self._gathered_at = 0
        self._log = structlog.get_logger()

    async def step(self, now: int) -> bool:
        """Post what has become due. True: there may be more."""
        new = self._take(now)
        if (
            not new
            and not self._to_gather
            and (not self._ripe or now < self._nothing_before <= now + WINDOW_SECONDS)
        ):
            return False
        self._nothing_before = 0
        due = await self._read(now)
        self._to_gather |= self._is_a_crowd(due, new)
        if self._to_gather and now != self._gathered_at:  # each look reads all the cards that wait
            self._to_gather, self._gathered_at = False, now
            coming = [(job_id, posted.job) for job_id, posted in self._under_way.items()]
            await self._desk.db.write(
                lambda tx: board.gather(tx, self._desk, due + coming, self._under_way.keys(), now)
            )
            self._take(now)
            due = await self._read(now)
        for job_id, job in due:
            await self._post_or_put_off(job_id, job, now)
        return len(new) == MOST_AT_ONCE

    def _take(self, now: int) -> list[bytes]:
        new = [each for each in self._due.jobs.take(now, MOST_AT_ONCE) if each not in self._under_way]
        self._ripe.update(dict.fromkeys(new))
        return new

    async def _read(self, now: int) -> list[tuple[bytes, Job]]:
        """What is ripe as it stands now: the urgent first, then the oldest."""
        ripe = list(self._ripe)
        parts = [ripe[start : start + MOST_AT_ONCE] for start in range(0, len(ripe), MOST_AT_ONCE)]
        found = await self._desk.db.read(lambda tx: [outbox.jobs(tx, part) for part in parts])
        rows = {job_id: job for each in found for job_id, job in each.rows.items()}
        if damaged := [job_id for each in found for job_id in each.damaged]:
            count = await self._desk.db.write(lambda tx: damage.drop(tx, Kind.JOB, damaged))
            self._log.error("damaged jobs were dropped: restore a backup, or see postern check", count=count)
        due = []
        for job_id in ripe:
            job = rows.get(job_id)
            if job is not None and job.due <= now:
                due.append((job_id, job))
                continue
            del self._ripe[job_id]
            if job is not None:  # it was put off meanwhile
                self._due.jobs.put(job_id, job.due)
        return sorted(due, key=lambda pair: (not pair[1].urgent, pair[1].due))

    def _is_a_crowd(self, due: list[tuple[bytes, Job]], new: list[bytes]) -> bool:
        """Whether the board may have to take some over. A few emergencies need not be looked through for that."""
        cards = [(job_id, job) for job_id, job in due if job.task is Task.CARD]
        few = all(job.urgent for _, job in cards) and len(cards) <= board.MOST_CARDS_WAITING
        return not few and any(job_id in new for job_id, _ in cards)

    async def _post_or_put_off(self, job_id: bytes, job: Job, now: int) -> None:
        try:
            await self._post(job_id, job, now)
        except Exception as error:
            if is_trouble(error):
                raise
            # One damaged case must not hold up the others.
            self._log.error("a job could not be done", job=job.task.value, exc_info=error)
            await self._desk.db.write(lambda tx: self._later(tx, job_id, job, now))
            self._ripe.pop(job_id, None)

    async def _post(self, job_id: bytes, job: Job, now: int) -> None:
        if (job.case or job.task) in self._cards_under_way:  # wait until it is known which message it is
            return
        if job.task is Task.CARD and job.tag != REFRESH and not self._may_have_room(job, now):
            return  # the card need not be made
        call = await self._desk.db.read(lambda tx: deliveries.call_for(tx, self._desk, job_id, job, now))
        if call is None or isinstance(call, Answer):
            await self._desk.db.write(lambda tx: outbox.done(tx, job_id))
            self._ripe.pop(job_id, None)
            return
        if isinstance(call, Send) and call.chat < 0 and not self._has_room(job, now):
            return
        self._ripe.pop(job_id, None)
        self._under_way[job_id] = Posted(call.chat, job)
        if isinstance(call, Edit):
            self._edits_under_way[call.chat, call.message].add(job_id)
        if job.task in {Task.CARD, Task.BOARD} and isinstance(call, Send):
            self._cards_under_way.add(job.case or job.task)
        self._postman.post(call.chat, [call])

    def _may_have_room(self, job: Job, now: int) -> bool:
        free = self._room.free_at(now)
        if free > now and not job.urgent:
            self._nothing_before = free
            return False
        return True

    def _has_room(self, job: Job, now: int) -> bool:
        """Whether the group can take this message now. Emergencies always go, and count."""
        if not self._may_have_room(job, now):
            return False
        self._room.take(now)
        return True

    async def sent(self, call: Outgoing, message: int | None, now: int) -> None:
        """Telegram took a call. Most were none of ours: then there is nothing to record."""
        edited = self._settled_by(call)
        note = Note.read(getattr(call, "note", ""))
        if message is None and not edited and not (note is not None and note.job):
            return

        def work(tx: Tx) -> None:
            deliveries.settle(tx, self._desk, call, message, now)
            for job_id in edited:
                outbox.done(tx, job_id)

        await self._recorded(call, edited, work)
        if note and note.kind in {"card", "board"}:
            self._wake()  # what waited to know which message the card is

    async def failed(self, call: Outgoing, reason: str, now: int) -> None:
        """A call was given up for now, or Telegram refused it."""
        edited = self._settled_by(call)
        if reason in {"unreachable", "flood", "full"}:
            # What lies in the outbox is tried later; a screen is a view, and the next press shows it.
            ids = [*edited, *_job_of(call)]
            if ids:
                await self._recorded(call, edited, lambda tx: self._try_again(tx, ids, now))
            return
        if reason not in {"missing", "too-old-to-edit", "too-old-to-delete"}:
            self._log.warning("telegram refused a call", kind=type(call).__name__)

        def work(tx: Tx) -> Outgoing | None:
            for job_id in edited:
                outbox.done(tx, job_id)
            return deliveries.refused(tx, self._desk, call, reason, now)

        instead = await self._recorded(call, edited, work)
        self._wake()  # somebody may have to hear of it
        if instead is not None and not isinstance(instead, Answer):
            self._postman.post(instead.chat, [instead])

    def owed_to(self, chat: int) -> list[bytes]:
        """What is on its way to this chat."""
        return [job_id for job_id, posted in self._under_way.items() if posted.chat == chat]

    def dropped(self, chat: int) -> None:
        """The postman dropped this chat's queue without naming the calls: what is still owed is looked at anew."""
        for job_id in self.owed_to(chat):
            self._release(job_id, again=True)
        for place in [place for place in self._edits_under_way if place[0] == chat]:
            del self._edits_under_way[place]

    def forget_cards(self) -> None:
        """The group is lost, and with it the messages that were awaited."""
        self._cards_under_way.clear()

    async def _recorded(
        self, call: Outgoing, edited: frozenset[bytes], work: Callable[[Tx], Outgoing | None]
    ) -> Outgoing | None:
        """Record what became of a call. Only then it is over: any sooner, the same jobs would be posted again."""
        try:
            instead = await self._desk.db.write(work)
        except BaseException:
            self._over(call, edited, again=True)
            raise
        self._over(call, edited, again=False)
        return instead

    def _try_again(self, tx: Tx, ids: list[bytes], now: int) -> None:
        for job_id, job in outbox.jobs(tx, ids).rows.items():
            self._later(tx, job_id, job, now)

    def _later(self, tx: Tx, job_id: bytes, job: Job, now: int) -> None:
        if job.tries + 1 < GIVE_UP_TRIES:
            outbox.postpone(tx, job_id, replace(job, due=now + RETRY_SECONDS, tries=job.tries + 1))
        else:
            outbox.done(tx, job_id)
            self._log.error("a message was given up", job=job.task.value, attempts=job.tries + 1)

    def _settled_by(self, call: Outgoing) -> frozenset[bytes]:
        """The jobs that an edit settles: its own, and those of the edits that it took the place of."""
        if not isinstance(call, Edit):
            return frozenset()
        return frozenset(self._edits_under_way.get((call.chat, call.message), ()))

    def _over(self, call: Outgoing, edited: frozenset[bytes], *, again: bool) -> None:
        note = Note.read(getattr(call, "note", ""))
        if note is not None and note.job:
            self._cards_under_way.discard(note.case or note.kind)
        if isinstance(call, Edit) and edited:
            place = call.chat, call.message
            self._edits_under_way[place] -= edited
            if not self._edits_under_way[place]:
                del self._edits_under_way[place]
        for job_id in (*edited, *_job_of(call)):
            self._release(job_id, again=again)

    def _release(self, job_id: bytes, *, again: bool) -> None:
        """`again`: its row may still be there, and due."""
        if self._under_way.pop(job_id, None) is not None and again:
            self._ripe[job_id] = None
        self._nothing_before = 0


def _job_of(call: Outgoing) -> list[bytes]:
    """The job that this call was made for."""
    note = Note.read(getattr(call, "note", ""))
    return [bytes.fromhex(note.job)] if note is not None and note.job else []
