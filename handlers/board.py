"""The board: one pinned message in the operators' group that says how things stand, edited in place.

It counts what waits, by level, and for how long; what is past its service level; who is on duty. It also stands for
requests that get no card of their own: near-empty ones never do, and in a surge as many cards as people can still read
go out, the most pressing first. The queue's truth is the database: /queue shows all of them.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from handlers import group
from handlers.cards import MARKS, waited
from handlers.desk import Desk
from handlers.notes import Note
from handlers.outgoing import Edit, Outgoing, Pin, Send
from handlers.queue import order_of
from handlers.unfinished import Entry
from intake.questionnaire import Level
from storage import cases, grouped, meta, outbox, staff
from storage.cases import Case
from storage.database import Tx
from storage.outbox import REFRESH, Job, Task

MOST_CARDS_WAITING = 20
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
    for job_id, case in mine:
        outbox.done(tx, job_id)
        if not case.facts.grouped:
            cases.save_facts(tx, case, replace(case.facts, grouped=True, shown_at=0))
    if all(job.task is not Task.BOARD or job_id in under_way for job_id, job in due):
        outbox.add(tx, Job(Task.BOARD, now))


def call(tx: Tx, desk: Desk, job_id: bytes, now: int) -> Outgoing | None:
    """The board as it should look now; None: it looks so already."""
    chat = group.current(tx, desk)
    if chat is None:
        return None
    text, place = _text(tx, desk, now), _place(tx, chat)
    if place is None:
        return Send(chat, text, silent=True, note=str(Note("board", job=job_id.hex()))) if text else None
    text = text or desk.texts.say(desk.staff_language, "board-clear")
    return Edit(chat, place.message, text, resend=False) if place.shown != _digest(tx, text) else None


def is_behind(tx: Tx, desk: Desk, now: int) -> bool:
    """Whether it shows something else than it should. Goes through all cases that are not closed."""
    return call(tx, desk, b"", now) is not None


def remember(tx: Tx, chat: int, message: int, text: str, now: int) -> None:
    """The board is a new message. It is pinned, if the bot may do that."""
    _keep(tx, chat, _Place(message, _digest(tx, text)))
    outbox.add(tx, Job(Task.PIN, now))


def edited(tx: Tx, edit: Edit) -> None:
    """Telegram has taken an edit: perhaps the board's."""
    place = _place(tx, edit.chat) if edit.chat < 0 else None
    if place is not None and place.message == edit.message:
        _keep(tx, edit.chat, _Place(edit.message, _digest(tx, edit.text)))


def pin(tx: Tx, desk: Desk, job_id: bytes) -> Pin | None:
    chat = group.current(tx, desk)
    place = _place(tx, chat) if chat is not None else None
    if chat is None or place is None:
        return None
    return Pin(chat, place.message, note=str(Note("pin", job=job_id.hex())))


def missing(tx: Tx, edit: Edit, now: int) -> None:
    """Somebody deleted a message that was to be edited: if it is the board, it goes anew."""
    place = _place(tx, edit.chat)
    if place is not None and place.message == edit.message:
        meta.drop(tx, meta.BOARD)
        outbox.add(tx, Job(Task.BOARD, now))


@dataclass(frozen=True, slots=True)
class _Place:
    message: int
    shown: str
    """Keyed digest of the text that it shows; empty: not known."""


def _place(tx: Tx, chat: int) -> _Place | None:
    where, message, shown = (*(meta.get(tx, meta.BOARD) or b"").decode().split(" "), "", "")[:3]
    return _Place(int(message), shown) if where == str(chat) else None


def _keep(tx: Tx, chat: int, place: _Place) -> None:
    meta.put(tx, meta.BOARD, f"{chat} {place.message} {place.shown}".encode())


def _digest(tx: Tx, text: str) -> str:
    """Keyed: boards are few enough to be tried one by one, and this row lies in the clear."""
    return tx.vault.tag("board", text.encode()).hex()


def _text(tx: Tx, desk: Desk, now: int) -> str:
    """Of what the group may see by now: a request that came a moment ago is not counted before its card's batch."""
    say, language = desk.texts.say, desk.staff_language
    look = desk.queue.look(tx, now, desk.terms.service)
    waiting = [entry for entry in look.open if entry.shown_at <= now]
    lines = [_line(desk, level, waiting, now) for level in Level]
    lines = [line for line in lines if line]
    if lines:
        lines.insert(0, say(language, "board-title", n=len(waiting)))
    lines += _late(desk, [entry for entry in (*waiting, *look.held) if look.is_late(entry)])
    again = sum(0 < entry.wrote_again <= now for entry in waiting)
    lines += [say(language, "board-wrote-again", n=again)] if again else []
    without = grouped.read(tx).total()
    if without and waiting:
        lines.append(say(language, "board-without-card", n=without))
    names = ", ".join(member.name for member in staff.on_duty(tx, now))
    if names:
        lines += ([] if waiting else [say(language, "board-clear")]) + [
            say(language, "board-duty", names=names)
        ]
    elif lines:
        lines.append(say(language, "board-nobody-on-duty"))
    return "\n".join(lines)


def _line(desk: Desk, level: Level, waiting: Sequence[Entry], now: int) -> str:
    received = [entry.waiting.received_hour for entry in waiting if entry.waiting.level is level]
    if not received:
        return ""
    name = desk.texts.say(desk.staff_language, f"level-{level}")
    return f"{MARKS[level]} {name}: {len(received)}, {waited(desk, min(received), now)}"


def _late(desk: Desk, late: Sequence[Entry]) -> list[str]:
    """How many have had no reply within their service level."""
    levels = [entry.waiting.level for entry in late]
    counted = [f"{MARKS[level]} {levels.count(level)}" for level in Level if level in levels]
    return [desk.texts.say(desk.staff_language, "board-late", counts=" · ".join(counted))] if counted else []
