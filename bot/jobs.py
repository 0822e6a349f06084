"""What Telegram is owed: the outbox's jobs, handed to the postman when they are due, and what became of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import structlog

from bot.counts import Counts
from bot.due import MOST_AT_ONCE, Due
from bot.give_up import first_due, is_hopeless, kind_of, pause
from bot.pace import GROUP_SECONDS, GroupRoom, Rank
from bot.postman import Postman
from bot.seldom import Seldom
from bot.under_way import UnderWay
from handlers import board, deliveries, operator_slots, reply_states, ringing, timers
from handlers.desk import Desk
from handlers.notes import Note
from handlers.outgoing import Answer, Fetch, Outgoing, Remove
from storage import damage, outbox, undelivered
from storage.database import Tx
from storage.marks import Kind
from storage.outbox import Job, Task
from storage.replies import Why
from storage.trouble import is_trouble

LATER = frozenset({"unreachable", "flood", "full", "unauthorized", "gone"})
"""Why a call was given up by the postman that can be made again: a token that is revoked may be set anew."""
IN_GROUP = frozenset({Task.CARD, Task.BOARD, Task.CARD_GONE, Task.PIN})
"""What is written in the operators' group, whatever comes of it."""
FETCHES, REMOVALS = 0, 1
"""Queues at the postman's that are no chat's: a file that is fetched holds up nobody's screens, and whoever must leave
the group does not wait for what is to be written in it."""
SETTLED = frozenset({"missing", "too-old-to-edit", "too-old-to-delete"})
"""Refusals that settle the matter: what was to be edited is not there any more."""

DEFECT = "defect"
"""Why something was given up that Telegram would have taken."""


