"""Ways to load a bot: people at once in a closed loop, steps that arrive at random, and conversations left open."""

from __future__ import annotations

import asyncio
import os
import random
import time
from collections import Counter, deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from benchmarks.kernel import cpu_seconds, tree_cpu_seconds
from benchmarks.load.feed import Feed
from benchmarks.load.people import Crowd, Person

PATIENCE = 30.0
"""Seconds until a step counts as lost."""
SETTLE = 0.5
"""Seconds after the last step in which the bot may finish what it put off; they count as CPU, not as time."""
POOL = 100
"""Conversations among which steps arrive at random."""


@dataclass
class Result:
    steps: int = 0
    """Finished while it was measured."""
    seconds: float = 0.0
    ended: int = 0
    """Conversations that came to their end, since the bot was started."""
    lost: int = 0
    cpu_steps: int = 0
    """Steps that the CPU times are for: those measured, and those that were under way at the end."""
    bot_cpu: float = 0.0
    own_cpu: float = 0.0
    beside_cpu: float = 0.0
    """Of the process that was named with the bot, such as its database, and that one's children."""
    took: list[float] = field(default_factory=list)
    """Seconds from each step's update to its screen."""
    calls: dict[str, int] = field(default_factory=dict)
    ready_at: float = 0.0
    """When the bot first asked for updates, by the monotonic clock, and its CPU time then."""
    ready_cpu: float = 0.0


