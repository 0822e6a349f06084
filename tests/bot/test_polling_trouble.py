"""Polling while the database is sick, or an update is poisonous: nothing is lost, and nothing blocks the rest."""

from __future__ import annotations

import asyncio
import io
from pathlib import Path
from typing import Any

import pytest

from bot import polling
from bot.lanes import Lanes
from bot.persistence import Persistence
from bot.polling import poll
from bot.states import State
from bot.telegram import Telegram
from intake.errors import Tampered, WrongKey
from storage import given_up
from tests.bot.api_server import ApiServer, text_update
from tests.bot.test_polling import stopped, until
from tests.bot.trouble import persistence, sick
from tests.handlers.desk import make_world

Api = tuple[ApiServer, Telegram]


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(polling, "STOP_WITHIN", 0.3)
    monkeypatch.setattr(polling, "NOTHING_NEW", 0.05)


async def test_a_database_that_is_sick_for_longer_than_any_retries_loses_nothing(
    api: Api, patient: Persistence, log: io.StringIO
) -> None:
    server, telegram = api
    stop, done, tries = asyncio.Event(), list[int](), list[int]()
    healed = asyncio.Event()

    async def turn(update: dict[str, Any]) -> None:
        tries.append(update["update_id"])
        if not healed.is_set():
            raise sick()
        done.append(update["update_id"])

    server.put(*(text_update(number, number % 7) for number in range(1, 101)))
    task = asyncio.create_task(poll(telegram, turn, Lanes(), stop, patient))
    await until(lambda: tries.count(1) > 12)
    assert server.confirmed <= 1
    healed.set()
    await until(lambda: server.confirmed == 101)
    await stopped(task, stop)
    assert sorted(done) == list(range(1, 101))
    assert all(sorted(own) == own for own in ([n for n in done if n % 7 == chat] for chat in range(7)))
    said = log.getvalue()
    assert "given up" not in said
    assert said.count("the database can't be used: updates wait") == 1
    assert said.count("the database can be used again") == 1
    assert "where" not in said, "no traceback for what is nobody's defect"


async def test_while_everything_waits_for_the_database_nothing_is_asked_for_in_vain(
    api: Api, patient: Persistence, monkeypatch: pytest.MonkeyPatch
) -> None:
    server, telegram = api
    stop, tries = asyncio.Event(), list[int]()
    monkeypatch.setattr(polling, "NOTHING_WORKS", 60.0)
    monkeypatch.setattr(
        polling, "NOTHING_NEW", 0.0
    )  # how often it is asked until it is known that nothing works

    async def turn(update: dict[str, Any]) -> None:
        tries.append(update["update_id"])
        raise sick()

    server.put(text_update(1, 7), text_update(2, 8))
    task = asyncio.create_task(poll(telegram, turn, Lanes(), stop, patient))
    await until(lambda: State.DATABASE in patient.states)
    asked = server.methods().count("getUpdates")
    tries.clear()
    await until(lambda: len(tries) > 200)
    more = server.methods().count("getUpdates") - asked
    await stopped(task, stop)
    assert more <= 1, "one may have been on its way"
    assert server.confirmed <= 1


async def test_one_that_has_to_be_tried_again_holds_up_no_other_chat_and_is_not_run_twice(
    api: Api, patient: Persistence
) -> None:
    server, telegram = api
    stop, done, go = asyncio.Event(), list[int](), asyncio.Event()

    async def turn(update: dict[str, Any]) -> None:
        if update["update_id"] == 1:
            await go.wait()
        done.append(update["update_id"])

    server.put(text_update(1, 7))
    task = asyncio.create_task(poll(telegram, turn, Lanes(), stop, patient))
    for number in range(2, 30):
        server.put(text_update(number, 100 + number))
        await until(lambda number=number: done[-1:] == [number])  # type: ignore[misc]
    assert server.confirmed <= 1
    server.put(text_update(30, 7))
    await until(lambda: server.methods().count("getUpdates") > 10)
    assert 30 not in done, "the same chat keeps its order"
    go.set()
    await until(lambda: server.confirmed == 31)
    await stopped(task, stop)
    assert sorted(done) == list(range(1, 31))


async def test_a_poisonous_update_is_counted_and_the_next_go_on_although_another_chat_waits(
    tmp_path: Path, api: Api
) -> None:
    server, telegram = api
    stop, done = asyncio.Event(), list[int]()

    async def turn(update: dict[str, Any]) -> None:
        if update["update_id"] == 1:
            raise Tampered("a damaged row")
        done.append(update["update_id"])

    async with make_world(tmp_path) as world:
        suspected: list[int] = []
        patient = persistence(world, suspect=lambda: suspected.append(0))
        server.put(text_update(1, 7), text_update(2, 7), text_update(3, 8))
        task = asyncio.create_task(poll(telegram, turn, Lanes(), stop, patient))
        await until(lambda: server.confirmed == 4)
        await stopped(task, stop)
        assert sorted(done) == [2, 3]
        assert await world.read(lambda tx: given_up.lately(tx, world.now)) == {"update": 1}
        assert len(suspected) == 3, "what is damaged is looked for"


async def test_when_nothing_can_be_written_at_all_no_update_is_given_up_whatever_the_error(
    api: Api, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Such as a server key that was exchanged, and is not the one this service knows."""
    server, telegram = api
    stop, tries, done = asyncio.Event(), list[int](), list[int]()
    async with make_world(tmp_path) as world:
        write, healed = world.desk.db.write, asyncio.Event()

        async def unable(*given: Any, **more: Any) -> Any:
            if not healed.is_set():
                raise WrongKey("another key")
            return await write(*given, **more)

        monkeypatch.setattr(world.desk.db, "write", unable)

        async def turn(update: dict[str, Any]) -> None:
            tries.append(update["update_id"])
            await world.write(lambda _: None)
            done.append(update["update_id"])

        server.put(text_update(1, 7))
        task = asyncio.create_task(poll(telegram, turn, Lanes(), stop, persistence(world)))
        await until(lambda: len(tries) > 10)
        assert server.confirmed <= 1
        healed.set()
        await until(lambda: server.confirmed == 2)
        await stopped(task, stop)
        assert done == [1]


async def test_after_everything_is_confirmed_no_offset_is_insisted_on(
    api: Api, patient: Persistence, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After a quiet week Telegram numbers updates anew: a smaller number must not count as confirmed."""
    monkeypatch.setattr(polling, "POLL_SECONDS", 1)
    server, telegram = api
    stop, done = asyncio.Event(), list[int]()

    async def turn(update: dict[str, Any]) -> None:
        done.append(update["update_id"])

    server.put(text_update(1_000, 7))
    task = asyncio.create_task(poll(telegram, turn, Lanes(), stop, patient))
    await until(lambda: server.confirmed == 1_001)
    await until(lambda: "offset" not in server.calls[-1][1])
    await stopped(task, stop)


async def test_the_same_defect_is_told_with_its_place_once_for_many_updates(
    api: Api, patient: Persistence, log: io.StringIO
) -> None:
    server, telegram = api
    stop, tries = asyncio.Event(), list[int]()

    async def turn(update: dict[str, Any]) -> None:
        tries.append(update["update_id"])
        raise ValueError("Natalia, 77123")

    server.put(*(text_update(number, number) for number in range(1, 60)))
    task = asyncio.create_task(poll(telegram, turn, Lanes(), stop, patient))
    await until(lambda: server.confirmed == 60)
    await stopped(task, stop)
    assert len(tries) == 3 * 59
    assert log.getvalue().count('"a turn failed"') == 1
    assert "77123" not in log.getvalue()
