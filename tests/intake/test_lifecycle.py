"""The life of a case."""

from __future__ import annotations

from itertools import product

from intake.lifecycle import BY_OPERATORS, Act, Outcome, Status, after


def test_a_case_is_claimed_when_it_is_open_released_or_closed_by_its_holder_and_withdrawn_at_any_time() -> (
    None
):
    allowed = {(s, a): after(s, a) for s, a in product(Status, Act) if after(s, a) is not None}
    assert allowed == {
        (Status.OPEN, Act.CLAIM): Status.CLAIMED,
        (Status.CLAIMED, Act.RELEASE): Status.OPEN,
        (Status.CLAIMED, Act.EXPIRE): Status.OPEN,
        (Status.CLAIMED, Act.HAND_OVER): Status.CLAIMED,
        (Status.CLAIMED, Act.RAISE): Status.CLAIMED,
        (Status.CLAIMED, Act.LOWER): Status.CLAIMED,
        (Status.CLAIMED, Act.CLOSE): Status.CLOSED,
        (Status.OPEN, Act.WITHDRAW): Status.CLOSED,
        (Status.CLAIMED, Act.WITHDRAW): Status.CLOSED,
    }


def test_no_operator_can_close_a_case_as_withdrawn() -> None:
    assert {*BY_OPERATORS, Outcome.WITHDRAWN} == set(Outcome)
    assert Outcome.WITHDRAWN not in BY_OPERATORS


def test_what_is_closed_stays_closed() -> None:
    assert all(after(Status.CLOSED, act) is None for act in Act)
