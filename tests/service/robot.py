"""Somebody who knows nothing: reads the last keyboard it was shown and presses something, or writes something."""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass, field
from random import Random

from tests.service.lean_api import Json, LeanApi

REFERENCE = re.compile(r"\b[0-9A-Z]{4}-[0-9A-Z]{4}\b")
ANSWER_SECONDS = 15.0
QUIET_SECONDS = 0.25
WRITES = 0.05


@dataclass
class Robot:
    api: LeanApi
    user: int
    random: Random
    presses: int = 0
    unanswered: list[str] = field(default_factory=list)
    shown: set[str] = field(default_factory=set)
    """Every reference it has ever been shown."""

    async def start(self) -> None:
        await self._write("/start")

    async def act(self) -> None:
        """One thing, and wait for what comes of it."""
        number, data = self._button()
        if not data or self.random.random() < WRITES:
            await self._write(f"text {self.random.random()}")
        else:
            await self._press(number, data)

    def _button(self) -> tuple[int, str]:
        """One of the buttons of the last message that has any."""
        for number, message in sorted(self.api.chats[self.user].items(), reverse=True):
            if payloads := [
                b["callback_data"] for row in message["rows"] for b in row if "callback_data" in b
            ]:
                return number, self.random.choice(payloads)
        return 0, ""

    async def _press(self, number: int, data: str) -> None:
        self.presses += 1
        query = f"{self.user}-{self.presses}"
        message = {"message_id": number, "date": 0, "chat": self._chat}
        await self.api.put(callback_query={"id": query, "from": self._me, "message": message, "data": data})
        try:
            async with asyncio.timeout(ANSWER_SECONDS), self.api.changed:
                await self.api.changed.wait_for(lambda: query in self.api.answered)
        except TimeoutError:
            self.unanswered.append(data)
        self._look()

    async def _write(self, text: str) -> None:
        before = str(self.api.chats[self.user])
        message = {"message_id": self.api.next_number(), "chat": self._chat, "from": self._me, "text": text}
        await self.api.put(message=message)
        try:
            async with asyncio.timeout(4 * QUIET_SECONDS), self.api.changed:
                await self.api.changed.wait_for(lambda: str(self.api.chats[self.user]) != before)
        except TimeoutError:
            pass  # nothing came of it: that is for the test to judge
        self._look()

    def _look(self) -> None:
        for message in self.api.chats[self.user].values():
            self.shown.update(REFERENCE.findall(message["text"]))

    @property
    def _me(self) -> Json:
        return {"id": self.user, "is_bot": False, "first_name": "Robot"}

    @property
    def _chat(self) -> Json:
        return {"id": self.user, "type": "private"}
