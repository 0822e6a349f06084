"""The field: a far end, an installation, the service's lives, and a crowd that walks through it."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Collection, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from types import MappingProxyType

from bot import setup
from bot.installation import load_questionnaire, opened
from handlers.texts import Texts, load_texts
from intake.questionnaire import Questionnaire
from storage import outbox, traces
from storage.database import Tx
from tests.bot.installed import Place
from tests.fire import child, clock_file, truth
from tests.fire.counts import Counts
from tests.fire.far_end import TOKEN, FarEnd
from tests.fire.habits import Habits
from tests.fire.judge import Judge, codes_of
from tests.fire.lives import Launcher, Life, one_launcher
from tests.fire.person import Person
from tests.fire.weather import Weather
from tests.service.town import free_port

GROUP = -100_777_000
FIRST_USER = 6_100_000_000
SECRET = "Webhook-secret-under-fire_0123456789"
ONLINE_SECONDS = 60.0


@dataclass
class Field:
    place: Place
    far_end: FarEnd
    launcher: Launcher
    questionnaire: Questionnaire
    random: Random
    texts: Texts = field(default_factory=load_texts, repr=False)
    habits: Habits = field(default_factory=Habits)
    people: list[Person] = field(default_factory=list)
    life: Life | None = None
    plant: str = ""
    """A fault that is planted in every life."""
    shift: int = 0
    """Seconds by which the clocks of the service and of the far end are off."""
    _read: int = 0

    @property
    def log(self) -> Path:
        return self.place.home / "service.log"

    @property
    def clock_file(self) -> Path:
        return self.place.home / "clock"

    def now(self) -> int:
        return int(time.time()) + self.shift

    def move_clock(self, seconds: int) -> None:
        """By so much more, forward or back."""
        self.shift += seconds
        clock_file.move_clock(self.clock_file, self.shift)

    # The service.

    async def begin_life(self, **changed: str) -> Life:
        """Fork; it isn't online yet."""
        self.far_end.life += 1
        self.far_end.delivery.online.clear()
        place = Place(self.place.home, self.place.settings | changed)
        environment = place.environment | {clock_file.CLOCK_FILE: str(self.clock_file)}
        environment |= {child.TASKS_FILE: str(self.place.home / "tasks")}
        if self.plant:
            environment[child.PLANT] = self.plant
        pid = await self.launcher.start(self.place.home, environment, self.log)
        self.life = Life(self.launcher, pid)
        return self.life

    async def start(self, **changed: str) -> Life:
        """Until it asks for updates."""
        life = await self.begin_life(**changed)
        await self.online()
        return life

    async def online(self) -> None:
        assert self.life is not None
        deadline = time.monotonic() + ONLINE_SECONDS
        while not self.far_end.delivery.online.is_set():
            assert not self.life.over, f"the service did not start:\n{self.log.read_text()[-3000:]}"
            assert time.monotonic() < deadline, "the service did not come online"
            await asyncio.sleep(0.01)

    async def kill(self) -> None:
        if self.life is not None and not self.life.over:
            self.life.kill()
            self.note_killed()
            await self.life.gone()

    def note_killed(self) -> None:
        self.far_end.cut_short.add(self.far_end.life)

    async def stop(self) -> None:
        assert self.life is not None
        code = await self.life.stop()
        assert code == 0, f"the service ended with {code}:\n{self.log.read_text()[-3000:]}"

    # The crowd.

    def newcomer(self, habits: Habits | None = None) -> Person:
        number = FIRST_USER + 7 * len(self.people)
        random = Random(f"{self.random.random()}-{number}")
        person = Person(self.far_end, number, random, self.questionnaire, self.texts, habits or self.habits)
        self.people.append(person)
        return person

    @asynccontextmanager
    async def crowd(self, size: int, within: float, most: int = 10**9) -> AsyncIterator[None]:
        """So many people at any time, one after another; at the end those on their way finish.

        `most`: so many in all, and every one of them comes, however soon the end.
        """
        ending, least = asyncio.Event(), most if most < 10**9 else 0

        async def one_after_another() -> None:
            while len(self.people) < (least if ending.is_set() else most):
                await self.newcomer().walk()

        walking = [asyncio.create_task(one_after_another()) for _ in range(size)]
        try:
            yield
            ending.set()
            await asyncio.wait(walking, timeout=within)
            for task in walking:
                if task.done() and not task.cancelled() and (error := task.exception()) is not None:
                    raise error
        finally:
            for task in walking:
                task.cancel()
            await asyncio.gather(*walking, return_exceptions=True)

    # The verdict.

    async def quiet(self, within: float) -> bool:
        """Until nothing is due any more: all that Telegram was owed by now has been taken."""
        deadline = time.monotonic() + within
        async with opened(self.place.loaded) as installation:
            while time.monotonic() < deadline:
                if not await installation.db.read(lambda tx: _due(tx, self.now())):
                    return True
                await asyncio.sleep(0.5)
        return False

    async def verdict(
        self, *, quiet: bool = False, errors: bool = True, updates: bool = True, others: Collection[str] = ()
    ) -> Counts:
        """`quiet`: nothing may be owed any more. `errors`: no error may have been logged.

        `updates`: every confirmed update's turn must be in the database (where it is kept for two days).
        `others`: references of requests that somebody else sent than `people`.
        """
        confirmed = self.far_end.delivery.confirmed if updates else ()
        found = await truth.read(self.place.loaded, codes_of(self.people), confirmed)
        found = found.without(others)
        counts = Judge(found, self.far_end, self.questionnaire, GROUP, quiet).judge(self.people)
        counts.count("people", len(self.people))
        counts.count("cases", sum(len(kept) for kept in found.cases.values()))
        if errors:
            counts.wrong += [f"logged: {line}" for line in sorted(set(self.errors()))]
        self.far_end.story.write(self.place.home, counts.lost + counts.doubled)
        return counts

    def errors(self) -> list[str]:
        """What the service logged at level error or worse, without the time."""
        found = []
        for line in self.log.read_text(errors="replace").splitlines() if self.log.exists() else ():
            try:
                event = json.loads(line)
            except ValueError:
                event = {"level": "error", "event": line[:200]}
            if isinstance(event, dict) and event.get("level") in {"error", "critical"}:
                found.append(
                    " ".join(f"{event.get(k)}" for k in ("event", "job", "error", "where") if k in event)
                )
        return found


