"""The order of the queue: what is pressing first, and nobody for ever last."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from random import Random

from hypothesis import example, given
from hypothesis import strategies as st

from benchmarks.surge import Surge, play
from intake.questionnaire import Level
from intake.triage import (
    HOUR,
    OLDEST_EVERY,
    SERVICE,
    Waiting,
    following,
    is_late,
    is_oldests_turn,
    oldest,
    order,
)

NOW = 1_000 * HOUR
hours = st.integers(0, 1_000).map(lambda hour: hour * HOUR)
"""Some wait far longer than any service level."""
waiting = st.builds(
    Waiting,
    st.text("0123456789ABC", min_size=8, max_size=8),
    st.sampled_from(Level),
    hours,
    st.booleans(),
    st.none() | st.integers(1, 400).map(lambda hour: hour * HOUR),
)
several = st.lists(waiting, min_size=1, max_size=8, unique_by=lambda case: case.reference)
EMERGENCY = Waiting("00000001", Level.EMERGENCY, NOW)
URGENT = Waiting("00000002", Level.URGENT, NOW)
STANDARD = Waiting("00000003", Level.STANDARD, NOW)


def queue(*cases: Waiting, now: int = NOW) -> list[Waiting]:
    return sorted(cases, key=lambda case: order(case, now))


@given(several, st.integers(0, 30))
def test_no_emergency_waits_behind_a_lesser_case(cases: list[Waiting], takings: int) -> None:
    levels = [case.level for case in queue(*cases)]
    assert levels[: levels.count(Level.EMERGENCY)] == [Level.EMERGENCY] * levels.count(Level.EMERGENCY)
    taken = following(cases, takings, NOW)
    assert taken is not None
    assert (taken.level is Level.EMERGENCY) == (Level.EMERGENCY in levels)


@given(several)
def test_within_their_service_levels_the_more_urgent_comes_first(cases: list[Waiting]) -> None:
    fresh = [case for case in cases if not is_late(case.level, case.received_hour, NOW)]
    for first, second in pairwise(queue(*fresh)):
        assert first.level.rank <= second.level.rank


def test_of_one_level_the_deadline_counts_then_the_wait() -> None:
    soon, later = (replace(URGENT, reference=str(h), within=h * HOUR) for h in (8, 40))
    unsaid = replace(URGENT, reference="unsaid")
    assert queue(later, unsaid, soon) == [soon, unsaid, later], "unsaid counts as due by the service level"
    earlier = replace(soon, reference="earlier", received_hour=NOW - HOUR)
    assert queue(soon, earlier) == [earlier, soon]
    little = replace(STANDARD, near_empty=True, received_hour=NOW - 9 * HOUR)
    assert queue(little, STANDARD) == [STANDARD, little]


def test_past_its_service_level_a_standard_case_overtakes_urgent_ones() -> None:
    aged = replace(STANDARD, received_hour=NOW - SERVICE[Level.STANDARD] - HOUR)
    assert queue(URGENT, aged, EMERGENCY) == [EMERGENCY, aged, URGENT]
    assert queue(URGENT, aged, now=NOW - 1) == [URGENT, aged], "an hour's grain: not before it is surely late"
    longer = replace(URGENT, reference="longer", received_hour=NOW - SERVICE[Level.URGENT] - 9 * HOUR)
    assert queue(aged, longer) == [longer, aged], "of two that are late, who is late for longer"


def test_a_flood_of_nearly_empty_requests_never_overtakes_an_urgent_one() -> None:
    flood = replace(STANDARD, near_empty=True, received_hour=0)
    assert queue(flood, URGENT) == [URGENT, flood]
    assert queue(flood, STANDARD) == [flood, STANDARD], "but it isn't the last for ever"


@given(waiting, several, st.integers(0, 30))
@example(replace(STANDARD, near_empty=True, received_hour=NOW), [URGENT], 0)
def test_the_wait_is_bounded_however_many_more_come(
    case: Waiting, others: list[Waiting], takings: int
) -> None:
    """Emergencies apart, which come before everything: after so many takings it is taken, whoever came meanwhile."""
    earlier = [c for c in others if (c.received_hour, c.reference) < (case.received_hour, case.reference)]
    earlier = [c for c in earlier if c.level is not Level.EMERGENCY]
    cases, now = [*earlier, case], NOW
    for count in range(OLDEST_EVERY * (len(earlier) + 1)):
        now += HOUR
        # As bad as it can be: before each taking, somebody comes who is urgent and has an hour left.
        cases.append(Waiting(f"new-{count}", Level.URGENT, now, within=HOUR))
        taken = following(cases, takings + count, now)
        assert taken is not None
        if taken == case:
            return
        cases.remove(taken)
    raise AssertionError("it is still waiting")


@given(several)
def test_the_oldest_has_each_fifth_taking(cases: list[Waiting]) -> None:
    assert [is_oldests_turn(takings) for takings in range(10)].count(True) == 10 // OLDEST_EVERY
    lesser = [case for case in cases if case.level is not Level.EMERGENCY]
    first = following(lesser, OLDEST_EVERY - 1, NOW)
    assert first == oldest(lesser)
    assert first is None or first.received_hour == min(case.received_hour for case in lesser)


@given(several, st.randoms())
def test_the_order_does_not_hang_on_how_the_cases_were_found(cases: list[Waiting], random: Random) -> None:
    shuffled = list(cases)
    random.shuffle(shuffled)
    assert queue(*shuffled) == queue(*cases)


def test_levels_rank_from_emergency_down() -> None:
    assert sorted(Level, key=lambda level: level.rank) == [Level.EMERGENCY, Level.URGENT, Level.STANDARD]


def test_a_small_surge_played_through() -> None:
    """As `make surge`, smaller: fewer come, and fewer take."""
    found = play(Surge("a day and a half that is too much", (150, 100, 0), 1, 12.0))
    assert found.takings == 250
    assert found.behind_lesser == 0
    assert found.longest(Level.EMERGENCY) < 2 * HOUR
    assert found.longest(Level.STANDARD) < SERVICE[Level.STANDARD]
    assert found.to_oldest == found.lesser // OLDEST_EVERY
