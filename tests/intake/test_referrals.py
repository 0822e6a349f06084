"""The list of those to whom a request can be referred: read, or refused with the line and what to do."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from intake.errors import QuestionnaireError
from intake.referrals import load_referrals

LANGUAGES = ("en", "ru")
GOOD = """referrals:
  - id: centre
    name: {en: Centre, ru: Центр}
    text: {en: Call 1, ru: Звоните 1}
"""


def test_a_list_is_read() -> None:
    (found,) = load_referrals(GOOD, "r.yaml", LANGUAGES)
    assert (found.id, found.name["ru"], found.text["en"]) == ("centre", "Центр", "Call 1")


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("referrals: []\n", "r.yaml:1: the list of referrals is empty"),
        (
            GOOD.replace(", ru: Центр", ""),
            'r.yaml:3: referral "centre" has no name in all languages; add (ru)',
        ),
        (GOOD.replace("Call 1", "x" * 801), "shorten it to 800"),
        (GOOD.replace("id: centre", "id: The Centre"), "use 1 to 32 of a-z, 0-9 and hyphens"),
        (GOOD.replace("    text: {en: Call 1, ru: Звоните 1}\n", ""), "has no text; add a line text: …"),
        (GOOD + GOOD.split("\n", 1)[1], "has the id of an earlier one"),
        (GOOD.replace("name:", "nane:"), 'did you mean "name"?'),
        ("- a\n", "must be lines of the form"),
        ("", "the file is empty"),
    ],
)
def test_what_is_wrong_is_said_with_its_line(text: str, problem: str) -> None:
    with pytest.raises(QuestionnaireError) as caught:
        load_referrals(text, "r.yaml", LANGUAGES)
    assert problem in str(caught.value)
    assert all(line.startswith("r.yaml:") for line in caught.value.problems)


@given(st.text(max_size=60))
def test_nothing_else_is_raised(text: str) -> None:
    for whole in (text, f"referrals:\n  - {text}", f"referrals:\n  - id: {text}"):
        with suppress(QuestionnaireError):
            load_referrals(whole, "r.yaml", LANGUAGES)