def _due(tx: Tx, now: int) -> bool:
    return bool(outbox.due(tx, now) or traces.due(tx, now))


@asynccontextmanager
async def open_field(
    home: Path,
    *,
    seed: int = 1,
    webhook: bool = False,
    database: str = "",
    habits: Habits | None = None,
    settings: Mapping[str, str] = MappingProxyType({}),
) -> AsyncIterator[Field]:
    """Set up and not started. `database`: a URL, or SQLite in the home folder."""
    found: list[Field] = []
    far_end = FarEnd(lambda: found[0].now() if found else int(time.time()), Weather(Random(seed)))
    await far_end.start()
    values = {
        "BOT_TOKEN": TOKEN,
        "BOT_API_URL": far_end.url,
        "SERVER_KEY_FILE": str(home / "keys" / "server.key"),
        "OPERATORS_CHAT": str(GROUP),
        "ORGANISATION": "Under Fire",
        "ANONYMITY_K": "1",
        "CARD_DELAY_MINUTES": "0",
        "UNDO_SECONDS": "0",
        "DRAFT_MINUTES": "600",
        "THROTTLE": "0",
        "LOG_FORMAT": "json",
    }
    if webhook:
        port = free_port()
        values |= {"WEBHOOK_URL": f"http://127.0.0.1:{port}/telegram", "LISTEN": f"127.0.0.1:{port}"}
        values["WEBHOOK_SECRET"] = SECRET
    if database:
        values["DATABASE_URL"] = database
    await asyncio.to_thread(home.mkdir, parents=True, exist_ok=True)
    place = Place(home, values | dict(settings))
    await setup.create(place.loaded, bytes(truth.RECOVERY.public_key))
    async with one_launcher() as launcher:
        field_ = Field(
            place,
            far_end,
            launcher,
            load_questionnaire(place.loaded),
            Random(seed),
            habits=habits or Habits(),
        )
        found.append(field_)
        field_.move_clock(0)
        try:
            yield field_
        finally:
            await field_.kill()
            await far_end.close()
