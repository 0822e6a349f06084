"""The line of those who have to wait: who may begin, who is called in when, and who hears of it."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from handlers import admission
from handlers.admission import (
    BURST,
    HELD_UP_BURST,
    HURRIES,
    LINES_PER_SECOND,
    MOST_WAITING,
    PER_SECOND,
    QUIET_SECONDS,
    SHORT,
    SOON_SECONDS,
    TELL_AFTER,
    Admission,
)
from handlers.incoming import Incoming, Kind
from handlers.rates import Bucket


def account(number: int) -> bytes:
    return number.to_bytes(16)


def knock(number: int) -> Incoming:
    return Incoming(number, Kind.TEXT, chat_id=number, chat_type="private", user_id=number, text="help")


def lined_up(line: Admission, numbers: range, now: float) -> None:
    for number in numbers:
        line.line_up(account(number), knock(number), now)


def called(line: Admission, now: float) -> list[int]:
    found = []
    while (one := line.call(now)) is not None:
        found.append(one[1].user_id)
    return found


def test_an_ordinary_day_waits_for_nothing() -> None:
    line = Admission()
    assert all(line.lets_in(n / PER_SECOND * 2, busy=False) for n in range(2_000))


def test_more_newcomers_than_any_day_brings_must_wait_however_fast_they_are_served() -> None:
    line = Admission()
    assert sum(line.lets_in(1.0, busy=False) for _ in range(1_000)) == BURST


def test_newcomers_who_hold_up_all_others_must_wait_sooner() -> None:
    line = Admission()
    assert sum(line.lets_in(n / 200, busy=False, held_up=True) for n in range(200)) <= HELD_UP_BURST + 1


def test_on_a_full_day_nobody_waits_because_others_are_served_too() -> None:
    line = Admission()
    for n in range(2_000):
        assert line.lets_in(n / PER_SECOND * 2, busy=False, held_up=True)
        for _ in range(3):
            line.served()


@given(st.lists(st.floats(0, 1), min_size=1, max_size=100), st.floats(0.1, 5), st.integers(1, 5))
@example([0.0, 1.0] * 20, 1.0, 1)
def test_a_bucket_leaks_no_faster_than_time_goes_by_in_whatever_order_it_is_asked(
    times: list[float], rate: float, burst: int
) -> None:
    """Turns side by side ask with the times of their beginnings, and not in that order."""
    bucket = Bucket(rate, burst)
    assert sum(bucket.takes(now) for now in times) <= burst + rate * max(times) + 1e-6


def test_nobody_begins_while_there_is_more_to_do_than_is_done_or_while_somebody_waits() -> None:
    line = Admission()
    assert not line.lets_in(1.0, busy=True)
    lined_up(line, range(1), 1.0)
    assert not line.lets_in(2.0, busy=False)
    assert called(line, 3.0) == [0]
    assert line.lets_in(3.0, busy=False)


def test_they_are_called_in_the_order_of_their_coming() -> None:
    line = Admission()
    lined_up(line, range(50), 1.0)
    assert called(line, 2.0) == list(range(50))
    assert called(line, 3.0) == []


def test_who_waits_quietly_is_called_before_those_who_press_on() -> None:
    line = Admission()
    lined_up(line, range(2 * SHORT), 0.0)
    for second in range(1, 5):
        for number in range(SHORT + 100):
            line.knocks_again(account(number), float(second))
    late = 10**6
    line.line_up(account(late), knock(late), 4.5)
    assert called(line, 5.0) == [*range(SHORT + 100, 2 * SHORT), late]
    assert len(line) == SHORT + 100


def test_pressing_twice_costs_nobody_their_place_nor_does_coming_back_again_and_again() -> None:
    line = Admission()
    lined_up(line, range(3), 0.0)
    for _ in range(HURRIES):
        line.knocks_again(account(0), 1.0)
    for times in range(20):
        line.knocks_again(account(1), (times + 1) * SOON_SECONDS)
    assert called(line, 200.0) == [0, 1, 2]


def test_who_was_in_a_hurry_is_called_once_they_are_quiet_or_nobody_else_is_there() -> None:
    line = Admission()
    lined_up(line, range(2 * SHORT), 0.0)
    for _ in range(HURRIES + 1):
        for number in range(2 * SHORT):
            line.knocks_again(account(number), 1.0)
    assert called(line, 1.5) == []
    assert called(line, 1.0 + QUIET_SECONDS) == list(range(2 * SHORT))
    lined_up(line, range(1), 100.0)
    for _ in range(9):
        line.knocks_again(account(0), 100.0)
    assert called(line, 100.5) == [0]


@given(st.lists(st.tuples(st.integers(0, 60), st.floats(0, 3)), max_size=300))
def test_everybody_who_knocked_is_called_once_and_nobody_is_forgotten(
    arrivals: list[tuple[int, float]],
) -> None:
    line, now = Admission(), 0.0
    for number, later in arrivals:
        now += later
        line.line_up(account(number), knock(number), now)
    assert sorted(called(line, now + QUIET_SECONDS)) == sorted({number for number, _ in arrivals})
    assert len(line) == 0


def test_what_is_remembered_is_bounded_and_holds_nothing_that_was_written(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(admission, "MOST_WAITING", 1_000)
    line = Admission()
    lined_up(line, range(5_000), 1.0)
    assert len(line) == 1_000
    found = line.call(2.0)
    assert found is not None
    assert found[1].text == ""
    assert MOST_WAITING <= 50_000


def test_lines_to_those_who_wait_leave_telegram_room_for_the_others() -> None:
    line = Admission()
    told = 0
    for n in range(60_000):
        line.line_up(account(n), knock(n), n / 1_000)
        told += len(list(line.to_tell(n / 1_000)))
    assert 0 < told <= LINES_PER_SECOND * 70


def test_more_than_there_is_room_for_hear_it_one_after_another() -> None:
    line = Admission()
    lined_up(line, range(100), 1.0)
    told = [one.user_id for second in range(100) for one in line.to_tell(1.0 + TELL_AFTER + second)]
    assert told == list(range(100))


def test_who_pressed_on_before_they_could_be_told_hears_it_when_they_have_become_quiet() -> None:
    line = Admission()
    lined_up(line, range(2 * SHORT), 1.0)
    for quarter in range(HURRIES + 1):
        lined_up(line, range(1), 1.0 + quarter / 4)
    soon = [one.user_id for second in range(60) for one in line.to_tell(1.0 + TELL_AFTER + second / 60)]
    assert 0 not in soon
    later = 2.0 + QUIET_SECONDS
    assert line.call(later) is not None
    assert [one.user_id for one in line.to_tell(later)][:1] == [0]


@given(st.lists(st.tuples(st.sampled_from(["comes", "goes", "called"]), st.integers(0, 9)), max_size=200))
def test_nothing_is_remembered_of_those_who_are_in_the_line_no_more(moves: list[tuple[str, int]]) -> None:
    line = Admission()
    for second, (move, number) in enumerate(moves):
        if move == "comes":
            line.line_up(account(number), knock(number), float(second) / 10)
        elif move == "goes":
            line.leave(account(number))
        else:
            line.call(float(second))
        assert {*line._untold} <= {*line._line, *line._hurried}


def test_who_is_called_in_soon_never_hears_that_there_was_a_line() -> None:
    line = Admission()
    lined_up(line, range(3), 1.0)
    assert list(line.to_tell(1.0 + TELL_AFTER / 2)) == []
    assert called(line, 1.0 + TELL_AFTER / 2) == [0, 1, 2]
    assert list(line.to_tell(60.0)) == []


def test_who_still_waits_after_a_moment_hears_it_once_for_what_they_wrote_meanwhile() -> None:
    line = Admission()
    for second in (1.0, 1.5, 2.0):
        lined_up(line, range(2), second)
    assert [one.user_id for one in line.to_tell(1.0 + TELL_AFTER)] == [0, 1]
    assert list(line.to_tell(30.0)) == []
    lined_up(line, range(1), 40.0)
    assert [one.user_id for one in line.to_tell(40.0 + TELL_AFTER)] == [0]


def test_what_is_told_of_the_wait_is_the_pace_at_which_they_are_called_in() -> None:
    line = Admission()
    lined_up(line, range(1_200), 0.0)
    assert line.minutes(1.0) is None  # too early to say
    for halves in range(1, 121):  # two a second, as while there is more to do than is done
        line.call(halves / 2)
    assert line.minutes(60.0) == pytest.approx((1_200 - 120) / 2 / 60, rel=0.05)
    for twentieths in range(1, 2_001):  # then twenty
        line.line_up(account(10**6 + twentieths), knock(twentieths), 60.0)
        line.call(60.0 + twentieths / 20)
    assert line.minutes(160.0) == pytest.approx((1_200 - 120) / 20 / 60, rel=0.35)
