"""`make surge`: days of a surge, played through with the queue's own order. Pure, seeded, and done in seconds.

1,500 requests a day come in a daily rhythm to ten operators, who take the next case as soon as they are done with one.
How long a case takes is drawn anew each time. Two surges: one that the operators can just carry, and one that they
can't, of four days, after which fewer requests come and what has piled up is worked off.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from heapq import heappop, heappush
from random import Random

from intake.questionnaire import Level
from intake.triage import OLDEST_EVERY, SERVICE, Waiting, following, is_oldests_turn

DAY = 86_400
HOUR = 3_600
MIX = {Level.EMERGENCY: 0.03, Level.URGENT: 0.22, Level.STANDARD: 0.75}
NEAR_EMPTY = 0.06
"""Of the standard ones."""
WITHIN = (24 * HOUR, 72 * HOUR, 14 * DAY, None)
"""What people say of the time that they have left."""


@dataclass(frozen=True, slots=True)
class Surge:
    name: str
    a_day: tuple[int, ...]
    """Requests on each day."""
    operators: int
    minutes: float
    """That a case takes, on average."""


CARRIED = Surge("a surge that ten operators can just carry", (1_500,) * 5, 10, 9.0)
OVERLOAD = Surge("four days of more than they can, then less", (1_500,) * 4 + (600,) * 4, 10, 14.5)


@dataclass
class Found:
    """What came of it. Waits in seconds, by level."""

    waits: dict[Level, list[int]] = field(default_factory=lambda: {level: [] for level in Level})
    takings: int = 0
    lesser: int = 0
    """Takings of cases that were no emergency: of these the oldest have their share."""
    to_oldest: int = 0
    behind_lesser: int = 0
    """Takings of a lesser case while an emergency waited."""
    late: int = 0
    most_waiting: int = 0

    def longest(self, level: Level) -> int:
        return max(self.waits[level], default=0)

    def ninety_ninth(self, level: Level) -> int:
        waits = sorted(self.waits[level])
        return waits[math.ceil(len(waits) * 0.99) - 1] if waits else 0


def play(surge: Surge, seed: int = 1) -> Found:
    """Until everything that came has been taken."""
    random, found = Random(seed), Found()  # noqa: S311 - the same each time
    coming = list(_arrivals(surge, random))
    free: list[tuple[float, int]] = [(0.0, each) for each in range(surge.operators)]
    arrived = dict[str, int]()
    waiting = dict[str, Waiting]()
    place = 0
    while place < len(coming) or waiting:
        now, who = heappop(free)
        if not waiting and coming[place][0] > now:
            now = coming[place][0]  # nobody to take: whoever is free waits for the next
        while place < len(coming) and coming[place][0] <= now:
            at, case = coming[place]
            waiting[case.reference], arrived[case.reference] = case, at
            place += 1
        found.most_waiting = max(found.most_waiting, len(waiting))
        _take(found, waiting, arrived, int(now))
        heappush(free, (now + random.expovariate(1 / (surge.minutes * 60)), who))
    return found


def _take(found: Found, waiting: dict[str, Waiting], arrived: dict[str, int], now: int) -> None:
    case = following(waiting.values(), found.lesser, now)
    assert case is not None
    emergencies = any(each.level is Level.EMERGENCY for each in waiting.values())
    del waiting[case.reference]
    wait = now - arrived[case.reference]
    found.waits[case.level].append(wait)
    found.takings += 1
    found.late += wait > SERVICE[case.level]
    if case.level is not Level.EMERGENCY:
        found.behind_lesser += emergencies
        found.to_oldest += is_oldests_turn(found.lesser)
        found.lesser += 1


def _arrivals(surge: Surge, random: Random) -> Iterator[tuple[int, Waiting]]:
    """(when, case), in order of time: most come in the evening, few towards morning."""
    times = sorted(
        day * DAY + _time_of_day(random) for day, count in enumerate(surge.a_day) for _ in range(count)
    )
    for number, at in enumerate(times):
        level = random.choices(list(MIX), list(MIX.values()))[0]
        grain = 60 if level is Level.EMERGENCY else HOUR
        little = level is Level.STANDARD and random.random() < NEAR_EMPTY
        yield at, Waiting(f"{number:08d}", level, at - at % grain, little, random.choice(WITHIN))


def _time_of_day(random: Random) -> int:
    while True:
        second = random.randrange(DAY)
        if random.random() < (1 + 0.8 * math.sin(2 * math.pi * (second / DAY - 0.5))) / 1.8:
            return second


def lines(surge: Surge, found: Found) -> Iterator[str]:
    yield f"{surge.name}: {sum(surge.a_day):,} requests in {len(surge.a_day)} days, {surge.operators} operators,"
    yield f"  {surge.minutes:g} minutes a case; at most {found.most_waiting:,} waited at once"
    yield f"  {'level':<10} {'requests':>8} {'longest wait':>13} {'p99':>9}"
    for level in Level:
        longest, p99 = _hours(found.longest(level)), _hours(found.ninety_ninth(level))
        yield f"  {level:<10} {len(found.waits[level]):>8,} {longest:>13} {p99:>9}"
    yield f"  emergencies behind lesser cases: {found.behind_lesser}"
    share = found.to_oldest / max(1, found.lesser)
    yield f"  share of takings to the oldest: {share:.1%} (one in {OLDEST_EVERY}, emergencies apart)"
    yield f"  taken after their service level: {found.late:,}"


def _hours(seconds: int) -> str:
    return f"{seconds // 60} min" if seconds < HOUR else f"{seconds / HOUR:.1f} h"


def main() -> int:
    behind = 0
    for surge in (CARRIED, OVERLOAD):
        found = play(surge)
        behind += found.behind_lesser
        print("\n".join(lines(surge, found)), end="\n\n")
    return 1 if behind else 0


if __name__ == "__main__":
    sys.exit(main())
