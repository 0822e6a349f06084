"""Hell at the webhook: damaged HTTP and updates are refused, never with a 500 or a trace; the sane are served."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from bot import webhook
from bot.lanes import Lanes
from tests.bot.api_server import text_update
from tests.bot.trouble import persistence
from tests.handlers.desk import World, make_world
from tests.hell.at_service import check_log, hell, introduce, memory
from tests.hell.raw_http import CLOSED, request, send
from tests.service.town import SECRET, Town

pytestmark = pytest.mark.asyncio(loop_scope="session")
TOKEN = "X_Telegram_Bot_Api_Secret_Token"
KNOWN: dict[str, Any] = {TOKEN: SECRET}


def _secret(value: str | bytes) -> dict[str, Any]:
    return {TOKEN: value}


UPDATE = json.dumps(text_update(1, 5)).encode()
BIG = 10 * 1024 * 1024
MOST_GROWTH = 64 * 1024 * 1024
"""Bytes that the service may have needed at its worst moment, over what it needed before."""


def _chunked(body: bytes) -> bytes:
    return request(body=body, Content_Length=None, Transfer_Encoding="chunked", **KNOWN)


STRANGE: dict[str, tuple[bytes, set[int]]] = {
    "no secret": (request(body=UPDATE), {403}),
    "a wrong secret": (request(body=UPDATE, **_secret("wrong")), {403}),
    "an empty secret": (request(body=UPDATE, **_secret("")), {403}),
    "half the secret": (request(body=UPDATE, **_secret(SECRET[:-1])), {403}),
    "a secret in Cyrillic": (request(body=UPDATE, **_secret("секрет")), {403}),
    "a secret of bytes that are no text": (request(body=UPDATE, **_secret(b"\xff\xfe\x80")), {403}),
    "a secret with a zero byte": (request(body=UPDATE, **_secret(b"a\0b")), {400, 403}),
    "two secrets": (request(body=UPDATE, **_secret("wrong\r\nX-Telegram-Bot-Api-Secret-Token: " + SECRET)), {400, 403}),
    "the secret in the address": (request(f"/telegram?secret={SECRET}", UPDATE), {403}),
    "a claim to be Telegram": (request(body=UPDATE, X_Forwarded_For="149.154.167.220"), {403}),
    "a forged address, and the secret": (request(body=b"{}", X_Forwarded_For="'; --\t<script>", **KNOWN), {400}),
    "no body": (request(**KNOWN), {400}),
    "half of JSON": (request(body=UPDATE[:-9], **KNOWN), {400}),
    "bytes that are no text": (request(body=b"\xff\xfe{}", **KNOWN), {400}),
    "UTF-16": (request(body='{"update_id": 1}'.encode("utf-16"), **KNOWN), {200, 400}),
    "another charset's name": (request(body=b"{}", Content_Type="application/json; charset=klingon", **KNOWN), {400}),
    "nothing but brackets": (request(body=b"[" * 500_000, **KNOWN), {400}),
    "nested objects": (request(body=b'{"a":' * 100_000 + b"1" + b"}" * 100_000, **KNOWN), {400}),
    "a huge number": (request(body=b'{"update_id": ' + b"9" * 100_000 + b"}", **KNOWN), {400}),
    "no update": (request(body=b'{"update_id": null, "message": {}}', **KNOWN), {400}),
    "an update of nothing": (request(body=b'{"update_id": 7}', **KNOWN), {200}),
    "a form": (request(body=b"update_id=1", Content_Type="application/x-www-form-urlencoded", **KNOWN), {400}),
    "a compressed body": (request(body=b"\x1f\x8b" + b"\0" * 100, Content_Encoding="gzip", **KNOWN), {400}),
    "a length that is a word": (request(body=UPDATE, Content_Length="many", **KNOWN), {400}),
    "a negative length": (request(body=UPDATE, Content_Length="-1", **KNOWN), {400}),
    "a length beyond counting": (request(body=UPDATE, Content_Length="9" * 30, **KNOWN), {400, 413}),
    "two lengths": (request(body=UPDATE, Content_Length="5\r\nContent-Length: 6", **KNOWN), {400}),
    "a length and chunks": (request(body=b"0\r\n\r\n", Transfer_Encoding="chunked", **KNOWN), {400}),
    "too short a length": (request(body=UPDATE, Content_Length="10", **KNOWN), {400}),
    "chunks that are none": (_chunked(b"zz\r\nhello\r\n0\r\n\r\n"), {400}),
    "a chunk shorter than it says": (_chunked(b"5\r\nhello world\r\n0\r\n\r\n"), {400}),
    "10 MB, said": (request(body=b" " * BIG, **KNOWN), {413, CLOSED}),
    "10 MB from a stranger": (request(body=b" " * BIG), {403, CLOSED}),
    "an unknown way to say it": (request(body=UPDATE, method="BREW", **KNOWN), {400, 405}),
    "GET": (request(method="GET", **KNOWN), {405}),
    "PUT": (request(body=UPDATE, method="PUT", **KNOWN), {405}),
    "another path": (request("/telegram/", UPDATE, **KNOWN), {404}),
    "a path upwards": (request("/../../etc/passwd", method="GET"), {404, 400}),
    "a path with a zero byte": (request("/%00", method="GET"), {404, 400}),
    "a path with half a character": (request("/%ff%fe", method="GET"), {404, 400}),
    "a path of 64 KB": (request("/" + "a" * 65_536, method="GET"), {400, 414}),
    "POST to health": (request("/health", UPDATE), {405}),
    "a header of 64 KB": (request(body=UPDATE, X_Long="a" * 65_536, **KNOWN), {400, 431}),
    "5,000 headers": (request(body=UPDATE, X_Many="a\r\n" + "\r\n".join(f"H{i}: x" for i in range(5_000))), {400, 431}),
    "a header folded": (request(body=UPDATE, X_Folded="a\r\n b"), {400, 403}),
    "a header without a name": (request(body=UPDATE, X_A="b\r\n: c"), {400}),
    "no HTTP": (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\0" * 200 + b"\r\n\r\n", {400, CLOSED}),
    "HTTP of the future": (b"POST /telegram HTTP/9.9\r\nHost: x\r\n\r\n", {400, 403, 505}),
    "an upgrade": (request("/health", method="GET", Connection="close, Upgrade", Upgrade="websocket"), {200, 400}),
    "100-continue": (request(body=UPDATE, Expect="100-continue"), {100, 403}),
    "an unknown expectation": (request(body=UPDATE, Expect="miracles", **KNOWN), {417}),
}  # fmt: skip


async def _healthy(town: Town) -> None:
    answer = await send(_port(town), request("/health", method="GET"))
    assert (answer.status, answer.body) == (200, b"ok\n")


def _port(town: Town) -> int:
    return int(town.place.settings["LISTEN"].rpartition(":")[2])


async def test_what_is_damaged_is_refused_without_a_word_too_much(webhook_town: Town) -> None:
    webhook_town.service.new_errors()
    wrong: dict[str, object] = {}
    for name, (data, expected) in STRANGE.items():
        answer = await send(_port(webhook_town), data)
        if answer.status not in expected or re.search(rb"Traceback|\.py|aiohttp|line \d", answer.body):
            wrong[name] = answer
        await _healthy(webhook_town)
    assert wrong == {}
    assert webhook_town.service.new_errors() == []


async def test_the_webhook_answers_whatever_comes_and_the_sane_are_served(webhook_town: Town) -> None:
    await introduce(webhook_town)
    webhook_town.service.new_errors()
    made = hell(32)
    half = len(made) // 2
    async with aiohttp.ClientSession() as client:
        statuses = await _posted(client, webhook_town, made[:half])
        before = memory(webhook_town)
        ann = await webhook_town.requester()
        walk = asyncio.create_task(ann.ask_for_help())
        statuses += await _posted(client, webhook_town, made[half:])
    assert (await walk).reference
    assert set(statuses) <= {200, 400, 413}
    assert statuses.count(200) > len(statuses) / 2
    assert memory(webhook_town) - before < MOST_GROWTH
    check_log(webhook_town)


async def _posted(client: aiohttp.ClientSession, town: Town, texts: list[str]) -> list[int]:
    """What each was answered, ten at a time."""
    at_once = asyncio.Semaphore(10)
    known = {TOKEN.replace("_", "-"): SECRET}

    async def post(text: str) -> int:
        url = town.place.settings["WEBHOOK_URL"]
        async with at_once, client.post(url, data=text.encode(), headers=known) as answer:
            assert not await answer.read()
            return answer.status

    return await asyncio.gather(*map(post, texts))


async def test_a_body_without_an_end_is_cut_off_and_costs_no_memory(webhook_town: Town) -> None:
    before = memory(webhook_town, "VmHWM")

    def endless() -> Iterator[bytes]:
        yield _chunked(b"")
        while True:
            yield b"10000\r\n" + b" " * 65_536 + b"\r\n"

    answer = await send(_port(webhook_town), endless())  # which ends when the connection is closed, or fails
    assert answer.status in {413, CLOSED}
    assert memory(webhook_town, "VmHWM") - before < MOST_GROWTH
    await _healthy(webhook_town)


async def test_many_half_requests_keep_nobody_else_from_being_served(webhook_town: Town) -> None:
    halves = [
        b"",
        b"POST /tele",
        b"POST /telegram HTTP/1.1\r\nHost: x\r\nX-Telegram-Bot-Api-Secret-Token: ",
        request(body=UPDATE, Content_Length="1000", **KNOWN),
        _chunked(b"ffff\r\nhello"),
    ]
    webhook_town.service.new_errors()
    writers = []
    for half in halves * 30:
        _, writer = await asyncio.open_connection("127.0.0.1", _port(webhook_town))
        writer.write(half)
        writers.append(writer)
    await _healthy(webhook_town)
    ann = await webhook_town.requester()
    await ann.begin()
    for writer in writers:
        writer.close()
    await _healthy(webhook_town)
    assert webhook_town.service.new_errors() == []


async def test_a_request_that_stays_half_is_given_up(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    async with make_world(tmp_path) as world:
        await _stays_half(world, monkeypatch)


async def _stays_half(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(webhook, "IDLE_WITHIN", 0.3)
    monkeypatch.setattr(webhook, "BODY_WITHIN", 0.3)

    async def turn(_: object) -> None: ...

    app = web.Application(client_max_size=webhook.MAX_BODY)
    receiver = webhook.Receiver(turn, Lanes(), persistence(world), SECRET)
    webhook.add_webhook(app, receiver, path="/telegram")
    async with webhook.listening(app, "127.0.0.1", 0) as port:
        head = await send(port, b"POST /telegram HTTP/1.1\r\nHost: x\r\nX-Tele")
        assert head.status == CLOSED
        body = await send(port, request(body=UPDATE, Content_Length="1000", **KNOWN))
        assert body.status == 408
