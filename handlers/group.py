"""The operators' group: which chat it is now, and what becomes of its cards while it can't be written to.

A group that becomes a supergroup goes by another id from then on. The settings may go on naming the old one.
"""

from __future__ import annotations

from dataclasses import replace

from handlers.desk import Desk
from handlers.incoming import Incoming
from intake.lifecycle import Status
from storage import cases, meta, outbox
from storage.database import Tx
from storage.outbox import Job, Task

RETRY_SECONDS = 60
_INSIDE = frozenset({"member", "administrator", "creator"})


def current(tx: Tx, desk: Desk) -> int | None:
    """Where the cards go: the group of the settings, or what it has become since."""
    configured = desk.terms.operators_chat
    moved = meta.get(tx, meta.GROUP_MOVED)
    if configured is None or moved is None:
        return configured
    old, new = map(int, moved.split())
    return new if old == configured else configured


def is_ours(tx: Tx, desk: Desk, chat: int) -> bool:
    """Under its old id, too: a card there may still be pressed."""
    return chat in (current(tx, desk), desk.terms.operators_chat)


async def take_turn(desk: Desk, incoming: Incoming) -> None:
    """Something happened to a group that the bot is in, or was."""
    now = desk.clock()

    def work(tx: Tx) -> None:
        if incoming.migrate_to is not None:
            move(tx, desk, incoming.chat_id, incoming.migrate_to, now)
        elif incoming.data in _INSIDE and is_ours(tx, desk, incoming.chat_id):
            _owed_again(tx, desk, now)
            outbox.add(tx, Job(Task.PIN, now))  # it may be allowed to pin the board by now

    await desk.db.write(work, long=True)
    desk.wake()


def move(tx: Tx, desk: Desk, old: int, new: int, now: int) -> None:
    """The new group numbers its own messages, and the old one's can't be edited: every card goes anew."""
    if old != current(tx, desk):
        return
    meta.put(tx, meta.GROUP_MOVED, f"{desk.terms.operators_chat} {new}".encode())
    for job_id, job in outbox.waiting(tx):
        if job.task is Task.CARD_GONE:  # in the new group, another message has that number
            outbox.done(tx, job_id)
    for status in (Status.OPEN, Status.CLAIMED):
        for case in cases.with_status(tx, status):
            if case.facts.card is not None:
                cases.save_facts(tx, case, replace(case.facts, card=None))
                outbox.add(tx, Job(Task.CARD, now, case=case.case.hex()))


def lost(tx: Tx, desk: Desk, now: int) -> None:
    """The group takes nothing from us: what is due there is tried from time to time, for as long as it takes."""
    for job_id, job in outbox.due(tx, now):
        if _goes_there(tx, desk, job):
            later = replace(job, due=now + RETRY_SECONDS, tries=1, since=job.since or job.due)
            outbox.postpone(tx, job_id, later)


def _owed_again(tx: Tx, desk: Desk, now: int) -> None:
    for job_id, job in outbox.waiting(tx):
        if job.tries and _goes_there(tx, desk, job):
            outbox.postpone(tx, job_id, replace(job, due=min(job.due, now)))


def _goes_there(tx: Tx, desk: Desk, job: Job) -> bool:
    return job.task in {Task.CARD, Task.BOARD, Task.PIN, Task.CARD_GONE, Task.REMOVE} or is_ours(
        tx, desk, job.chat
    )
