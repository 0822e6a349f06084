"""Prepared replies: what stands in the file, and every mistake with its line and what to do."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from intake.canned import MAX_REPLIES, load_canned
from intake.errors import CannedRepliesError

SHIPPED = Path(__file__).parents[2] / "questionnaires" / "replies" / "neutral.yaml"
ONE = "replies:\n  - id: soon\n    label: Soon\n    text:\n      ru: Скоро\n      kk: Жақында\n"


def problems(text: str) -> list[str]:
    with pytest.raises(CannedRepliesError) as raised:
        load_canned(text, "r.yaml")
    return raised.value.problems


def test_the_shipped_replies_are_in_all_four_languages() -> None:
    replies = load_canned(SHIPPED.read_text("utf-8"), SHIPPED.name)
    assert len(replies) == 3
    assert all(list(reply.text) == ["en", "ru", "uk", "kk"] for reply in replies)


def test_the_requesters_language_comes_first_then_the_teams_then_what_there_is() -> None:
    (reply,) = load_canned(ONE, "r.yaml")
    assert [reply.shown_in(*pair) for pair in (("kk", "ru"), ("uk", "kk"), ("uk", "en"))] == [
        "kk",
        "kk",
        "ru",
    ]
    assert reply.fingerprint("ru") != reply.fingerprint("kk")


@pytest.mark.parametrize(
    ("old", "new", "line", "said"),
    [
        ("    text:\n", "    urgent: yes\n    text:\n", 4, 'unknown key "urgent"'),
        ("    label: Soon\n", "", 2, "has no label"),
        ("id: soon", "id: Soon!", 2, "use 1 to 32 of a-z"),
        ("      ru:", "      fr:", 5, 'unknown key "fr"'),
        ("Скоро", "''", 5, "is empty"),
        ("Скоро", "я" * 1_401, 5, "2 bytes longer than the 2,800 bytes that fit"),
        ("Скоро", '"a\\x07"', 5, "cannot be shown"),
        ("label: Soon", f"label: {'s' * 41}", 3, "40 characters"),
        ("Скоро", "*anchor", 5, "aliases"),
        (ONE, "replies: []\n", 1, "has no replies"),
        (ONE, "replies: soon\n", 1, "must be a list"),
        (ONE, ONE + ONE.removeprefix("replies:\n"), 7, "earlier one"),
        (ONE, ONE + ONE.removeprefix("replies:\n").replace("id: soon", "id: later"), 8, "the same label"),
    ],
)
def test_each_mistake_is_named_with_its_line(old: str, new: str, line: int, said: str) -> None:
    (problem,) = problems(ONE.replace(old, new, 1))
    assert problem.startswith(f"r.yaml:{line}: ")
    assert said in problem
    assert "questionnaire" not in problem


def test_more_replies_than_a_message_offers_are_too_many() -> None:
    rest = "".join(f"  - id: r{n}\n    label: R{n}\n    text: {{en: x}}\n" for n in range(MAX_REPLIES))
    load_canned(f"replies:\n{rest}", "r.yaml")
    (problem,) = problems(ONE + rest)
    assert "31 replies; 30 fit" in problem


@given(st.text(max_size=200))
def test_any_text_is_replies_or_is_refused_as_one_kind_of_error(text: str) -> None:
    with suppress(CannedRepliesError):
        load_canned(text, "r.yaml")
