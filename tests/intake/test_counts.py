"""Months end where they end, and no small part of a month can be told."""

from __future__ import annotations

from calendar import monthrange
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from intake.comparing import change, share
from intake.counts import earlier, month_of

years, months = st.integers(1970, 9_998), st.integers(1, 12)
small = st.integers(0, 30)


@given(years, months)
def test_a_month_lasts_from_its_first_second_to_its_last_in_utc(year: int, month: int) -> None:
    name = f"{year:04}-{month:02}"
    first = int(datetime(year, month, 1, tzinfo=UTC).timestamp())
    last = first + monthrange(year, month)[1] * 86_400 - 1
    assert month_of(first) == month_of(last) == name
    assert month_of(last + 1) == earlier(name, -1)
    assert first == 0 or month_of(first - 1) == earlier(name, 1)


def test_the_29th_of_february_is_in_february() -> None:
    assert month_of(1_709_164_800) == "2024-02"  # 29 February 2024, 00:00
    assert month_of(1_709_251_199) == "2024-02"
    assert month_of(1_709_251_200) == "2024-03"
    assert month_of(951_782_400) == "2000-02"  # 2000 was a leap year, 2100 will not be
    assert month_of(4_107_542_400) == "2100-03"


@given(years, months, st.integers(0, 400), st.integers(0, 400))
def test_going_back_and_forth_through_years_ends_where_it_began(
    year: int, month: int, back: int, more: int
) -> None:
    name = f"{max(year, 2_100):04}-{month:02}"
    assert earlier(earlier(name, back), -back) == name
    assert earlier(earlier(name, back), more) == earlier(name, back + more)


def test_before_january_is_last_december() -> None:
    assert earlier("2024-01", 1) == "2023-12"
    assert earlier("2024-12", 12) == "2023-12"
    assert earlier("2024-12", 0) == "2024-12"


@pytest.mark.parametrize("word", ["2024-13", "2024-00", "2024-1", "24-01", "", "2024-01-01", "٢٠٢٤-٠١"])
def test_what_is_no_month_is_refused(word: str) -> None:
    with pytest.raises(ValueError, match="YYYY-MM"):
        earlier(word, 1)


def test_hardly_any_is_not_none_and_nearly_all_is_not_all() -> None:
    assert change(3, 1000) == -99
    assert change(0, 1000) == -100
    assert [share(n, 5000) for n in (0, 10, 4990, 5000)] == [0, 1, 99, 100]
    assert share(50, 44) is None
