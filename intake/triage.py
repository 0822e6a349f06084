"""Which case comes next.

Level first, then the deadline, then how long it has waited; and nobody waits for ever:

- An emergency comes before everything else, whatever else has happened.
- A case that nobody has taken within its service level comes before all others that are no emergency, the one that is
  due for the longest first. So a standard case overtakes urgent ones that came much later, and never an emergency.
- Nearly empty requests are the last of their level until their service level has passed. They never overtake an
  urgent one: sending many of them must not push anybody back.
- Each fifth taking (`OLDEST_EVERY`) goes to the case that has waited longest, of whatever level. That bounds the
  wait of every case: with n open cases before it, it is taken after 5 n takings at the latest.

Where it ends: while emergencies come faster than they are taken, nothing else is taken. Whoever skips that case, or
filters, takes another; the turn remains for whoever looks next.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from intake.questionnaire import Level

HOUR = 3_600

Service = Mapping[Level, int]
"""Level -> seconds within which a request of it gets its first reply."""
SERVICE: Service = MappingProxyType(
    {Level.EMERGENCY: 2 * HOUR, Level.URGENT: 24 * HOUR, Level.STANDARD: 72 * HOUR}
)

OLDEST_EVERY = 5
"""Of so many takings, one is the oldest case's."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """A case in the queue, as far as its order is concerned."""

    reference: str
    level: Level
    received_hour: int
    """Unix seconds, cut to the hour; an emergency's to the minute."""
    near_empty: bool = False
    within: int | None = None
    """Seconds that were left when it came, by what the requester answered; None: nothing was said of it."""


Key = tuple[int, bool, int, int, str]


def order(case: Waiting, now: int, service: Service = SERVICE) -> Key:
    """Sort key at this moment: see the module. The reference settles ties."""
    late = is_late(case.level, case.received_hour, now, service)
    served_by = case.received_hour + service[case.level]
    if case.level is not Level.EMERGENCY and late and not case.near_empty:
        return 1, False, served_by, case.received_hour, case.reference
    band = {Level.EMERGENCY: 0, Level.URGENT: 2, Level.STANDARD: 3}[case.level]
    deadline = served_by if case.within is None else case.received_hour + case.within
    return band, case.near_empty and not late, deadline, case.received_hour, case.reference


def is_late(level: Level, received_hour: int, now: int, service: Service = SERVICE) -> bool:
    """Whether a request that has had no reply yet is past its service level."""
    return now >= becomes_late(level, received_hour, service)


def becomes_late(level: Level, received_hour: int, service: Service = SERVICE) -> int:
    """When it is past its service level, in Unix seconds.

    Only the hour in which it came is known, except of an emergency: it counts from the end of that hour.
    """
    return received_hour + service[level] + (0 if level is Level.EMERGENCY else HOUR)


def is_oldests_turn(takings: int) -> bool:
    """After so many takings, whether the next is the oldest case's."""
    return takings % OLDEST_EVERY == OLDEST_EVERY - 1


def oldest(cases: Iterable[Waiting]) -> Waiting | None:
    """Whose turn it is then: whoever came first. While an emergency waits, it is an emergency's turn all the same."""
    found = list(cases)
    pressing = [case for case in found if case.level is Level.EMERGENCY]
    return min(pressing or found, key=age, default=None)


def age(case: Waiting) -> tuple[int, str]:
    """Sort key: the oldest first."""
    return case.received_hour, case.reference


def following(cases: Iterable[Waiting], takings: int, now: int, service: Service = SERVICE) -> Waiting | None:
    """The case to take next, after so many takings of cases that were no emergency."""
    found = list(cases)
    if is_oldests_turn(takings) and all(case.level is not Level.EMERGENCY for case in found):
        return oldest(found)
    return min(found, key=lambda case: order(case, now, service), default=None)
