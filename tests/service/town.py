"""A whole town for a test: the sandbox, an installation, the running service, a group, its staff, and requesters."""

from __future__ import annotations

import itertools
import socket
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import TypeVar

import aiohttp
from nacl.public import PrivateKey

from bot import setup
from bot.installation import load_questionnaire, opened
from handlers.texts import Texts, load_texts
from intake.questionnaire import Questionnaire
from intake.roles import Role
from sandbox.client import Bubble, Control, Phone
from sandbox.server import Sandbox, start_sandbox
from storage import staff
from storage.database import Tx
from storage.public_key import encode_public
from tests.bot.installed import Place
from tests.fire.clock_file import move_clock
from tests.service.process import Service
from tests.service.requester import Requester

TOKEN = "700000001:" + "Service_token-for-tests" * 2
SECRET = "Webhook-secret-for-tests_0123456789"
GROUP = -4_001
ORGANISATION = "The Way Out"
RECOVERY = PrivateKey(bytes(range(32)))
DELAY = 90.0
"""Seconds within which things happen: a busy machine, and a group that takes its messages minute by minute."""
T = TypeVar("T")


@dataclass(frozen=True)
class Operator:
    """Somebody of the staff: a private chat with the bot, a seat in the group, and a key on a device of their own."""

    phone: Phone
    group: Phone
    private: PrivateKey

    @property
    def public(self) -> str:
        return encode_public(bytes(self.private.public_key))


@dataclass
class Town:
    sandbox: Sandbox
    place: Place
    service: Service
    """The first process; usually there is one."""
    services: list[Service]
    questionnaire: Questionnaire
    admin: Phone
    texts: Texts = field(default_factory=load_texts, repr=False)
    operators: list[Operator] = field(default_factory=list)
    shift: int = 0
    """Seconds by which the clocks of the service and of the sandbox are ahead; see `later`."""
    _ids: itertools.count[int] = field(default_factory=lambda: itertools.count(7_600_100_001, 137))

    @property
    def control(self) -> Control:
        return self.sandbox.control

    async def requester(self, language: str = "en") -> Requester:
        """Somebody new, whose app speaks `language`."""
        number = next(self._ids)
        await self.control.add_person(
            number,
            f"Somebody{number}",
            username=f"somebody_{number}",
            role="requester",
            language_code=language,
        )
        return Requester(self.sandbox.base_url, number, self.texts, self.questionnaire, language)

    async def data(self, work: Callable[[Tx], T], *, write: bool = False) -> T:
        """Look into the service's database, with its server key, while the service runs or doesn't."""
        async with opened(self.place.loaded) as installation:
            return await (installation.db.write(work) if write else installation.db.read(work))

    async def later(self, seconds: int) -> None:
        """So much time passes, for the service and for Telegram alike. Only in a town whose clock can be moved."""
        assert self.service.clock_file is not None
        self.shift += seconds
        move_clock(self.service.clock_file, self.shift)
        await self.control.advance(seconds)

    async def delete(self, chat: int, message: int) -> None:
        """Take one of the bot's messages away behind its back, as a person does who clears the chat."""
        url = f"{self.sandbox.base_url}/bot{TOKEN}/deleteMessage"
        async with aiohttp.request("POST", url, json={"chat_id": chat, "message_id": message}) as answer:
            assert (await answer.json())["ok"]

    async def enrol(self, user: int, role: Role) -> Phone:
        """By an invitation, as far as the bot's first answer."""
        token = await self.data(lambda tx: staff.invite(tx, role, int(time.time())), write=True)
        phone = self.sandbox.phone(user)
        await phone.start(token)
        await phone.wait_for(lambda shown: any(m.from_bot for m in shown), timeout=DELAY)
        return phone

    async def hire(self, user: int, role: Role = Role.OPERATOR) -> Operator:
        """Somebody whose key the admin has confirmed in the chat."""
        operator = Operator(
            await self.enrol(user, role), self.sandbox.phone(user, GROUP), PrivateKey.generate()
        )
        before = {message.id for message in await self.admin.messages()}
        sent = await operator.phone.send(operator.public)
        same = self.texts.say(self.questionnaire.languages[0], "confirm-button")
        asked = await said_to(self.admin, lambda m: m.id not in before and same in m.labels)
        await self.admin.press(same, message_id=asked.id)
        await said_to(operator.phone, lambda m: m.id > sent.id and "/queue" in m.text)
        self.operators.append(operator)
        return operator

    async def cards(self, reference: str, group: int = GROUP) -> list[str]:
        """What is shown of a case in the operators' group, message by message."""
        shown = await Phone(self.sandbox.base_url, self.admin.user_id, group).messages()
        return [m.text for m in shown if reference in m.text]

    async def card(self, reference: str, words: str = "", group: int = GROUP) -> int:
        """The number of its card, as soon as it is there (and says `words`)."""
        seat = Phone(self.sandbox.base_url, self.admin.user_id, group)
        shown = await seat.wait_for(
            lambda ms: any(reference in m.text and words in m.text for m in ms), timeout=DELAY
        )
        return next(m.id for m in shown if reference in m.text and words in m.text)


