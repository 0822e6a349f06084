"""The webhook over real HTTP: 200 only after the commit, and nobody gets in without the secret."""

from __future__ import annotations

import asyncio
import io
import json
import socket
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from bot import logs, webhook
from bot.lanes import Lanes
from bot.persistence import Persistence
from bot.webhook import Receiver, add_health, add_webhook, listening, serve_webhook
from intake.errors import SettingsError
from tests.bot.api_server import bot_api, text_update
from tests.bot.trouble import sick

SECRET = "s3cret_-" * 4
HEADER = "X-Telegram-Bot-Api-Secret-Token"


class Desk:
    """A turn that does what it is told, and the address it is reached at."""

    def __init__(self) -> None:
        self.done: list[int] = []
        self.failures = 0
        self.error: Exception = ValueError("Natalia, 77123")
        self.gate: asyncio.Event | None = None
        self.url = ""

    async def turn(self, update: dict[str, Any]) -> None:
        if self.gate:
            await self.gate.wait()
        if self.failures:
            self.failures -= 1
            raise self.error
        self.done.append(update["update_id"])

    async def post(self, update: Any = None, headers: dict[str, str] | None = None, raw: bytes = b"") -> int:
        body = raw or json.dumps(update).encode()
        given = {HEADER: SECRET} if headers is None else headers
        async with (
            aiohttp.ClientSession() as client,
            client.post(self.url + "/hook", data=body, headers=given) as answer,
        ):
            return answer.status


@pytest.fixture
async def desk(patient: Persistence) -> AsyncIterator[Desk]:
    desk = Desk()
    app = web.Application(client_max_size=webhook.MAX_BODY)
    add_health(app)
    add_webhook(app, Receiver(desk.turn, Lanes(), patient, SECRET), path="/hook")
    async with listening(app, "127.0.0.1", 0) as port:
        desk.url = f"http://127.0.0.1:{port}"
        yield desk


async def test_200_comes_only_after_the_commit(desk: Desk) -> None:
    desk.gate = asyncio.Event()
    answer = asyncio.create_task(desk.post(text_update(1, 7)))
    await asyncio.sleep(0.1)
    assert not answer.done()
    desk.gate.set()
    assert await answer == 200
    assert desk.done == [1]


async def test_a_failed_turn_is_delivered_again_and_given_up_in_the_end(desk: Desk) -> None:
    stream = io.StringIO()
    logs.configure("json", "DEBUG", stream)
    desk.failures = 1
    assert [await desk.post(text_update(1, 7)) for _ in range(2)] == [500, 200]
    desk.failures = 100
    answers = [await desk.post(text_update(2, 7)) for _ in range(webhook.MOST_FAILURES + 1)]
    assert answers == [500] * webhook.MOST_FAILURES + [200]
    assert stream.getvalue().count("an update was given up") == 1
    assert "77123" not in stream.getvalue()


async def test_while_the_database_is_sick_nothing_is_given_up_however_often_it_comes(desk: Desk) -> None:
    stream = io.StringIO()
    logs.configure("json", "DEBUG", stream)
    desk.failures, desk.error = 40, sick()
    answers = [await desk.post(text_update(1, 7)) for _ in range(41)]
    assert answers == [500] * 40 + [200]
    assert desk.done == [1]
    said = stream.getvalue()
    assert "given up" not in said
    assert said.count("the database can't be used") == said.count("the database can be used again") == 1
    assert "Traceback" not in said
    assert "where" not in said


@pytest.mark.parametrize(
    "headers", [{}, {HEADER: "wrong"}, {HEADER: ""}, {HEADER: "секрет"}, {HEADER: SECRET + "x"}]
)
async def test_without_the_secret_nobody_gets_in(desk: Desk, headers: dict[str, str]) -> None:
    assert await desk.post(text_update(1, 7), headers=headers) == 403
    assert desk.done == []


