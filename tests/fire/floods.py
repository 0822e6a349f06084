"""Thousands press as fast as they can, while a few real people walk through."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from statistics import median, quantiles

from tests.fire import health
from tests.fire.counts import Counts
from tests.fire.field import Field, open_field
from tests.fire.person import REFERENCE, Habits, Person

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
MOST_BEHIND = 20_000
"""Updates that wait at Telegram: the flood pauses there, or this process would have to hold it all."""


@dataclass
class Flood:
    sent: int = 0
    numbers: set[int] = field(default_factory=set)
    """Of its updates: what becomes of them is nobody's loss."""
    seconds: float = 0.0
    behind: list[int] = field(default_factory=list)
    """How many updates were waiting at Telegram, looked at again and again."""
    ran: float = 0.0
    stood: float = 0.0
    """Per cent of a core that the service had, and that it would have had but for others on this machine."""
    late: list[float] = field(default_factory=list)
    """Milliseconds by which this process came late to its own work: it has the same machine."""


async def run(
    home: Path, *, seed: int, accounts: int, seconds: float, people: int, rate: float, webhook: bool = False
) -> Counts:
    """`rate`: updates a second from all flooders together, whether they are taken or not.

    As in service: the throttle is at its default. Half of the people come with the flood, the others one after another
    during its first half.
    """
    settings = {"THROTTLE": "3", "CARD_DELAY_MINUTES": "0", "ANONYMITY_K": "5"}
    async with open_field(home, seed=seed, habits=REAL, settings=settings, webhook=webhook) as field_:
        await field_.start()
        quiet = await _walked(field_, people, min(seconds / 2, QUIET_SECONDS))
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
        ratio = _p99(_waits(flooded)) / max(_p99(_waits(quiet)), 0.001)
        counts.said.append(
            f"p50 quiet {_p50(_waits(quiet)):.0f} ms, flooded {_p50(_waits(flooded)):.0f} ms; "
            f"p99 quiet {_p99(_waits(quiet)):.0f} ms, flooded {_p99(_waits(flooded)):.0f} ms: {ratio:.1f} times"
        )
        firsts = sorted(person.memory.first_screen - person.memory.began for person in flooded)
        counts.said.append(
            f"from /start to the first screen: median {median(firsts):.2f} s, at most {firsts[-1]:.2f} s; "
            f"resident {before:.0f} MiB before, {peak:.0f} MiB at its peak"
        )
        counts.said.append(
            f"the service had {flood.ran:.0f} % of a core, and was kept from {flood.stood:.0f} % more; "
            f"the flood itself was late by {_p50(flood.late):.0f} ms, p99 {_p99(flood.late):.0f} ms"
        )
        _readable(field_, counts)
        if peak > before + MOST_MORE:
            counts.wrong.append(f"memory grew from {before:.0f} to {peak:.0f} MiB")
        return counts


async def _walked(field_: Field, people: int, over: float, within: float = 300.0) -> list[Person]:
    """Half of them at once, the others one after another."""
    crowd = [field_.newcomer() for _ in range(people)]

    async def come(number: int, person: Person) -> None:
        await asyncio.sleep(over * max(0, 2 * number - people) / people)
        await person.walk()

    await asyncio.wait([asyncio.create_task(come(*one)) for one in enumerate(crowd)], timeout=within)
    return crowd


def _waits(crowd: list[Person]) -> list[float]:
    """Milliseconds from each of their presses to what it showed."""
    return [1000 * wait for person in crowd for wait in person.memory.waits]


async def _flood(field_: Field, accounts: int, seconds: float, rate: float) -> Flood:
    """Presses on whatever they saw, /start, text; none waits for anything."""
    random, loop, flood = Random(1), asyncio.get_running_loop(), Flood()
    began, waiting, before = loop.time(), field_.far_end.delivery.waiting, health.waited(field_)
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
    after = health.waited(field_)
    flood.ran, flood.stood = (100 * (b - a) / flood.seconds for a, b in zip(before, after, strict=True))
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