async def said_to(
    phone: Phone, is_meant: Callable[[Bubble], object], *, after: Bubble | None = None
) -> Bubble:
    """The newest of the bot's messages that is meant, as soon as it is there. Others may come before and after it.

    `after`: what was written to the bot before it.
    """
    last = after.id if after is not None else 0

    def found(shown: Sequence[Bubble]) -> list[Bubble]:
        return [m for m in shown if m.from_bot and m.id > last and is_meant(m)]

    return found(await phone.wait_for(found, timeout=DELAY))[-1]


def free_port() -> int:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        return int(held.getsockname()[1])


def webhook_settings() -> dict[str, str]:
    port = free_port()
    return {
        "WEBHOOK_URL": f"http://127.0.0.1:{port}/telegram",
        "WEBHOOK_SECRET": SECRET,
        "LISTEN": f"127.0.0.1:{port}",
    }


@asynccontextmanager
async def town(
    home: Path,
    settings: Mapping[str, str] = MappingProxyType({}),
    *,
    operators: int = 1,
    runs: bool = True,
    recovery: bool = True,
    listen: Sequence[str] = (),
    movable_clock: bool = False,
) -> AsyncIterator[Town]:
    """With an admin and so many operators; `runs=False`: everything but a running service and its staff.

    `listen`: one process for each of these addresses (LISTEN), in place of one alone.
    """
    sandbox = await start_sandbox(token=TOKEN)
    place = Place(
        home,
        {
            "BOT_TOKEN": TOKEN,
            "BOT_API_URL": sandbox.base_url,
            "SERVER_KEY_FILE": str(home / "keys" / "server.key"),
            "OPERATORS_CHAT": str(GROUP),
            "ORGANISATION": ORGANISATION,
            "ANONYMITY_K": "1",
            "CARD_DELAY_MINUTES": "0",
            "UNDO_SECONDS": "0",
            "THROTTLE": "0",
            "LOG_FORMAT": "json",
            "LOG_LEVEL": "debug",
        }
        | dict(settings),
    )
    services = [
        Service(Place(home, place.settings | {"LISTEN": each}), f"service-{n}")
        for n, each in enumerate(listen)
    ] or [Service(place)]
    service = services[0]
    if movable_clock:
        service.clock_file = home / "clock"
        move_clock(service.clock_file, 0)
    try:
        await setup.create(place.loaded, bytes(RECOVERY.public_key) if recovery else None)
        questionnaire = load_questionnaire(place.loaded)
        found = Town(sandbox, place, service, services, questionnaire, sandbox.phone(301))
        await found.control.add_person(301, "Admin", role="admin")
        for user in range(201, 201 + operators):
            await found.control.add_person(user, f"Operator {user}", role="operator")
        members = [301, *range(201, 201 + operators)]
        await found.control.add_group(GROUP, "Operators", members, bot_is_admin=True)
        if runs:
            for one in services:  # the first becomes the one that sends
                await one.start()
            await found.enrol(301, Role.ADMIN)
            for user in range(201, 201 + operators):
                await found.hire(user)
        yield found
        for one in services:
            if one.runs:
                await one.stop()
    finally:
        for one in services:
            await one.kill()
        await sandbox.close()