async def test_a_secret_of_bytes_that_are_no_text_is_refused_not_a_failure(desk: Desk) -> None:
    host, port = desk.url.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(b"POST /hook HTTP/1.1\r\nHost: x\r\n" + HEADER.encode() + b": \xff\xfe\r\n")
    writer.write(b"Content-Length: 2\r\nConnection: close\r\n\r\n{}")
    status = await asyncio.wait_for(reader.readline(), 5)
    writer.close()
    assert b" 403 " in status


async def test_where_a_call_claims_to_come_from_changes_nothing(desk: Desk) -> None:
    claim = {"X-Forwarded-For": "149.154.167.220"}
    assert await desk.post(text_update(1, 7), headers=claim) == 403
    assert await desk.post(text_update(1, 7), headers={HEADER: SECRET, "X-Forwarded-For": "10.0.0.1"}) == 200


@pytest.mark.parametrize("raw", [b"{", b"\xff", b"[" * 200_000, b"9" * 10_000, b"null", b"[]", b"{}"])
async def test_what_is_no_update_is_a_bad_request(desk: Desk, raw: bytes) -> None:
    assert await desk.post(raw=raw) == 400
    assert desk.done == []


async def test_a_body_over_the_limit_is_refused(desk: Desk) -> None:
    assert await desk.post(raw=b" " * (webhook.MAX_BODY + 1)) == 413


async def test_one_chat_keeps_its_order(desk: Desk) -> None:
    desk.gate = asyncio.Event()
    posts = []
    for update_id in (1, 2, 3):
        posts.append(asyncio.create_task(desk.post(text_update(update_id, 7))))
        await asyncio.sleep(0.05)
    desk.gate.set()
    assert await asyncio.gather(*posts) == [200, 200, 200]
    assert desk.done == [1, 2, 3]


async def test_health_answers_and_tells_nothing(desk: Desk) -> None:
    async with aiohttp.ClientSession() as client, client.get(desk.url + "/health") as answer:
        assert (answer.status, await answer.text()) == (200, "ok\n")


async def test_a_taken_port_is_one_clear_line() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(SettingsError, match=f"POSTERN_LISTEN: can't listen on 127.0.0.1:{port}"):
            async with listening(web.Application(), "127.0.0.1", port):
                pass


async def test_the_webhook_is_announced_with_its_secret_and_taken_down_cleanly(patient: Persistence) -> None:
    stop = asyncio.Event()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    desk = Desk()
    url = f"http://127.0.0.1:{port}/hook"
    async with bot_api() as (server, telegram):
        serving = asyncio.create_task(
            serve_webhook(
                telegram,
                desk.turn,
                Lanes(),
                stop,
                patient,
                url=url,
                secret=SECRET,
                host="127.0.0.1",
                port=port,
            )
        )
        async with asyncio.timeout(5):
            while "setWebhook" not in server.methods():  # noqa: ASYNC110 - it happens beyond HTTP
                await asyncio.sleep(0.01)
        announced = server.calls[0][1]
        assert announced["url"] == url
        assert announced["secret_token"] == SECRET
        assert announced["max_connections"] == webhook.MAX_CONNECTIONS
        desk.url = f"http://127.0.0.1:{port}"
        assert await desk.post(text_update(1, 7)) == 200
        stop.set()
        await asyncio.wait_for(serving, 5)


async def test_an_address_that_telegram_refuses_is_one_clear_line(patient: Persistence) -> None:
    async with bot_api() as (server, telegram):
        server.fail("setWebhook", 400, "Bad Request: bad webhook: HTTPS url must be provided for webhook")
        with pytest.raises(SettingsError, match="POSTERN_WEBHOOK_URL"):
            await serve_webhook(
                telegram,
                Desk().turn,
                Lanes(),
                asyncio.Event(),
                patient,
                url="https://x.example/hook",
                secret=SECRET,
                host="127.0.0.1",
                port=0,
            )
