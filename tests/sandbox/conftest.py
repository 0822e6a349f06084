"""A running sandbox, a bot that speaks raw HTTP to it, and two people."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest

from sandbox.client import Control, Phone
from sandbox.server import Sandbox, start_sandbox

TOKEN = "700000001:" + "Sandbox_token-for-tests" * 2
ANN, BEN, GROUP = 1001, 1002, -1_001_234_567_890


class Refused(Exception):
    """The sandbox's "no" to a Bot API call."""

    def __init__(self, body: dict[str, Any]) -> None:
        super().__init__(body["description"])
        self.code: int = body["error_code"]
        self.parameters: dict[str, int] = body.get("parameters", {})


class Api:
    """Bot API calls as JSON over HTTP; `form` sends them as any form-speaking client does."""

    def __init__(self, base_url: str, session: aiohttp.ClientSession) -> None:
        self.base_url = base_url
        self.session = session

    async def __call__(self, method: str, **parameters: Any) -> Any:
        url = f"{self.base_url}/bot{TOKEN}/{method}"
        async with self.session.post(url, json=parameters) as answer:
            return self._result(answer.status, await answer.json())

    async def form(self, method: str, data: aiohttp.FormData | dict[str, str]) -> Any:
        async with self.session.post(f"{self.base_url}/bot{TOKEN}/{method}", data=data) as answer:
            return self._result(answer.status, await answer.json())

    async def say(self, chat_id: int, text: str = "Hello", **more: Any) -> int:
        """sendMessage; the new message's id."""
        message_id: int = (await self("sendMessage", chat_id=chat_id, text=text, **more))["message_id"]
        return message_id

    async def updates(self, **parameters: Any) -> list[dict[str, Any]]:
        updates: list[dict[str, Any]] = await self("getUpdates", **parameters)
        return updates

    async def take(self) -> list[dict[str, Any]]:
        """Every waiting update, confirmed."""
        updates = await self.updates()
        if updates:
            await self.updates(offset=updates[-1]["update_id"] + 1)
        return updates

    @staticmethod
    def _result(status: int, body: dict[str, Any]) -> Any:
        if body["ok"]:
            assert status == 200
            return body["result"]
        assert status == body["error_code"]
        raise Refused(body)


def keys(*rows: str) -> dict[str, Any]:
    """An inline keyboard with one button a row, its data the label in lower case."""
    return {"inline_keyboard": [[{"text": row, "callback_data": row.lower()}] for row in rows]}


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    running = await start_sandbox(token=TOKEN)
    yield running
    await running.close()


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


@pytest.fixture
def api(sandbox: Sandbox, session: aiohttp.ClientSession) -> Api:
    return Api(sandbox.base_url, session)


@pytest.fixture
def control(sandbox: Sandbox) -> Control:
    return sandbox.control


@pytest.fixture
async def ann(control: Control, api: Api) -> Phone:
    """Someone who has started the bot; the update about it is confirmed."""
    phone = await control.add_person(ANN, "Ann", username="ann_example", language_code="ru")
    await phone.start()
    await api.take()
    return phone


@pytest.fixture
async def ben(control: Control) -> Phone:
    """Someone the bot has never heard of."""
    return await control.add_person(BEN, "Ben")


@pytest.fixture
async def group(control: Control, ann: Phone, ben: Phone, api: Api) -> int:
    """A supergroup of both, with the bot as a plain member; updates about it are confirmed."""
    await control.add_group(GROUP, "Desk", [ANN, BEN])
    await api.take()
    return GROUP
