"""A person's phone and the sandbox's switches, for tests and for the demo's walk.

Speaks the people's side over HTTP; holds no connection, so there is nothing to close.
"""

from __future__ import annotations

import asyncio
import base64
import time
from collections.abc import Callable, Sequence
from typing import Any

import aiohttp

from sandbox.bubbles import Answer, Bubble, Json

__all__ = ["Answer", "Bubble", "Control", "Phone", "SandboxRefused"]


class SandboxRefused(Exception):
    """An app would not let this person do that; the message says why."""


class _Caller:
    def __init__(self, base_url: str) -> None:
        self.base_url = base_url.rstrip("/")

    async def _get(self, path: str) -> Any:
        return await self._request("GET", path)

    async def _post(self, path: str, **body: Any) -> Any:
        return await self._request("POST", path, {k: v for k, v in body.items() if v is not None})

    async def _request(self, method: str, path: str, body: Json | None = None) -> Any:
        async with aiohttp.request(method, self.base_url + path, json=body) as answer:
            content = await answer.json()
            if answer.status >= 400:
                raise SandboxRefused(content["error"])
            return content

    async def world(self) -> Json:
        world: Json = await self._get("/sandbox/world")
        return world


class Phone(_Caller):
    """One person's app, open on one chat: by default the private chat with the bot."""

    def __init__(self, base_url: str, user_id: int, chat_id: int | None = None) -> None:
        super().__init__(base_url)
        self.user_id = user_id
        self.chat_id = user_id if chat_id is None else chat_id

    async def start(self, parameter: str = "") -> Bubble:
        """Open the bot by a link: https://t.me/<bot>?start=<parameter>."""
        return Bubble(await self._post(f"/sandbox/users/{self.user_id}/start", parameter=parameter))

    async def send(self, text: str, *, reply_to: int | None = None, forwarded: bool = False) -> Bubble:
        path = f"/sandbox/chats/{self.chat_id}/messages"
        sent = await self._post(path, user=self.user_id, text=text, reply_to=reply_to, forwarded=forwarded)
        return Bubble(sent)

    async def send_media(
        self,
        kind: str,
        *,
        caption: str | None = None,
        file_name: str | None = None,
        content: bytes = b"",
        reply_to: int | None = None,
    ) -> Bubble:
        encoded = base64.b64encode(content).decode()
        path = f"/sandbox/chats/{self.chat_id}/messages"
        return Bubble(
            await self._post(
                path,
                user=self.user_id,
                media=kind,
                caption=caption,
                file_name=file_name,
                content_base64=encoded,
                reply_to=reply_to,
            )
        )

    async def edit(self, message_id: int, text: str) -> Bubble:
        path = f"/sandbox/chats/{self.chat_id}/messages/{message_id}/edit"
        return Bubble(await self._post(path, user=self.user_id, text=text))

    async def press(
        self, label_or_data: str, *, message_id: int | None = None, wait: float = 10.0, force: bool = False
    ) -> Answer:
        """Press a button of `message_id`, by default of the last message with buttons.

        `force` presses data as it stands, also where no such button is left. LookupError: no such button.
        """
        data: str | None = label_or_data
        if message_id is None or not force:
            screen = await self._message(message_id) if message_id is not None else await self.screen()
            if screen is None:
                raise LookupError("there is no message with buttons to press")
            message_id = screen.id
            button = screen.find(label_or_data)
            if button is not None:
                data = button.data
            elif not force:
                raise LookupError(f"no button {label_or_data!r}; there are {screen.labels}")
        if data is None:
            raise LookupError(f"the button {label_or_data!r} opens a link; it is not pressed")
        path = f"/sandbox/chats/{self.chat_id}/messages/{message_id}/press"
        answer = await self._post(path, user=self.user_id, data=data, wait=wait, force=force)
        return Answer(
            answer["answered"], answer.get("text", ""), answer.get("alert", False), answer.get("url", "")
        )

    async def messages(self) -> list[Bubble]:
        world = await self.world()
        chats = [chat for chat in world["chats"] if chat["id"] == self.chat_id]
        return [Bubble(message) for chat in chats for message in chat["messages"]]

    async def screen(self) -> Bubble | None:
        """The bot's last message with buttons."""
        shown = [bubble for bubble in await self.messages() if bubble.from_bot and bubble.buttons]
        return shown[-1] if shown else None

    async def wait_for(
        self,
        predicate: Callable[[Sequence[Bubble]], object],
        *,
        timeout: float = 10.0,  # noqa: ASYNC109
    ) -> list[Bubble]:
        """The chat's messages as soon as `predicate` holds for them. TimeoutError: it did not in time."""
        try:
            async with (
                asyncio.timeout(timeout),
                aiohttp.request("GET", f"{self.base_url}/sandbox/events") as events,
            ):
                async for line in events.content:
                    if line.startswith(b"data:"):
                        messages = await self.messages()
                        if predicate(messages):
                            return messages
        except TimeoutError:
            last = (await self.messages())[-1:]
            raise TimeoutError(f"not within {timeout} s; the last message is {last}") from None
        raise TimeoutError("the sandbox closed before it happened")

    async def block(self, blocked: bool = True) -> None:
        await self._post(f"/sandbox/users/{self.user_id}/block", blocked=blocked)

    async def inline(self, query: str, *, wait: float = 0.0) -> Json:
        answer: Json = await self._post("/sandbox/inline", user=self.user_id, query=query, wait=wait)
        return answer

    async def download(self, file_id: str) -> bytes:
        async with aiohttp.request("GET", f"{self.base_url}/sandbox/files/{file_id}") as answer:
            if answer.status >= 400:
                raise SandboxRefused((await answer.json())["error"])
            return await answer.read()

    async def open(self, file_id: str) -> str:
        """What this person's own device shows of the document."""
        return str((await self._post(f"/sandbox/users/{self.user_id}/open", file_id=file_id))["output"])

    async def _message(self, message_id: int) -> Bubble | None:
        return next((bubble for bubble in await self.messages() if bubble.id == message_id), None)


