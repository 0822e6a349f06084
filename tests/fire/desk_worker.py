"""An operator at work: takes cards, answers, closes; and counts how often each reply was sent on."""

from __future__ import annotations

import asyncio
import re
from collections import Counter
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


@dataclass
class DeskWorker:
    yard: Field
    written: int = 0
    closed: int = 0
    confirmed: dict[int, str] = field(default_factory=dict)
    """Update -> the reply in it."""
    arrived: Counter[str] = field(default_factory=Counter)
    """Reply -> how often the service sent it on."""

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
            claim = self._button(GROUP, "claim.")
            if claim is None:
                await asyncio.sleep(0.5)
                continue
            number, data = claim
            reference = data.partition(".")[2]
            self.yard.far_end.press(USER, number, data, chat=GROUP)
            if await self._comes(USER, f"close.{reference}"):
                await self._answer(reference)

    async def _answer(self, reference: str) -> None:
        file = self._button(USER, f"close.{reference}")
        if file is None:
            return
        text = f"answer-{self.written}"
        self.written += 1
        _, update = self.yard.far_end.write(USER, text, reply_to=file[0])
        if await self.yard.far_end.delivery.confirmation(update, PATIENCE):
            self.confirmed[update] = text
        self.yard.far_end.press(USER, *file)
        if await self._comes(USER, f"outcome.{reference}"):
            outcome = self._button(USER, f"outcome.{reference}")
            if outcome is not None:
                self.yard.far_end.press(USER, *outcome)
                self.closed += 1

    def _button(self, chat: int, prefix: str) -> tuple[int, str] | None:
        for number, message in reversed(self.yard.far_end.chats[chat].items()):
            for row in message.rows:
                for button in row:
                    if str(button.get("callback_data", "")).startswith(prefix):
                        return number, str(button["callback_data"])
        return None

    async def _comes(self, chat: int, prefix: str) -> bool:
        deadline = asyncio.get_running_loop().time() + PATIENCE
        while self._button(chat, prefix) is None:
            if asyncio.get_running_loop().time() > deadline:
                return False
            await asyncio.sleep(0.1)
        return True
