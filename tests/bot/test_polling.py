"""Polling against a real HTTP server: nothing is confirmed before it is committed, nothing blocks for ever."""

from __future__ import annotations

import asyncio
import io
from collections.abc import Callable
from typing import Any

import pytest

from bot import outage, polling
from bot.lanes import Lanes
from bot.persistence import Persistence
from bot.polling import poll
from bot.telegram import Telegram
from intake.errors import SettingsError
from tests.bot.api_server import ApiServer, text_update
from tests.bot.background import WITHIN

Api = tuple[ApiServer, Telegram]


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(polling, "STOP_WITHIN", 0.3)
    monkeypatch.setattr(polling, "NOTHING_NEW", 0.05)


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(WITHIN):
        while not condition():  # noqa: ASYNC110 - what is waited for happens on the other side of HTTP
            await asyncio.sleep(0.01)


async def stopped(polling_task: asyncio.Task[None], stop: asyncio.Event) -> None:
    stop.set()
    await asyncio.wait_for(polling_task, WITHIN)


async def test_an_update_is_confirmed_only_after_its_turn_is_committed(
    api: Api, patient: Persistence
) -> None:
    server, telegram = api
    stop, commit = asyncio.Event(), asyncio.Event()

    async def turn(_: dict[str, Any]) -> None:
        await commit.wait()

    server.put(text_update(5, 7))
    task = asyncio.create_task(poll(telegram, turn, Lanes(), stop, patient))
    await until(lambda: "getUpdates" in server.methods())
    await asyncio.sleep(0.1)
    assert server.confirmed <= 5  # what came before it
    commit.set()
    await until(lambda: server.confirmed == 6)
    assert server.methods()[0] == "deleteWebhook"
    await stopped(task, stop)


async def test_one_chat_keeps_its_order_while_others_go_ahead(api: Api, patient: Persistence) -> None:
    server, telegram = api
    stop, log = asyncio.Event(), list[int]()

    async def turn(update: dict[str, Any]) -> None:
        await asyncio.sleep(0.1 if update["message"]["chat"]["id"] == 7 else 0)
        log.append(update["update_id"])

    server.put(text_update(1, 7), text_update(2, 7), text_update(3, 8), text_update(4, 9))
    task = asyncio.create_task(poll(telegram, turn, Lanes(), stop, patient))
    await until(lambda: len(log) == 4)
    await stopped(task, stop)
    assert log == [3, 4, 1, 2]


async def test_a_poison_update_is_tried_again_then_given_up(
    api: Api, patient: Persistence, log: io.StringIO
) -> None:
    server, telegram = api
    stop, tries = asyncio.Event(), list[int]()

    async def turn(update: dict[str, Any]) -> None:
        tries.append(update["update_id"])
        if update["update_id"] == 1:
            raise ValueError("Natalia, 77123")

    server.put(text_update(1, 7), text_update(2, 7))
    task = asyncio.create_task(poll(telegram, turn, Lanes(), stop, patient))
    await until(lambda: server.confirmed == 3)
    await stopped(task, stop)
    assert tries == [1, 1, 1, 2]
    assert log.getvalue().count("an update was given up") == 1
    assert "ValueError" in log.getvalue()
    assert "77123" not in log.getvalue()


async def test_a_turn_that_fails_once_succeeds_when_it_is_tried_again(
    api: Api, patient: Persistence, log: io.StringIO
) -> None:
    server, telegram = api
    stop, tries = asyncio.Event(), list[int]()

    async def turn(update: dict[str, Any]) -> None:
        tries.append(update["update_id"])
        if len(tries) == 1:
            raise OSError

    server.put(text_update(1, 7))
    task = asyncio.create_task(poll(telegram, turn, Lanes(), stop, patient))
    await until(lambda: server.confirmed == 2)
    await stopped(task, stop)
    assert tries == [1, 1]
    assert "given up" not in log.getvalue()


async def test_what_is_no_update_costs_nothing_else(api: Api, patient: Persistence) -> None:
    server, telegram = api
    stop, seen = asyncio.Event(), list[int]()

    async def turn(update: dict[str, Any]) -> None:
        seen.append(update["update_id"])

    server.put({"update_id": 4, "message": [1]}, text_update(5, 7))
    task = asyncio.create_task(poll(telegram, turn, Lanes(), stop, patient))
    await until(lambda: server.confirmed == 6)
    await stopped(task, stop)
    assert seen == [4, 5]


