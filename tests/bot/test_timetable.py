"""The timetable gives every row back exactly when it is due, and never sooner; whoever presses on is never idle."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from bot.due import Due, Idle
from bot.timetable import Timetable
from storage.marks import Kind, Mark

MOMENTS = st.integers(-500, 5_000)


def key(number: int) -> bytes:
    return number.to_bytes(16, "big")


@given(st.lists(MOMENTS, max_size=60), st.lists(MOMENTS, max_size=20), st.integers(1, 9))
def test_what_is_due_is_taken_the_earliest_first_and_nothing_else(
    moments: list[int], looks: list[int], most: int
) -> None:
    timetable, left = Timetable(), {key(number): due for number, due in enumerate(moments)}
    for each, due in left.items():
        timetable.put(each, due)
    for now in looks:  # not in order: a clock may be set back
        found = timetable.take(now, most)
        assert [left[each] for each in found] == sorted(due for due in left.values() if due <= now)[:most]
        left = {each: due for each, due in left.items() if each not in found}
        assert len(timetable) == len(left)
    assert sorted(timetable.take(10**9, 1_000)) == sorted(left)


def test_thousands_of_rows_of_one_minute_take_seventeen_bytes_each() -> None:
    timetable = Timetable()
    for number in range(5_000):
        timetable.put(number.to_bytes(16, "big"), 600 + number % 60)
    assert [len(entries) for entries in timetable._minutes.values()] == [17 * 5_000]
    assert timetable.take(599, 10) == []
    assert len(timetable.take(600, 10_000)) == 84


LIMIT = 150
PEOPLE = [key(number) for number in range(3)]


@given(st.lists(st.tuples(st.sampled_from(PEOPLE), st.integers(0, 200)), max_size=20))
def test_a_draft_comes_up_in_the_second_in_which_its_time_is_over(presses: list[tuple[bytes, int]]) -> None:
    idle, now, found = Idle(LIMIT), 0, list[tuple[int, bytes]]()

    def pass_time(seconds: int) -> None:
        nonlocal now
        for _ in range(seconds):
            now += 1
            found.extend((now, account) for account in idle.take(now))

    touched: dict[bytes, list[int]] = {account: [] for account in PEOPLE}
    for account, pause in presses:
        pass_time(pause)
        idle.note(account, now)
        touched[account].append(now)
    pass_time(LIMIT + 1)
    expected = [
        (when + LIMIT + 1, account)
        for account, moments in touched.items()
        for when, then in zip(moments, [*moments[1:], 10**9], strict=False)
        if then > when + LIMIT
    ]
    assert sorted(found) == sorted(expected)
    assert len(idle) == 0


def test_while_a_new_timetable_is_made_both_hear_of_what_is_written() -> None:
    due = Due(LIMIT)
    due.note([Mark(Kind.JOB, PEOPLE[0], 5), Mark(Kind.TRACE, PEOPLE[0], 6)])
    anew = due.begin_anew()
    due.note([Mark(Kind.JOB, PEOPLE[1], 7), Mark(Kind.TRACE, PEOPLE[1], 8)])
    assert due.jobs.take(7, 9) == PEOPLE[:2]
    due.take_over()
    assert due.jobs is anew.jobs
    assert due.jobs.take(7, 9) == [PEOPLE[1]], "what the rows no longer say is forgotten"
    assert due.traces.take(8, 9) == [PEOPLE[1]]
