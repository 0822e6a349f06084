"""The real service inside the test's own process, in a world whose hours can pass.

Nothing is replaced: real SQLite, real HTTP to a local Telegram, the service assembled as `postern run` does it. Only
its clock is the local Telegram's, which tests move forward.
"""

from __future__ import annotations

import asyncio
import logging
import sys
import threading
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import structlog

from bot import app, logs, setup
from bot.installation import load_questionnaire, opened
from bot.telegram import Telegram
from intake.roles import Role
from sandbox import view
from sandbox.client import Bubble
from sandbox.server import Sandbox, start_sandbox
from storage import outbox, traces
from storage.database import Tx
from tests.bot.installed import Place
from tests.service.process import Service
from tests.service.town import GROUP, ORGANISATION, RECOVERY, TOKEN, Town, free_port

HOUR = 3_600
PATIENCE = 30.0
ADMIN = 301
OPERATORS = 201
"""The first operator's account; the others follow."""


@dataclass
class Inside(Service):
    """The service as a task of this process."""

    sandbox: Sandbox | None = None
    inner: app.Service | None = None
    _stop: asyncio.Event = field(default_factory=asyncio.Event)
    _task: asyncio.Task[None] | None = None

    def clock(self) -> int:
        assert self.sandbox is not None
        return self.sandbox.telegram.clock.now()

    async def start(self, **changed: str) -> None:
        self._stop, self.inner = asyncio.Event(), None
        place = Place(self.place.home, self.place.settings | changed)
        self._task = asyncio.create_task(self._live(place, self._stop))
        while self.inner is None:
            assert not self._task.done(), self._task.result()
            await asyncio.sleep(0.01)
        assert self.sandbox is not None
        await self.sandbox.control.until_online(PATIENCE)

    async def _live(self, place: Place, stop: asyncio.Event) -> None:
        settings = place.loaded
        async with opened(settings, upgrade=True) as installation:
            telegram = Telegram(settings.require_token(), settings.bot_api_url)
            try:
                questionnaire = load_questionnaire(settings)
                self.inner = app.assemble(settings, installation, questionnaire, telegram, self.clock)
                await app.run(self.inner, settings, stop)
            finally:
                await telegram.close()

    async def stop(self) -> None:
        assert self._task is not None
        self._stop.set()
        await asyncio.wait_for(self._task, PATIENCE)
        self._task = None

    async def kill(self) -> None:
        """Cut short wherever it is."""
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task
            self._task = None

    @property
    def runs(self) -> bool:
        return self._task is not None and not self._task.done()


@dataclass
class Quarter(Town):
    """A town whose clock the tests move."""

    @property
    def inside(self) -> Inside:
        assert isinstance(self.service, Inside)
        return self.service

    @property
    def now(self) -> int:
        return self.sandbox.telegram.clock.now()

    async def pass_time(self, seconds: float) -> None:
        """Let it pass, and let the service do what became due."""
        await self.control.advance(seconds)
        if self.service.runs:
            await self.rest()

    async def rest(self) -> None:
        """Until every update is taken and all that is due has been done."""
        assert self.inside.inner is not None
        await self.control.settle(PATIENCE)
        self.inside.inner.sender.wake()
        quiet, deadline = 0, time.monotonic() + PATIENCE
        while quiet < 3:
            assert time.monotonic() < deadline, "the service does not come to rest"
            quiet = quiet + 1 if await self._is_quiet(self.inside.inner) else 0
            await asyncio.sleep(0.02)

    async def _is_quiet(self, inner: app.Service) -> bool:
        def nothing_due(tx: Tx) -> bool:
            return not outbox.due(tx, self.now) and not traces.due(tx, self.now)

        busy = len(inner.lanes) or inner.postman._tasks or self.now - inner.sender.done_at > 20
        return not busy and await inner.desk.db.read(nothing_due)

    def chat(self, chat: int) -> list[Bubble]:
        """What stands in a chat just now."""
        telegram = self.sandbox.telegram
        return [Bubble(one) for one in view.chat(telegram, telegram.world.chats[chat])["messages"]]


@asynccontextmanager
async def quarter(
    home: Path, *, operators: int = 1, talkative: bool = False, **settings: str
) -> AsyncIterator[Quarter]:
    """A running service with an admin and so many operators, in this process. `talkative`: see `logging_to`."""
    sandbox = await start_sandbox(token=TOKEN)
    values = {
        "BOT_TOKEN": TOKEN,
        "BOT_API_URL": sandbox.base_url,
        "SERVER_KEY_FILE": str(home / "keys" / "server.key"),
        "OPERATORS_CHAT": str(GROUP),
        "ORGANISATION": ORGANISATION,
        "ANONYMITY_K": "1",
        "CARD_DELAY_MINUTES": "0",
        "UNDO_SECONDS": "0",
        "THROTTLE": "0",
        "METRICS": f"127.0.0.1:{free_port()}",
    }
    place = Place(home, values | settings)
    service = Inside(place, sandbox=sandbox)
    with logging_to(service.log_path, talkative=talkative):
        try:
            await setup.create(place.loaded, bytes(RECOVERY.public_key))
            questionnaire = load_questionnaire(place.loaded)
            found = Quarter(sandbox, place, service, [service], questionnaire, sandbox.phone(ADMIN))
            members = [ADMIN, *range(OPERATORS, OPERATORS + operators)]
            for user in members:
                await found.control.add_person(user, f"Staff {user}", role="staff")
            await found.control.add_group(GROUP, "Operators", members, bot_is_admin=True)
            await service.start()
            await found.enrol(ADMIN, Role.ADMIN)
            for user in members[1:]:
                await found.hire(user)
            yield found
            if service.runs:
                await service.stop()
        finally:
            await service.kill()
            await sandbox.close()


@contextmanager
def logging_to(path: Path, *, talkative: bool) -> Iterator[None]:
    """The service's own logging. `talkative`: every record of every library, down to DEBUG, reaches it."""
    root = logging.getLogger()
    before = (root.level, root.handlers[:], logging.raiseExceptions)
    hooks = (sys.excepthook, sys.unraisablehook, threading.excepthook)
    with path.open("a", encoding="utf-8", buffering=1) as stream:
        root.handlers.clear()
        logs.configure("json", "DEBUG", stream)
        if talkative:
            for handler in root.handlers:
                handler.setLevel(logging.DEBUG)
            root.setLevel(logging.DEBUG)
        try:
            yield
        finally:
            logging.captureWarnings(capture=False)
            root.setLevel(before[0])
            root.handlers[:] = before[1]
            logging.raiseExceptions = before[2]
            sys.excepthook, sys.unraisablehook, threading.excepthook = hooks
            structlog.reset_defaults()
