"""Delivery: order, flood control, outages, superseded edits, chats that are gone."""

from __future__ import annotations

import asyncio
from collections import defaultdict, deque
from dataclasses import dataclass, field

from bot.pace import Pace
from bot.postman import Postman, Reports
from bot.telegram_errors import Gone, Moved, Refused, TelegramError, TryLater, Unreachable
from handlers.outgoing import Answer, Delete, Edit, Outgoing, Send


@dataclass
class Result:
    message_id: int | None = None


@dataclass
class Line:
    """The far end of the wire: says what it was told to say, and keeps what it took."""

    errors: defaultdict[int, deque[Exception]] = field(default_factory=lambda: defaultdict(deque))
    """By chat (answers: 0), for the next calls."""
    taken: list[Outgoing] = field(default_factory=list)
    tries: int = 0
    slow: float = 0.0

    async def call(self, outgoing: Outgoing) -> Result:
        self.tries += 1
        await asyncio.sleep(self.slow)
        chat = 0 if isinstance(outgoing, Answer) else outgoing.chat
        if self.errors[chat]:
            raise self.errors[chat].popleft()
        self.taken.append(outgoing)
        return Result(len(self.taken) if isinstance(outgoing, Send) else None)


@dataclass
class Book:
    """Every report, as it came."""

    sent: list[tuple[Outgoing, int | None]] = field(default_factory=list)
    failed: list[tuple[Outgoing, str]] = field(default_factory=list)
    gone: list[tuple[int, str]] = field(default_factory=list)
    moved: list[tuple[int, int]] = field(default_factory=list)

    def reports(self) -> Reports:
        async def sent(outgoing: Outgoing, message_id: int | None) -> None:
            self.sent.append((outgoing, message_id))

        async def failed(outgoing: Outgoing, reason: str) -> None:
            self.failed.append((outgoing, reason))

        async def gone(chat: int, why: str) -> None:
            self.gone.append((chat, why))

        async def moved(old: int, new: int) -> None:
            self.moved.append((old, new))

        return Reports(sent, failed, gone, moved)


def texts(taken: list[Outgoing]) -> list[str]:
    return [one.text for one in taken if isinstance(one, Send | Edit | Answer)]


async def test_a_chat_gets_its_messages_in_order_and_their_ids_are_reported() -> None:
    line, book = Line(slow=0.005), Book()
    postman = Postman(line.call, book.reports())
    postman.post(7, [Send(7, "1", note="n1"), Edit(7, 1, "2")])
    postman.post(7, [Send(7, "3")])
    assert await postman.drain(2) == 0
    assert texts(line.taken) == ["1", "2", "3"]
    assert [message_id for _, message_id in book.sent] == [1, None, 3]
    first = book.sent[0][0]
    assert isinstance(first, Send)
    assert first.note == "n1"


async def test_flood_control_in_one_chat_holds_up_no_other() -> None:
    line = Line()
    line.errors[7].append(TryLater(0.3))
    postman = Postman(line.call)
    postman.post(7, [Send(7, "a"), Send(7, "b")])
    postman.post(8, [Send(8, "c")])
    assert await postman.drain(2) == 0
    assert texts(line.taken) == ["c", "a", "b"]


async def test_an_outage_is_tried_again_and_given_up_after_a_while() -> None:
    line, book = Line(), Book()
    line.errors[7].extend([Unreachable(), Unreachable()])
    line.errors[8].extend([Unreachable()] * 4)
    postman = Postman(line.call, book.reports(), back_off=(0.01, 0.02, 0.03))
    postman.post(7, [Send(7, "comes through")])
    postman.post(8, [Send(8, "given up"), Send(8, "next")])
    assert await postman.drain(2) == 0
    assert sorted(texts(line.taken)) == ["comes through", "next"]
    assert [reason for _, reason in book.failed] == ["unreachable"]


async def test_a_queued_edit_gives_way_to_a_later_one_of_the_same_message() -> None:
    line = Line(slow=0.02)
    postman = Postman(line.call)
    postman.post(7, [Edit(7, 1, "old 0")])
    await asyncio.sleep(0.01)  # on its way: what follows is queued
    postman.post(7, [Edit(7, 1, "old 1"), Edit(7, 2, "other")])
    postman.post(7, [Edit(7, 1, "new")])
    assert await postman.drain(2) == 0
    assert texts(line.taken) == ["old 0", "new", "other"]


