"""A degraded state is told when it begins and when it ends; a defect once in a while; and nothing of it each time."""

from __future__ import annotations

import io
import json

import pytest

from bot.calls import Calls
from bot.counts import Counts
from bot.seldom import AGAIN_SECONDS, Seldom
from bot.states import State, States
from bot.telegram_errors import Gone, Refused, TelegramError, TryLater, Unreachable
from handlers.outgoing import Outgoing, Send
from tests.bot.background import Done
from tests.bot.trouble import AT_ONCE


def lines(log: io.StringIO) -> list[str]:
    return [json.loads(line)["event"] for line in log.getvalue().splitlines()]


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.mark.parametrize("state", State)
def test_each_state_is_told_once_when_it_begins_and_once_when_it_ends(state: State, log: io.StringIO) -> None:
    states = States(AT_ONCE)
    states.end(state)
    assert lines(log) == []
    for _ in range(1_000):
        states.begin(state, "SQLITE_FULL")
    assert state in states
    for _ in range(1_000):
        states.end(state)
    assert state not in states
    begins, ends = lines(log)
    assert begins != ends
    assert '"kind": "SQLITE_FULL"' in log.getvalue()


def test_what_comes_and_goes_is_one_state(log: io.StringIO) -> None:
    clock = Clock()
    states = States(dict.fromkeys(State, 60.0), clock)
    for _ in range(50):
        states.begin(State.FLOOD)
        clock.now += 10
        states.end(State.FLOOD)
    assert len(lines(log)) == 1
    clock.now += 50
    states.end(State.FLOOD)
    assert len(lines(log)) == 2


async def test_calls_tell_how_telegram_is(log: io.StringIO) -> None:
    states, counts, fails = States(AT_ONCE), Counts(), list[TelegramError]()

    async def call(_: Outgoing) -> Done:
        if fails:
            raise fails.pop()
        return Done(1)

    calls = Calls(call, states, counts)
    for error, state in ((TryLater(3), State.FLOOD), (Unreachable(), State.TELEGRAM)):
        for answer in (None, Gone(), Refused("other")):
            fails += [error] * 5
            for _ in range(5):
                with pytest.raises(type(error)):
                    await calls(Send(1, ""))
            assert state in states
            if answer is None:
                await calls(Send(1, ""))
            else:  # a refusal is an answer, too
                fails.append(answer)
                with pytest.raises(type(answer)):
                    await calls(Send(1, ""))
            assert state not in states
    assert len(lines(log)) == 12
    assert (counts.slowed_down, counts.unreachable) == (15, 15)


def _fail(where: int) -> BaseException:
    try:
        dict[int, int]()[where]
    except KeyError as error:
        return error
    raise AssertionError


def test_the_same_defect_is_told_once_in_ten_minutes_and_another_at_once() -> None:
    clock = Clock()
    seldom = Seldom(clock)
    assert [seldom.is_due(_fail(1)) for _ in range(100)] == [True] + [False] * 99
    assert seldom.is_due(KeyError()), "from another place"
    clock.now += AGAIN_SECONDS
    assert seldom.is_due(_fail(1))
    for number in range(1_000):  # types without end must not fill the memory
        seldom.is_due(type(f"Error{number}", (Exception,), {})())
    assert len(seldom._told) <= 100
