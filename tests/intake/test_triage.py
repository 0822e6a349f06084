"""The order of the queue."""

from __future__ import annotations

from itertools import pairwise
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from intake.questionnaire import Level
from intake.triage import Waiting, order

waiting = st.builds(
    Waiting, st.text("0123456789ABC", min_size=8, max_size=8), st.sampled_from(Level), st.integers(0, 9)
)


@given(st.lists(waiting, max_size=8))
def test_nobody_waits_behind_somebody_who_came_later_with_less_urgency(cases: list[Waiting]) -> None:
    queue = sorted(cases, key=order)
    for first, second in pairwise(queue):
        assert first.level.rank <= second.level.rank
        if first.level is second.level:
            assert first.received_hour <= second.received_hour


@given(st.lists(waiting, max_size=6, unique_by=lambda case: case.reference), st.randoms())
def test_the_order_does_not_hang_on_how_the_cases_were_found(cases: list[Waiting], random: Random) -> None:
    shuffled = list(cases)
    random.shuffle(shuffled)
    assert sorted(shuffled, key=order) == sorted(cases, key=order)


def test_levels_rank_from_emergency_down() -> None:
    assert sorted(Level, key=lambda level: level.rank) == [Level.EMERGENCY, Level.URGENT, Level.STANDARD]
