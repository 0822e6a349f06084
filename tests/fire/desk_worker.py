"""An operator at work: takes cards, answers, closes; and counts how often each reply was sent on."""

from __future__ import annotations

import asyncio
import re
from collections import Counter
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from typing import Any

from nacl.public import PrivateKey

from bot.installation import opened
from intake.roles import Role
from storage import staff
from storage.database import Tx
from tests.fire.field import GROUP, Field

USER = 5_500_000_001
REPLY = re.compile(r"answer-\d+")
PATIENCE = 15.0
READS_SECONDS = 4.0


@dataclass
class DeskWorker:
    yard: Field
    written: int = 0
    closed: set[str] = field(default_factory=set)
    """References."""
    kept: dict[str, str] = field(default_factory=dict)
    """Reply that the service said it has -> the reference of its case."""
    arrived: Counter[str] = field(default_factory=Counter)
    """Reply -> how often the service sent it on."""
    _seen: set[str] = field(default_factory=set)
    """Cards that were pressed: the group's messages are edited at the group's pace, and may still offer them."""

    async def hired(self) -> None:
        """As after an invitation, a key, and its confirmation; while the service isn't running."""

        def work(tx: Tx) -> None:
            key = bytes(PrivateKey.generate().public_key)
            member = staff.add(tx, "Worker", Role.OPERATOR, key, confirmed=True)
            staff.enrol(tx, member, tx.vault.account(USER), USER, "en")

        async with opened(self.yard.place.loaded) as installation:
            await installation.db.write(work)

    def note(self, method: str, given: dict[str, Any], done: bool) -> None:
        """For `FarEnd.on_call`."""
        if done and method == "sendmessage" and int(given.get("chat_id") or 0) not in {USER, GROUP}:
            self.arrived.update(REPLY.findall(str(given.get("text"))))

    async def work(self) -> None:
        """For ever."""
        while True:
            claim = self._button(GROUP, "claim.", but=self._seen)
            if claim is None:
                await asyncio.sleep(0.5)
                continue
            number, data = claim
            self._seen.add(data)
            reference = data.partition(".")[2]
            self.yard.far_end.press(USER, number, data, chat=GROUP)
            if await self._comes(USER, f"close.{reference}"):
                await asyncio.sleep(READS_SECONDS)  # the requester has seen by then that it was sent
                await self._answer(reference)

    async def _answer(self, reference: str) -> None:
        file = self._button(USER, f"close.{reference}")
        if file is None:
            return
        text = f"answer-{self.written}"
        self.written += 1
        told = self.yard.texts.say("en", "reply-state", reference=reference, number=1)
        self.yard.far_end.write(USER, text, reply_to=file[0])
        if await self._sees(lambda: any(told in m.text for m in self.yard.far_end.chats[USER].values())):
            self.kept[text] = reference
        self.yard.far_end.press(USER, *file)
        if await self._comes(USER, f"outcome.helped.{reference}"):
            outcome = self._button(USER, f"outcome.helped.{reference}")
            if outcome is not None:
                self.yard.far_end.press(USER, *outcome)
                self.closed.add(reference)

    def _button(self, chat: int, prefix: str, but: Collection[str] = ()) -> tuple[int, str] | None:
        for number, message in reversed(self.yard.far_end.chats[chat].items()):
            for row in message.rows:
                for button in row:
                    data = str(button.get("callback_data", ""))
                    if data.startswith(prefix) and data not in but:
                        return number, data
        return None

    async def _comes(self, chat: int, prefix: str) -> bool:
        return await self._sees(lambda: self._button(chat, prefix) is not None)

    async def _sees(self, come: Callable[[], bool]) -> bool:
        deadline = asyncio.get_running_loop().time() + PATIENCE
        while not come():
            if asyncio.get_running_loop().time() > deadline:
                return False
            await asyncio.sleep(0.1)
        return True