class Control(_Caller):
    """People, groups, clock, faults, limits, and the record of calls."""

    async def add_person(
        self, user_id: int, first_name: str, *, username: str | None = None, language_code: str | None = None,
        role: str = "",
    ) -> Phone:  # fmt: skip
        await self._post(
            "/sandbox/people",
            id=user_id, first_name=first_name, username=username, language_code=language_code, role=role,
        )  # fmt: skip
        return Phone(self.base_url, user_id)

    async def add_group(
        self, group_id: int, title: str, members: Sequence[int], *, bot_is_admin: bool = False
    ) -> int:
        await self._post(
            "/sandbox/groups", id=group_id, title=title, members=list(members), bot_is_admin=bot_is_admin
        )
        return group_id

    async def migrate(self, group_id: int) -> int:
        """Returns the supergroup's id."""
        return int((await self._post(f"/sandbox/groups/{group_id}/migrate"))["id"])

    async def set_rights(
        self, group_id: int, *, can_send: bool | None = None, bot_status: str | None = None
    ) -> None:
        """`can_send`: whether the bot may write; `bot_status`: administrator, member, left or kicked."""
        await self._post(f"/sandbox/groups/{group_id}/rights", can_send=can_send, bot_status=bot_status)

    async def set_member(
        self, group_id: int, user_id: int, present: bool, *, admin: bool | None = None
    ) -> None:
        await self._post(f"/sandbox/groups/{group_id}/members", user=user_id, present=present, admin=admin)

    async def advance(self, seconds: float) -> int:
        """Move the clock; returns the sandbox's new time."""
        return int((await self._post("/sandbox/clock", advance=seconds))["now"])

    async def add_fault(
        self, method: str, kind: str, *, times: int = 1, retry_after: int = 1, chat_id: int | None = None,
        seconds: float = 1.0,
    ) -> None:  # fmt: skip
        await self._post(
            "/sandbox/faults",
            method=method, kind=kind, times=times, retry_after=retry_after, chat_id=chat_id, seconds=seconds,
        )  # fmt: skip

    async def clear_faults(self) -> None:
        await self._request("DELETE", "/sandbox/faults")

    async def enforce_limits(self, enforced: bool = True) -> None:
        await self._post("/sandbox/limits", enforced=enforced)

    async def enable_topics(self, enabled: bool = True) -> None:
        """As the bot's owner does with BotFather: each message outside a topic of a private chat opens one."""
        await self._post("/sandbox/topics", enabled=enabled)

    async def calls(self, method: str | None = None) -> list[Json]:
        calls: list[Json] = await self._get("/sandbox/calls")
        return [call for call in calls if method in (None, call["method"])]

    async def raw(self, update: Json) -> int:
        """Queue an update as it stands; returns its id."""
        return int((await self._post("/sandbox/raw", update=update))["update_id"])

    async def settle(self, timeout: float = 60.0) -> None:  # noqa: ASYNC109
        """Until the bot has confirmed every update. TimeoutError: it has not."""
        deadline = time.monotonic() + timeout
        while (await self.world())["pending"]:
            if time.monotonic() > deadline:
                raise TimeoutError(f"updates are still waiting after {timeout} s")
            await asyncio.sleep(0.02)

    async def until_online(self, timeout: float = 10.0) -> None:  # noqa: ASYNC109
        """Until a bot polls or has set its webhook."""
        deadline = time.monotonic() + timeout
        while not (await self.world())["online"]:
            if time.monotonic() > deadline:
                raise TimeoutError(f"no bot came within {timeout} s")
            await asyncio.sleep(0.05)
