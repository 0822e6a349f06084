"""Thousands press as fast as they can, while a few real people walk through."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from math import inf
from pathlib import Path
from random import Random
from statistics import median, quantiles

from tests.fire import health
from tests.fire.counts import Counts
from tests.fire.field import Field, open_field
from tests.fire.habits import Habits
from tests.fire.person import REFERENCE, Person

FLOODER = 8_200_000_000
GROUP_MESSAGES = 20
FINISH_SECONDS = 600.0
QUIET_SECONDS = 20.0
"""In which those of the quiet walk arrive."""
REAL = Habits(patience=20.0, pause=1.0, erases=0.0, by_code=0.0, emergency=0.02)
"""Real people read before they press."""
TICK = 0.01
MOST_MORE = 150.0
"""MiB that the flood may cost."""
MOST_TIMES = 3.0
"""Of the quiet p99."""
BUSY_MACHINE = 25.0
"""Per cent of a core that others took from the service: above that its times are theirs."""
NEVER = 1_000_000
"""Collections of the second generation between two of the third, which looks at everything."""
MOST_BEHIND = 20_000
"""Updates that wait at Telegram: the flood pauses there, or this process would have to hold it all."""


@dataclass(frozen=True)
class Core:
    """Per cent of one that the service had, and that it would have had but for others on this machine."""

    ran: float
    stood: float

    def __str__(self) -> str:
        return f"{self.ran:.0f} % of a core, and was kept from {self.stood:.0f} % more"


@dataclass
class Flood:
    sent: int = 0
    numbers: set[int] = field(default_factory=set)
    """Of its updates: what becomes of them is nobody's loss."""
    began: float = 0.0
    """By the loop's clock."""
    seconds: float = 0.0
    behind: list[int] = field(default_factory=list)
    """How many updates were waiting at Telegram, looked at again and again."""
    core: Core = field(default_factory=lambda: Core(0.0, 0.0))
    late: list[float] = field(default_factory=list)
    """Milliseconds by which this process came late to its own work: it has the same machine."""


async def run(
    home: Path,
    *,
    seed: int,
    accounts: int,
    seconds: float,
    people: int,
    rate: float,
    webhook: bool = False,
    database: str = "",
) -> Counts:
    """`rate`: updates a second from all flooders together, whether they are taken or not.

    As in service: the throttle is at its default. Half of the people come with the flood, the others one after another
    during its first half.
    """
    settings = {"THROTTLE": "3", "CARD_DELAY_MINUTES": "0", "ANONYMITY_K": "5"}
    made = open_field(home, seed=seed, habits=REAL, settings=settings, webhook=webhook, database=database)
    async with made as field_:
        await field_.start()
        with _without_long_collections():
            had = _having(field_)
            quiet = await _walked(field_, people, min(seconds / 2, QUIET_SECONDS))
            quiet_core = had()
            before = health.status(field_, "VmRSS")
            flooding = asyncio.create_task(_flood(field_, accounts, seconds, rate))
            flooded = await _walked(field_, people, seconds / 2, FINISH_SECONDS)
            flood = await flooding
        peak = health.status(field_, "VmHWM")
        await field_.stop()
        knocks = {number for person in flooded for number in person.memory.knocks}
        field_.far_end.delivery.confirmed -= flood.numbers | knocks  # of these no turn need be there
        counts = await field_.verdict(others=_sent_by_flooders(field_))
        counts.count("times that people wrote /start before they were let in", len(knocks))
        counts.count("flooders' updates", flood.sent)
        begun = sum(
            any(m.rows for m in chat.values())
            for user, chat in field_.far_end.chats.items()
            if user > FLOODER
        )
        counts.said.append(
            f"{accounts} accounts, {flood.sent / flood.seconds:.0f} updates/s for {flood.seconds:.0f} s; "
            f"{begun} of them were let in; at Telegram waited {median(flood.behind):.0f}, at most {max(flood.behind)}"
        )
        counts.said += _judged(quiet, flooded, flood, quiet_core)
        firsts = sorted(person.memory.first_screen - person.memory.began for person in flooded)
        counts.said.append(
            f"from /start to the first screen: median {median(firsts):.2f} s, at most {firsts[-1]:.2f} s; "
            f"resident {before:.0f} MiB before, {peak:.0f} MiB at its peak"
        )
        counts.said.append(
            f"the flood itself was late by {_p50(flood.late):.0f} ms, p99 {_p99(flood.late):.0f} ms, "
            f"at most {max(flood.late):.0f} ms"
        )
        _readable(field_, counts)
        if peak > before + MOST_MORE:
            counts.wrong.append(f"memory grew from {before:.0f} to {peak:.0f} MiB")
        return counts


@contextmanager
def _without_long_collections() -> Iterator[None]:
    """This process holds a hundred thousand updates: looking through all of them for garbage stops it for a quarter of
    a second, and whoever pressed meanwhile would seem to have waited for the service.
    """
    usual = gc.get_threshold()
    gc.collect()
    gc.set_threshold(*usual[:2], NEVER)
    try:
        yield
    finally:
        gc.set_threshold(*usual)


