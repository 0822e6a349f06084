"""The life of a case, and the order of the queue."""

from __future__ import annotations

from itertools import pairwise, product
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from intake.questionnaire import Level
from intake.triage import BY_OPERATORS, Act, Outcome, Status, Waiting, after, order

waiting = st.builds(
    Waiting, st.text("0123456789ABC", min_size=8, max_size=8), st.sampled_from(Level), st.integers(0, 9)
)


def test_a_case_is_claimed_when_it_is_open_released_or_closed_by_its_holder_and_withdrawn_at_any_time() -> (
    None
):
    allowed = {(s, a): after(s, a) for s, a in product(Status, Act) if after(s, a) is not None}
    assert allowed == {
        (Status.OPEN, Act.CLAIM): Status.CLAIMED,
        (Status.CLAIMED, Act.RELEASE): Status.OPEN,
        (Status.CLAIMED, Act.CLOSE): Status.CLOSED,
        (Status.OPEN, Act.WITHDRAW): Status.CLOSED,
        (Status.CLAIMED, Act.WITHDRAW): Status.CLOSED,
    }


def test_no_operator_can_close_a_case_as_withdrawn() -> None:
    assert {*BY_OPERATORS, Outcome.WITHDRAWN} == set(Outcome)
    assert Outcome.WITHDRAWN not in BY_OPERATORS


def test_what_is_closed_stays_closed() -> None:
    assert all(after(Status.CLOSED, act) is None for act in Act)


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