async def test_an_edit_waiting_out_flood_control_gives_way_too() -> None:
    line = Line()
    line.errors[7].append(TryLater(0.1))
    postman = Postman(line.call)
    postman.post(7, [Edit(7, 1, "old")])
    await asyncio.sleep(0.05)
    postman.post(7, [Edit(7, 1, "new")])
    assert await postman.drain(2) == 0
    assert texts(line.taken) == ["new"]


async def test_a_press_is_answered_while_its_chat_is_held_up() -> None:
    line = Line()
    line.errors[7].append(TryLater(60))
    postman = Postman(line.call)
    postman.post(7, [Send(7, "held up"), Answer("q", "seen")])
    await asyncio.sleep(0.05)
    assert texts(line.taken) == ["seen"]
    assert await postman.drain(0) == 1


async def test_a_press_is_not_answered_late() -> None:
    line = Line()
    line.errors[0].append(TryLater(11))
    postman = Postman(line.call)
    postman.post(7, [Answer("q", "too late")])
    await asyncio.sleep(0.05)
    assert line.tries == 1
    await postman.drain(0)
    assert line.taken == []


async def test_a_chat_that_is_gone_is_reported_once_and_its_queue_dropped() -> None:
    line, book = Line(), Book()
    line.errors[7].append(Gone())
    postman = Postman(line.call, book.reports())
    postman.post(7, [Send(7, "a"), Send(7, "b"), Delete(7, (1,))])
    assert await postman.drain(2) == 0
    assert book.gone == [(7, "blocked")]
    assert line.tries == 1


async def test_a_group_that_moved_gets_its_messages_under_its_new_id() -> None:
    line, book = Line(), Book()
    line.errors[-7].append(Moved(-1007))
    postman = Postman(line.call, book.reports())
    postman.post(-7, [Send(-7, "a"), Send(-7, "b")])
    assert await postman.drain(2) == 0
    assert [one.chat for one in line.taken if isinstance(one, Send)] == [-1007, -1007]
    assert book.moved == [(-7, -1007)]


async def test_what_is_refused_is_reported_and_the_queue_goes_on() -> None:
    line, book = Line(), Book()
    line.errors[7].extend([Refused("missing"), ValueError("a fault of ours"), TelegramError()])
    postman = Postman(line.call, book.reports())
    postman.post(7, [Edit(7, 1, "a"), Send(7, "b"), Send(7, "c"), Send(7, "d")])
    assert await postman.drain(2) == 0
    assert [reason for _, reason in book.failed] == ["missing", "error", "error"]
    assert texts(line.taken) == ["d"]


async def test_a_report_that_fails_stops_nothing() -> None:
    async def fails(*_: object) -> None:
        raise KeyError

    line = Line()
    postman = Postman(line.call, Reports(sent=fails))
    postman.post(7, [Send(7, "a"), Send(7, "b")])
    assert await postman.drain(2) == 0
    assert texts(line.taken) == ["a", "b"]


async def test_groups_get_no_more_messages_a_minute_than_allowed_but_deletions_pass() -> None:
    line = Line()
    postman = Postman(line.call, per_minute_in_group=2)
    postman.post(-7, [Send(-7, "1"), Send(-7, "2"), Delete(-7, (1,)), Send(-7, "3")])
    postman.post(7, [Send(7, str(number)) for number in range(4)])
    await asyncio.sleep(0.1)
    assert [type(one).__name__ for one in line.taken if not isinstance(one, Answer) and one.chat == -7] == [
        "Send",
        "Send",
        "Delete",
    ]
    assert len(line.taken) == 7
    assert await postman.drain(0) == 1


async def test_overall_no_more_calls_a_second_than_allowed() -> None:
    line = Line()
    postman = Postman(line.call, per_second=5)
    for chat in range(1, 13):
        postman.post(chat, [Send(chat, "x")])
    await asyncio.sleep(0.3)
    assert len(line.taken) == 5
    await postman.drain(0)


async def test_a_pace_lets_pass_exactly_its_limit_in_any_period() -> None:
    pace = Pace(2, 10)
    waits = [round(pace.take()) for _ in range(6)]
    assert waits == [0, 0, 10, 10, 20, 20]