class Runs:
    def __init__(self, crowd: Crowd, feed: Feed) -> None:
        self._crowd, self._feed = crowd, feed
        self._idle: deque[Person] = deque()
        """In mid-conversation, to go on with; the one who waited longest first."""
        self._ended = self._lost = 0
        self._random = random.Random(7)  # noqa: S311 - arrivals, the same in every run

    async def closed(
        self, people: int, warm: float, seconds: float, pids: Sequence[int], beside: int | None = None
    ) -> Result:
        """So many people, each of whom presses as soon as the screen has changed."""
        result = Result()
        measures = goes_on = False

        def done(person: Person, took: float) -> None:
            if measures:
                result.cpu_steps += 1
                if goes_on:
                    result.steps += 1
                    result.took.append(took)
            if goes_on or not measures:
                self._next(person)
            else:
                self._rest(person)

        with self._listening(done):
            for _ in range(people):
                self._one_more()
                await asyncio.sleep(warm / people)
            with self._measured(result, pids, beside):
                measures = goes_on = True
                start = time.monotonic()
                await asyncio.sleep(seconds)
                result.seconds = time.monotonic() - start
                goes_on = False
                await self._until_quiet()
        return result

    async def open(self, rate: float, warm: float, seconds: float, pids: Sequence[int]) -> Result:
        """Steps arrive at random, `rate` a second on average, whether the bot keeps up or not."""
        result = Result(seconds=seconds)
        loop = asyncio.get_running_loop()
        began = time.monotonic() + warm

        def done(person: Person, took: float) -> None:
            if person.since >= began:
                result.cpu_steps += 1
                result.steps += 1
                result.took.append(took)
            self._rest(person)

        async def arrive(until: float) -> None:
            at = loop.time()
            while at < until:
                at += self._random.expovariate(rate)
                await asyncio.sleep(at - loop.time())
                self._one_more(only_if=POOL)

        with self._listening(done):
            await arrive(began)
            with self._measured(result, pids):
                await arrive(began + seconds)
                await self._until_quiet()
        return result

    async def hold(self, count: int, presses: int, at_once: int) -> Result:
        """Begin so many conversations, take them so many presses far, and leave them."""
        result = Result()
        left = count
        far: Counter[int] = Counter()

        def begin() -> None:
            nonlocal left
            if left:
                left -= 1
                self._crowd.start()

        def done(person: Person, _took: float) -> None:
            result.steps += 1
            data = person.next_button() if far[person.chat] < presses else None
            if data is None:
                far.pop(person.chat, None)
                self._crowd.forget(person)
                begin()
            else:
                far[person.chat] += 1
                self._crowd.press(person, data)

        with self._listening(done):
            start = time.monotonic()
            for _ in range(at_once):
                begin()
            await self._until_quiet()
            result.seconds = time.monotonic() - start
        return result

    async def first(self, pid: int, patience: float) -> Result:
        """Somebody writes before the bot is there; until it answers. `seconds` is when, by the monotonic clock."""
        result = Result()
        answered = asyncio.Event()

        def done(person: Person, took: float) -> None:
            result.steps += 1
            result.bot_cpu = cpu_seconds(pid)
            result.seconds = person.since + took
            self._rest(person)
            answered.set()

        def ready() -> None:
            result.ready_at, result.ready_cpu = time.monotonic(), cpu_seconds(pid)

        self._crowd.api.when_ready = ready
        with self._listening(done):
            self._crowd.start()
            try:
                async with asyncio.timeout(patience):
                    await answered.wait()
            except TimeoutError:
                result.lost = 1
        return result

    async def balance(self, ports: Sequence[int], patience: float) -> Result:
        """From now on the webhook's updates go to these in turn, once all are there: a load balancer."""
        async with asyncio.timeout(patience):
            while self._crowd.api.counts["setwebhook"] < len(ports):  # noqa: ASYNC110 - a start is no event here
                await asyncio.sleep(0.05)
        self._feed.balance(ports)
        return Result()

    async def say(self, chat: int, text: str, seconds: float, pids: Sequence[int]) -> Result:
        """Somebody known writes the same thing, for so long, each time when it has been answered; once at least."""
        result = Result()
        person = Person(chat)
        answered = asyncio.Event()

        def done(_person: Person, took: float) -> None:
            result.steps += 1
            result.took.append(took)
            answered.set()

        with self._listening(done), self._measured(result, pids):
            until = time.monotonic() + seconds
            while not result.steps or time.monotonic() < until:
                answered.clear()
                self._crowd.start(person, text)
                async with asyncio.timeout(PATIENCE):
                    await answered.wait()
        self._crowd.forget(person)
        return result

    def _one_more(self, only_if: int = 1) -> None:
        """The next step of the conversation that waited longest; a new one if there are fewer than `only_if`."""
        if len(self._idle) < only_if:
            self._crowd.start()
        else:
            self._next(self._idle.popleft())

    def _next(self, person: Person) -> None:
        data = person.next_button()
        if data is None:
            self._end(person)
            self._crowd.start()
        else:
            self._crowd.press(person, data)

    def _rest(self, person: Person) -> None:
        self._idle.append(person)

    def _end(self, person: Person) -> None:
        self._ended += 1
        self._crowd.forget(person)

    @contextmanager
    def _listening(self, done: Callable[[Person, float], None]) -> Iterator[None]:
        self._crowd.done = done
        yield
        self._crowd.done = lambda _person, _took: None

    @contextmanager
    def _measured(self, result: Result, pids: Sequence[int], beside: int | None = None) -> Iterator[None]:
        def spent() -> tuple[float, float, float]:
            database = 0.0 if beside is None else tree_cpu_seconds(beside)
            return sum(map(cpu_seconds, pids)), cpu_seconds(os.getpid()), database

        lost, calls, before = self._lost, Counter(self._crowd.api.counts), spent()
        yield
        times = (now - was for now, was in zip(spent(), before, strict=True))
        result.bot_cpu, result.own_cpu, result.beside_cpu = times
        result.calls = dict(self._crowd.api.counts - calls)
        result.lost, result.ended = self._lost - lost, self._ended

    async def _until_quiet(self) -> None:
        """Until nobody waits for the bot any more; who has waited longer than PATIENCE is lost."""
        while self._crowd.waiting:
            await asyncio.sleep(0.02)
            late = time.monotonic() - PATIENCE
            for person in [person for person in self._crowd.waiting.values() if person.since < late]:
                self._lost += 1
                self._crowd.forget(person)
        await asyncio.sleep(SETTLE)
