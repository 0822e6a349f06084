"""How fast one account may press: a burst, then a steady rate, and nobody pays for anybody else."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handlers.throttle import BURST_SECONDS, LEAST_BURST, MOST_KEPT, Throttle

ANN, BEN = b"ann", b"ben"


def admitted(throttle: Throttle, account: bytes, at: float, presses: int) -> int:
    return sum(throttle.admits(account, at) for _ in range(presses))


@pytest.mark.parametrize(
    ("rate", "burst"), [(0.5, LEAST_BURST), (1.0, LEAST_BURST), (10.0, 10 * BURST_SECONDS)]
)
def test_a_burst_is_taken_and_then_the_rate(rate: float, burst: int) -> None:
    throttle = Throttle(rate)
    assert admitted(throttle, ANN, 100.0, 2 * burst) == burst
    assert admitted(throttle, ANN, 100.0 + 3.5 / rate, 10) == 3


def test_what_was_refused_does_not_lengthen_the_wait() -> None:
    throttle = Throttle(1.0)
    admitted(throttle, ANN, 0.0, 1_000)
    assert throttle.admits(ANN, 1.0)


def test_after_some_quiet_the_whole_burst_is_there_again_and_no_more() -> None:
    throttle = Throttle(1.0)
    admitted(throttle, ANN, 0.0, 100)
    assert admitted(throttle, ANN, 1_000_000.0, 100) == LEAST_BURST


def test_nobody_waits_because_of_somebody_else() -> None:
    throttle = Throttle(1.0)
    admitted(throttle, ANN, 0.0, 100)
    assert admitted(throttle, BEN, 0.0, LEAST_BURST) == LEAST_BURST


def test_zero_is_off() -> None:
    assert admitted(Throttle(0), ANN, 0.0, 10_000) == 10_000


@given(
    st.sampled_from([0.5, 2.0, 5.0]),
    st.lists(st.floats(0, 20, allow_nan=False), min_size=1, max_size=200),
)
def test_no_stretch_of_time_admits_more_than_its_rate_and_one_burst(rate: float, pauses: list[float]) -> None:
    throttle, now = Throttle(rate), 0.0
    taken = []
    for pause in pauses:
        now += pause / 10
        if throttle.admits(ANN, now):
            taken.append(now)
    burst = max(LEAST_BURST, rate * BURST_SECONDS)
    for number, first in enumerate(taken):
        for more, last in enumerate(taken[number:], start=1):
            assert more <= burst + (last - first) * rate + 1e-6


def test_a_flood_of_accounts_does_not_fill_the_memory() -> None:
    throttle = Throttle(1.0)
    for number in range(MOST_KEPT + 500):
        assert throttle.admits(number.to_bytes(4), 0.0)
    assert len(throttle._levels) <= MOST_KEPT


def test_making_room_forgets_the_quiet_and_keeps_who_is_pressing() -> None:
    throttle = Throttle(1.0)
    for number in range(MOST_KEPT - 1):
        throttle.admits(number.to_bytes(4), 0.0)
    assert admitted(throttle, ANN, 10.0, 100) == LEAST_BURST
    throttle.admits(BEN, 10.0)
    assert len(throttle._levels) == 2
    assert not throttle.admits(ANN, 10.0)