async def _walked(field_: Field, people: int, over: float, within: float = 300.0) -> list[Person]:
    """Half of them at once, the others one after another."""
    crowd = [field_.newcomer() for _ in range(people)]

    async def come(number: int, person: Person) -> None:
        await asyncio.sleep(over * max(0, 2 * number - people) / people)
        await person.walk()

    await asyncio.wait([asyncio.create_task(come(*one)) for one in enumerate(crowd)], timeout=within)
    return crowd


def _judged(quiet: list[Person], flooded: list[Person], flood: Flood, quiet_core: Core) -> list[str]:
    """Presses made during the flood apart from those of the same people before and after it."""
    over = flood.began + flood.seconds
    during, beside = (
        _waits(flooded, flood.began, over),
        _waits(flooded, 0.0, flood.began) + _waits(flooded, over),
    )
    calm = _waits(quiet)
    ratio = _p99(during) / max(_p99(calm), 0.001)
    reached = "reached" if ratio <= MOST_TIMES else "NOT REACHED"
    if max(quiet_core.stood, flood.core.stood) > BUSY_MACHINE:
        reached = "says little: others kept the service from its core"
    return [
        f"the people's presses: {_told(calm)} in quiet; {_told(during)} during the flood; {_told(beside)} after it",
        f"p99 during the flood is {ratio:.1f} times the quiet one, at most {MOST_TIMES:.0f} are allowed: {reached}",
        f"in quiet the service had {quiet_core}; in the flood {flood.core}",
    ]


def _told(waits: list[float]) -> str:
    return f"{len(waits)} with p50 {_p50(waits):.0f} ms, p99 {_p99(waits):.0f} ms"


def _waits(crowd: list[Person], since: float = 0.0, until: float = inf) -> list[float]:
    """Milliseconds from each of their presses, made in that time, to what it showed."""
    return [1000 * wait for person in crowd for at, wait in person.memory.waits if since <= at < until]


def _having(field_: Field) -> Callable[[], Core]:
    """From now on until it is called: what the service had."""
    loop, before = asyncio.get_running_loop(), health.waited(field_)
    began = loop.time()

    def found() -> Core:
        seconds = max(loop.time() - began, 0.001)
        return Core(*(100 * (b - a) / seconds for a, b in zip(before, health.waited(field_), strict=True)))

    return found


async def _flood(field_: Field, accounts: int, seconds: float, rate: float) -> Flood:
    """Presses on whatever they saw, /start, text; none waits for anything."""
    random, loop, flood = Random(1), asyncio.get_running_loop(), Flood()
    began, waiting, had = loop.time(), field_.far_end.delivery.waiting, _having(field_)
    flood.began = began
    while flood.seconds < seconds:
        flood.seconds = loop.time() - began
        due = min(rate * flood.seconds - flood.sent, rate / 4, MOST_BEHIND - len(waiting))
        for _ in range(int(due)):
            flood.numbers.add(_press(field_, FLOODER + random.randrange(accounts), random))
            flood.sent += 1
        flood.behind.append(len(waiting))
        slept = loop.time()
        await asyncio.sleep(TICK)
        flood.late.append(1000 * (loop.time() - slept - TICK))
    flood.core = had()
    return flood


def _press(field_: Field, user: int, random: Random) -> int:
    chat = field_.far_end.chats.get(user, {})
    screen = next((n for n in reversed(chat) if chat[n].rows), None)
    if screen is not None and random.random() < 0.7:
        rows = chat[screen].rows
        data = str(random.choice(random.choice(rows)).get("callback_data", "0.x"))
        return field_.far_end.press(user, screen, data)[1]
    return field_.far_end.write(user, random.choice(["/start", "/start", "hello", "/status"]))[1]


def _sent_by_flooders(field_: Field) -> set[str]:
    """References of what those who press on anything have sent."""
    told = [
        line for query, line in field_.far_end.answered.items() if int(query[1:].partition("-")[0]) >= FLOODER
    ]
    chats = [chat for user, chat in field_.far_end.chats.items() if user >= FLOODER]
    told += [message.text for chat in chats for message in chat.values() if message.ours]
    return {reference for line in told for reference in REFERENCE.findall(line)}


def _readable(field_: Field, counts: Counts) -> None:
    """No minute holds more messages to the group than Telegram takes."""
    times = sorted(field_.far_end.group_times)
    most = max((sum(t <= other < t + 60 for other in times) for t in times), default=0)
    counts.count("most messages to the group in a minute", most)
    if most > GROUP_MESSAGES:
        counts.wrong.append(f"{most} messages to the group within a minute")


def _p50(waits: list[float]) -> float:
    return median(waits) if waits else 0.0


def _p99(waits: list[float]) -> float:
    return quantiles(waits, n=100)[98] if len(waits) > 1 else 0.0