async def test_stopping_finishes_and_confirms_the_turns_under_way(api: Api, patient: Persistence) -> None:
    server, telegram = api
    stop, begun = asyncio.Event(), asyncio.Event()

    async def turn(_: dict[str, Any]) -> None:
        begun.set()
        await asyncio.sleep(0.1)

    server.put(text_update(1, 7))
    task = asyncio.create_task(poll(telegram, turn, Lanes(), stop, patient))
    await begun.wait()
    await stopped(task, stop)
    assert server.confirmed == 2
    assert server.calls[-1][1] | {"allowed_updates": []} == {
        "offset": 2,
        "timeout": 0,
        "limit": 1,
        "allowed_updates": [],
    }


async def test_stopping_confirms_nothing_behind_a_turn_that_is_not_done(
    api: Api, patient: Persistence
) -> None:
    server, telegram = api
    stop, done = asyncio.Event(), list[int]()

    async def turn(update: dict[str, Any]) -> None:
        if update["update_id"] == 2:
            await asyncio.sleep(60)
        done.append(update["update_id"])

    server.put(text_update(1, 7), text_update(2, 8), text_update(3, 9))
    lanes = Lanes()
    task = asyncio.create_task(poll(telegram, turn, lanes, stop, patient))
    await until(lambda: done == [1, 3])
    await stopped(task, stop)
    assert server.confirmed == 2
    await lanes.drain(0)


async def test_stopping_interrupts_a_waiting_fetch(api: Api, patient: Persistence) -> None:
    server, telegram = api
    stop = asyncio.Event()

    async def turn(_: dict[str, Any]) -> None: ...

    task = asyncio.create_task(poll(telegram, turn, Lanes(), stop, patient))
    await until(lambda: "getUpdates" in server.methods())
    stop.set()
    await asyncio.wait_for(task, 1)


async def test_an_outage_is_said_once_when_it_begins_and_once_when_it_ends(
    api: Api, patient: Persistence, log: io.StringIO
) -> None:
    server, telegram = api
    stop, seen = asyncio.Event(), list[int]()

    async def turn(update: dict[str, Any]) -> None:
        seen.append(update["update_id"])

    server.fail("getUpdates", 502, times=3)
    server.answers["getUpdates"].append("drop")
    server.put(text_update(1, 7))
    task = asyncio.create_task(poll(telegram, turn, Lanes(), stop, patient, back_off=(0.01,)))
    await until(lambda: seen == [1])
    await stopped(task, stop)
    assert log.getvalue().count("can't be reached") == 1
    assert log.getvalue().count("can be reached again") == 1


async def test_another_poller_is_named_as_the_cause(api: Api, patient: Persistence, log: io.StringIO) -> None:
    server, telegram = api
    stop = asyncio.Event()

    async def turn(_: dict[str, Any]) -> None: ...

    server.fail("getUpdates", 409, "Conflict: terminated by other getUpdates request", times=2)
    task = asyncio.create_task(poll(telegram, turn, Lanes(), stop, patient, back_off=(0.01,)))
    await until(lambda: "reached again" in log.getvalue() or server.methods().count("getUpdates") >= 3)
    await stopped(task, stop)
    assert log.getvalue().count("another program fetches this bot's updates") == 1


async def test_a_refused_token_ends_polling_with_one_clear_line(api: Api, patient: Persistence) -> None:
    server, telegram = api
    server.fail("getUpdates", 401, "Unauthorized")

    async def turn(_: dict[str, Any]) -> None: ...

    with pytest.raises(SettingsError, match="POSTERN_BOT_TOKEN"):
        await poll(telegram, turn, Lanes(), asyncio.Event(), patient)


async def test_work_unless_stopped_gives_its_result_or_is_cancelled() -> None:
    stop = asyncio.Event()
    assert await outage.unless_stopped(asyncio.sleep(0, "result"), stop) == "result"
    stop.set()
    assert await asyncio.wait_for(outage.unless_stopped(asyncio.sleep(60, "late"), stop), 1) is None


async def test_a_slow_turn_keeps_nobody_waiting_who_writes_meanwhile(api: Api, patient: Persistence) -> None:
    server, telegram = api
    stop, commit, begun = asyncio.Event(), asyncio.Event(), list[int]()

    async def turn(update: dict[str, Any]) -> None:
        begun.append(update["update_id"])
        if update["update_id"] == 5:
            await commit.wait()

    server.put(text_update(5, 7))
    task = asyncio.create_task(poll(telegram, turn, Lanes(), stop, patient))
    await until(lambda: begun == [5])
    server.put(text_update(6, 8))
    await until(lambda: begun == [5, 6])
    assert server.confirmed <= 5
    commit.set()
    await until(lambda: server.confirmed == 7)
    await stopped(task, stop)
