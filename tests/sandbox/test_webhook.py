"""Delivery to a webhook: secret, order, retries, and methods in the answer."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from aiohttp import MultipartWriter, web

from sandbox.client import Control, Phone
from sandbox.server import Sandbox
from sandbox.signals import Signal
from tests.sandbox.conftest import ANN, BEN, Api

SECRET = "a-Secret_1"


class Hook:
    """A bot's webhook: `answers` are given in turn, then 200."""

    def __init__(self) -> None:
        self.url = ""
        self.seen: list[tuple[int, str]] = []
        self.secrets: list[str | None] = []
        self.answers: list[Callable[[], web.Response]] = []
        self.came = Signal()
        self.hold: dict[int, asyncio.Event] = {}

    async def take(self, request: web.Request) -> web.Response:
        message = (await request.json())["message"]
        self.secrets.append(request.headers.get("X-Telegram-Bot-Api-Secret-Token"))
        chat = message["chat"]["id"]
        self.seen.append((chat, message["text"]))
        self.came.fire()
        if chat in self.hold:
            await self.hold[chat].wait()
        return self.answers.pop(0)() if self.answers else web.Response()

    async def until(self, count: int) -> list[str]:
        async with asyncio.timeout(5):
            while len(self.seen) < count:
                await self.came.wait()
        return [text for _, text in self.seen]


@pytest.fixture
async def hook(api: Api, sandbox: Sandbox) -> AsyncIterator[Hook]:
    hook = Hook()
    app = web.Application()
    app.router.add_post("/hook", hook.take)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    hook.url = f"http://127.0.0.1:{runner.addresses[0][1]}/hook"
    sandbox.telegram.webhook.first_pause_seconds = 0.05
    yield hook
    await runner.cleanup()


async def test_updates_arrive_in_order_with_the_secret(
    api: Api, ann: Phone, hook: Hook, control: Control
) -> None:
    await ann.send("before")
    await api("setWebhook", url=hook.url, secret_token=SECRET)
    for number in range(5):
        await ann.send(str(number))
    assert await hook.until(6) == ["before", "0", "1", "2", "3", "4"]
    assert set(hook.secrets) == {SECRET}
    await control.settle()


async def test_a_failure_is_retried_before_the_next_of_that_chat(
    api: Api, ann: Phone, hook: Hook, control: Control
) -> None:
    hook.answers = [lambda: web.Response(status=500), lambda: web.Response(status=503), web.Response]
    await api("setWebhook", url=hook.url)
    await ann.send("one")
    await ann.send("two")
    assert await hook.until(4) == ["one", "one", "one", "two"]
    await control.settle()
    info = await api("getWebhookInfo")
    assert info["last_error_message"] == "Wrong response from the webhook: 503 Service Unavailable"
    assert info["url"] == hook.url


async def test_one_slow_chat_does_not_hold_up_another(api: Api, ann: Phone, ben: Phone, hook: Hook) -> None:
    hook.hold[ANN] = asyncio.Event()
    await api("setWebhook", url=hook.url)
    await ann.send("slow one")
    await ann.send("slow two")
    await ben.send("quick")
    await hook.until(2)
    assert sorted(hook.seen) == [(ANN, "slow one"), (BEN, "quick")]
    hook.hold[ANN].set()
    assert (await hook.until(3))[-1] == "slow two"


async def test_a_webhook_that_is_down_gets_its_updates_later(api: Api, ann: Phone, hook: Hook) -> None:
    await api("setWebhook", url="http://127.0.0.1:9/nobody")
    await ann.send("waiting")
    for _ in range(100):
        info = await api("getWebhookInfo")
        if "last_error_message" in info:
            break
        await asyncio.sleep(0.05)
    assert info["last_error_message"] == "Connection refused"
    assert info["pending_update_count"] == 1
    await api("setWebhook", url=hook.url)
    assert await hook.until(1) == ["waiting"]


def as_json() -> web.Response:
    return web.json_response({"method": "sendMessage", "chat_id": ANN, "text": "by answer"})


def as_multipart() -> web.Response:
    body = MultipartWriter("form-data")
    for name, value in (("method", "sendMessage"), ("chat_id", str(ANN)), ("text", "by answer")):
        body.append(value).set_content_disposition("form-data", name=name)
    return web.Response(body=body)


@pytest.mark.parametrize("answer", [as_json, as_multipart])
async def test_a_method_in_the_answer_is_carried_out(
    api: Api, ann: Phone, hook: Hook, answer: Callable[[], web.Response]
) -> None:
    hook.answers = [answer]
    await api("setWebhook", url=hook.url)
    await ann.send("hello")
    await ann.wait_for(lambda shown: shown[-1].text == "by answer", timeout=5)


async def test_an_answer_cannot_unset_the_webhook(api: Api, ann: Phone, hook: Hook, control: Control) -> None:
    body: dict[str, Any] = {"method": "deleteWebhook"}
    hook.answers = [lambda: web.json_response(body)]
    await api("setWebhook", url=hook.url)
    await ann.send("hello")
    await hook.until(1)
    await control.settle()
    assert (await api("getWebhookInfo"))["url"] == hook.url