class Jobs:
    def __init__(
        self,
        desk: Desk,
        postman: Postman,
        due: Due,
        wake: Callable[[], None],
        counts: Counts,
        may_post: Callable[[], bool],
    ) -> None:
        self._desk = desk
        self._postman = postman
        self._due = due
        self._wake = wake
        self._counts = counts
        self._may_post = may_post
        self._ripe: dict[bytes, None] = {}
        """Due and not posted yet, in the order in which they came up."""
        self._under_way = UnderWay()
        self._since: dict[bytes, int] = {}
        """When each that is due, or was and is being tried again, became due first."""
        self._room = GroupRoom()
        self._nothing_before = 0
        """What is ripe waits for room in the group until then."""
        self._to_gather = False
        """The board may have to take some cards over."""
        self._gathered_at = 0
        self._seldom = Seldom()
        self._log = structlog.get_logger()

    def depth(self) -> int:
        """How many messages are owed, due or not; about, because the timetable may name one twice."""
        return len(self._due.jobs) + len(self._ripe) + len(self._under_way)

    def oldest(self) -> int | None:
        """Since when the oldest has been due; None: nothing is due."""
        return min(self._since.values(), default=None)

    # Posting.

    async def step(self, now: int) -> bool:
        """Post what has become due. True: there may be more."""
        new = self._take(now)
        if (
            not new
            and not self._to_gather
            and (not self._ripe or now < self._nothing_before <= now + GROUP_SECONDS)
        ):
            return False
        self._nothing_before = 0
        due = await self._read(now)
        self._to_gather |= self._is_a_crowd(due, new)
        if self._to_gather and now != self._gathered_at:  # each look reads all the cards that wait
            self._to_gather, self._gathered_at = False, now
            all_of_them, under_way = [*due, *self._under_way], self._under_way.ids
            await self._desk.db.write(lambda tx: board.gather(tx, self._desk, all_of_them, under_way, now))
            self._take(now)
            due = await self._read(now)
        for job_id, job in due:
            if not self._may_post():
                return False
            await self._post_or_put_off(job_id, job, now)
        return len(new) == MOST_AT_ONCE

    def _take(self, now: int) -> list[bytes]:
        new = [each for each in self._due.jobs.take(now, MOST_AT_ONCE) if each not in self._under_way]
        self._ripe.update(dict.fromkeys(new))
        return new

    async def _read(self, now: int) -> list[tuple[bytes, Job]]:
        """What is ripe as it stands now: the urgent first, then the board, then the oldest."""
        ripe = list(self._ripe)
        parts = [ripe[start : start + MOST_AT_ONCE] for start in range(0, len(ripe), MOST_AT_ONCE)]
        found = await self._desk.db.read(lambda tx: [outbox.jobs(tx, part) for part in parts])
        rows = {job_id: job for each in found for job_id, job in each.rows.items()}
        if damaged := [job_id for each in found for job_id in each.damaged]:
            await self._drop_damaged(damaged, now)
        due = []
        for job_id in ripe:
            job = rows.get(job_id)
            if job is not None and job.due <= now:
                self._since[job_id] = first_due(job)
                due.append((job_id, job))
                continue
            self._ripe.pop(job_id, None)
            if job is not None:  # it was put off meanwhile
                self._due.jobs.put(job_id, job.due)
            else:
                self._since.pop(job_id, None)
        return sorted(due, key=lambda pair: (_rank(pair[1]), pair[1].due))

    async def _drop_damaged(self, damaged: list[bytes], now: int) -> None:
        count = await self._desk.db.write(lambda tx: damage.drop(tx, Kind.JOB, damaged, now))
        self._log.error("damaged rows were dropped: see postern check", kind=Kind.JOB, count=count)

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
            if self._seldom.is_due(error):
                self._log.error("a job could not be done", job=job.task.value, exc_info=error)
            await self._later([job_id], now, defect=True)  # one damaged case must not hold up the others

    async def _post(self, job_id: bytes, job: Job, now: int) -> None:
        if job.task is Task.RING:
            await self._desk.db.write(lambda tx: ringing.carry_out(tx, self._desk, job_id, job, now))
            self._forget(job_id)
            return
        if self._under_way.awaits_card(job):
            return
        if job.task is Task.TIMER:
            await self._desk.db.write(lambda tx: timers.run(tx, self._desk, job_id, job, now))
            self._forget(job_id)  # not sooner: while nothing can be written, it stays due
            return
        if job.task in IN_GROUP and not self._has_room(job, now):
            return  # the call need not be made
        many = job.task in {Task.BOARD, Task.LOCKS}  # which go through all cases
        call = await self._desk.db.read(
            lambda tx: deliveries.call_for(tx, self._desk, job_id, job, now), long=many
        )
        if call is None or isinstance(call, Answer):
            await self._desk.db.write(lambda tx: outbox.done(tx, job_id))
            self._forget(job_id)
            return
        in_group = call.chat < 0 and not isinstance(call, Remove)
        if in_group and not self._has_room(job, now):
            return
        if job.reply and job.task is Task.SEND and not job.posted:
            # From now on nobody can say that Telegram has not got it, unless it answers.
            marked = replace(job, posted=True)
            await self._desk.db.write(lambda tx: outbox.postpone(tx, job_id, marked))
        if not self._may_post():  # the seat went while the database was asked
            return
        if in_group and not self._under_way.is_edited(call):
            self._room.take(_rank(job), now)
        self._ripe.pop(job_id, None)
        self._under_way.add(job_id, job, call)
        queue = FETCHES if isinstance(call, Fetch) else REMOVALS if isinstance(call, Remove) else call.chat
        self._postman.post(queue, [call])

    def _has_room(self, job: Job, now: int) -> bool:
        """Whether the group can take a call for this job now; otherwise it is noted when."""
        free = self._room.free_at(_rank(job), now)
        if free > now:
            self._nothing_before = min(self._nothing_before or free, free)
        return free <= now

    # What became of it. As long as the database can't be written, these raise, and the jobs stay under way.

    async def sent(self, call: Outgoing, message: int | None, now: int) -> None:
        """Telegram took a call. Most were none of ours: then there is nothing to record."""
        ids = self._under_way.of(call)
        if message is None and not ids:
            return

        def work(tx: Tx) -> None:
            deliveries.settle(tx, self._desk, call, message, now)
            for job_id in ids:
                outbox.done(tx, job_id)

        await self._record(call, work, now, deliveries.lane_of(self._desk, call))
        note = Note.read(getattr(call, "note", ""))
        if note is not None and note.kind in {"card", "board", "reply", "status", "fetch"}:
            self._wake()  # what waited to know which message the card is

    async def failed(self, call: Outgoing, reason: str, now: int) -> None:
        """A call was given up for now, or Telegram refused it."""
        ids = self._under_way.of(call)
        if reason in LATER:
            # What lies in the outbox is tried later; a screen is a view, and the next press shows it.
            if ids:
                await self._later(ids, now, heard=reason != "unreachable")
                self._under_way.over(call)
            return
        if reason not in SETTLED:
            self._log.warning("telegram refused a call", kind=type(call).__name__)

        def work(tx: Tx) -> Outgoing | None:
            for job in outbox.jobs(tx, ids).rows.values():
                if reason in SETTLED:
                    reply_states.line_lost(tx, job, now)
                elif job.task is not Task.PIN:  # it works without, and `check` says what right is missing
                    _note(tx, job, Why.REFUSED, now)
            instead = deliveries.refused(tx, self._desk, call, reason, now)
            for job_id in ids:
                outbox.done(tx, job_id)
            return instead

        instead = await self._record(call, work, now)
        self._wake()  # somebody may have to hear of it
        if instead is not None and not isinstance(instead, Answer):
            self._postman.post(instead.chat, [instead])

    async def blocked(self, call: Outgoing, now: int) -> None:
        """The operators' group took nothing: it is owed for as long as that lasts."""
        if ids := self._under_way.of(call):
            await self._later(ids, now)
            self._under_way.over(call)

    def to(self, chat: int) -> list[bytes]:
        """What is on its way to this chat."""
        return self._under_way.to(chat)

    def dropped(self, chat: int) -> None:
        """The postman dropped this chat's queue: what is still owed there is looked at anew."""
        self._ripe.update(dict.fromkeys(self._under_way.forget(chat)))
        self._nothing_before = 0

    def resign(self) -> None:
        """Another process may send from now on: what waits here is that one's. What is on its way stays ours."""
        self._ripe.clear()
        self._since.clear()
        for call in self._postman.withdraw(lambda call: bool(self._under_way.of(call))):
            self._over(call)

    async def _record(
        self, call: Outgoing, work: Callable[[Tx], Outgoing | None], now: int, lane: bytes | None = None
    ) -> Outgoing | None:
        """Record what became of a call; only then it is over. Any sooner, the same jobs would be posted again."""
        ids = self._under_way.of(call)
        try:
            if isinstance(call, Fetch):
                await operator_slots.add_in_batches(self._desk, call, ids)
            instead = await self._desk.db.write(work, lane)
        except Exception as error:
            if not is_trouble(error):  # a defect: the same message must not go out for ever
                await self._desk.db.write(lambda tx: _give_up(tx, ids, now))
                self._over(call)
            raise
        self._over(call)
        return instead

    async def _later(self, ids: list[bytes], now: int, *, defect: bool = False, heard: bool = False) -> None:
        """Try these again after a while, or give them up. `heard`: Telegram has said that it has not taken them."""

        def work(tx: Tx) -> tuple[list[Job], list[Job]]:
            waiting, hopeless = [], []
            for job_id, job in outbox.jobs(tx, ids).rows.items():
                if is_hopeless(job, now, defect=defect):
                    hopeless.append(job)
                    _note(tx, job, DEFECT if defect else Why.TOO_LATE, now)
                    deliveries.given_up(tx, self._desk, job_id, job, Why.TOO_LATE, now)
                else:
                    waiting.append(job)
                    posted = job.posted and not heard
                    tried = replace(job, tries=job.tries + 1, since=first_due(job), posted=posted)
                    outbox.postpone(tx, job_id, replace(tried, due=now + pause(job)))
            return waiting, hopeless

        waiting, hopeless = await self._desk.db.write(work)
        self._counts.retries.update(kind_of(job) for job in waiting)
        self._counts.given_up.update(kind_of(job) for job in hopeless)
        for job in hopeless:
            self._log.error("a message was given up: see postern check", job=kind_of(job), attempts=job.tries)
        for job_id in ids:
            self._ripe.pop(job_id, None)
        if hopeless:
            self._since = {job_id: since for job_id, since in self._since.items() if job_id not in ids}
            self._wake()  # somebody may have to hear of it

    def _over(self, call: Outgoing) -> None:
        for job_id in self._under_way.of(call):
            self._since.pop(job_id, None)
        self._under_way.over(call)
        self._nothing_before = 0

    def _forget(self, job_id: bytes) -> None:
        self._ripe.pop(job_id, None)
        self._since.pop(job_id, None)


def _rank(job: Job) -> Rank:
    if job.task in {Task.BOARD, Task.PIN}:  # pinned once, and that must not wait behind a hundred cards
        return Rank.BOARD
    return Rank.EMERGENCY if job.urgent or job.task is Task.REMOVE else Rank.OTHER


def _give_up(tx: Tx, ids: list[bytes], now: int) -> None:
    for job in outbox.jobs(tx, ids).rows.values():
        undelivered.note(tx, kind_of(job), DEFECT, now, case=job.case)
    for job_id in ids:
        outbox.done(tx, job_id)


def _note(tx: Tx, job: Job, why: str, now: int) -> None:
    """Count it among what was given up. Of a reply, `handlers.reply_states` does that, who knows its reference."""
    if not (job.reply and job.task in {Task.SEND, Task.TAKE}):
        undelivered.note(tx, kind_of(job), why, now, case=job.case)
