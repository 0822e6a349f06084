"""The board: one message in the operators' group for all requests that get no card of their own.

Near-empty requests never get one. In a surge, as many cards as people can still read go out; of what comes on top,
the least pressing is only counted here. The queue's truth is the database: /queue shows all of them.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace

from handlers import group
from handlers.desk import Desk
from handlers.notes import Note
from handlers.outgoing import Edit, Outgoing, Send
from handlers.queue import order_of
from intake.questionnaire import Level
from storage import cases, grouped, meta, outbox
from storage.cases import Case
from storage.database import Tx
from storage.grouped import Kinds
from storage.outbox import REFRESH, Job, Task

MOST_CARDS_WAITING = 30
"""Cards on their way to the group at any time: two minutes of them."""

Due = Sequence[tuple[bytes, Job]]


def gather(tx: Tx, desk: Desk, due: Due, under_way: Collection[bytes], now: int) -> None:
    """Of these jobs, take those over that are the board's. `under_way`: which of them are being sent."""
    mine: list[tuple[bytes, Case]] = []
    first: list[tuple[bytes, Case]] = []
    for job_id, job in due:
        case = cases.sound(tx, bytes.fromhex(job.case)) if job.task is Task.CARD else None
        if case is None or job_id in under_way:
            continue
        if case.facts.grouped:
            mine.append((job_id, case))
        elif job.tag != REFRESH and case.facts.card is None:
            (mine if case.facts.near_empty else first).append((job_id, case))
    coming = sum(job.task is Task.CARD and job_id in under_way for job_id, job in due)
    pressing = sorted(first, key=lambda pair: order_of(pair[1], now, desk.terms.service))
    mine += pressing[max(0, MOST_CARDS_WAITING - coming) :]
    if not mine:
        return
    anew = not grouped.read(tx).total()
    for job_id, case in mine:
        outbox.done(tx, job_id)
        if not case.facts.grouped:
            cases.save_facts(tx, case, replace(case.facts, grouped=True))
    # The old board says that nothing waits: a new message is seen, an edited one is not.
    if anew and grouped.read(tx).total():
        meta.drop(tx, meta.BOARD)
    if all(job.task is not Task.BOARD or job_id in under_way for job_id, job in due):
        outbox.add(tx, Job(Task.BOARD, now))


def call(tx: Tx, desk: Desk, job_id: bytes) -> Outgoing | None:
    """The board as it should look now."""
    chat = group.current(tx, desk)
    if chat is None:
        return None
    found, message = grouped.read(tx), _message(tx, chat)
    if message is not None:
        return Edit(chat, message, _text(desk, found), resend=False)
    if not found.total():
        return None
    return Send(chat, _text(desk, found), note=str(Note("board", job=job_id.hex())))


def remember(tx: Tx, chat: int, message: int) -> None:
    meta.put(tx, meta.BOARD, f"{chat} {message}".encode())


def missing(tx: Tx, edit: Edit, now: int) -> None:
    """Somebody deleted a message that was to be edited: if it is the board, it goes anew."""
    if _message(tx, edit.chat) == edit.message:
        meta.drop(tx, meta.BOARD)
        outbox.add(tx, Job(Task.BOARD, now))


def _message(tx: Tx, chat: int) -> int | None:
    where, _, message = (meta.get(tx, meta.BOARD) or b"").partition(b" ")
    return int(message) if where == str(chat).encode() else None


def _text(desk: Desk, found: Kinds) -> str:
    emergencies = sum(n for (level, _), n in found.items() if level is Level.EMERGENCY)
    near_empty = sum(n for (_, little), n in found.items() if little)
    others = found.total() - emergencies - near_empty
    counted = {"board-emergencies": emergencies, "board-others": others, "board-near-empty": near_empty}
    lines = [desk.texts.say(desk.staff_language, name, n=n) for name, n in counted.items() if n]
    return "\n".join(lines or [desk.texts.say(desk.staff_language, "board-clear")])
