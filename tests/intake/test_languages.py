"""Languages by their letters: real texts are known for what they are, and where letters don't tell, nothing is said."""

from __future__ import annotations

import string
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from intake.canned import load_canned
from intake.languages import ALL, FEWEST_LETTERS, is_other, possible
from intake.questionnaire_file import load
from intake.questionnaire_texts import TEXT_LIMITS

SHIPPED = Path(__file__).parents[2] / "questionnaires"
COMMON = "абвгдежзийклмнопрстуфхцчшщьюя"
"""Letters that Russian and Ukrainian share, and Kazakh uses too."""


@cache
def shipped_texts() -> tuple[tuple[str, str], ...]:
    """(language, text) of what a person wrote who speaks the language."""
    return tuple(_shipped())


def _shipped() -> Iterator[tuple[str, str]]:
    for path in sorted(SHIPPED.glob("*.yaml")):
        questionnaire = load(path.read_text("utf-8"), path.name)
        yield from questionnaire.about.items()
        for question in questionnaire.questions:
            yield from question.ask.items()
            yield from question.why.items()
    for reply in load_canned((SHIPPED / "replies" / "neutral.yaml").read_text("utf-8"), "neutral.yaml"):
        yield from reply.text.items()


def test_no_shipped_text_is_taken_for_another_language() -> None:
    assert len(shipped_texts()) > 100
    assert max(len(text) for _, text in shipped_texts()) < TEXT_LIMITS["ask"]
    assert [(language, text) for language, text in shipped_texts() if is_other(text, language)] == []


@pytest.mark.parametrize("written", sorted(ALL))
@pytest.mark.parametrize("read", sorted(ALL))
def test_most_longer_texts_in_another_language_are_noticed(written: str, read: str) -> None:
    texts = [text for language, text in shipped_texts() if language == written and len(text) >= 120]
    noticed = sum(is_other(text, read) for text in texts) / len(texts)
    assert noticed == 0 if written == read else noticed >= 0.9, noticed


@given(st.text(max_size=400))
def test_something_is_always_possible_and_only_of_the_four(text: str) -> None:
    assert possible(text)
    assert possible(text) <= ALL


@given(st.text(max_size=FEWEST_LETTERS - 1))
def test_a_short_text_says_nothing(text: str) -> None:
    assert possible(text) == ALL


@given(st.sampled_from(shipped_texts()), st.text(string.digits + string.punctuation + " \n№—«»🕯"))
def test_figures_signs_and_capitals_change_nothing(text: tuple[str, str], signs: str) -> None:
    words = text[1]
    assert possible(signs.join(words.split(" "))) == possible(words) == possible(words.upper())


@given(st.text(COMMON + " ", max_size=400))
def test_what_has_none_of_the_telling_letters_is_never_held_against_russian(text: str) -> None:
    assert not is_other(text, "ru")


@given(st.integers(FEWEST_LETTERS, 200), st.data())
def test_half_latin_and_half_cyrillic_says_nothing(letters: int, data: st.DataObject) -> None:
    latin = data.draw(st.text(string.ascii_lowercase, min_size=letters, max_size=letters))
    cyrillic = data.draw(st.text(COMMON + "ыэъёіїєґәғқ", min_size=letters, max_size=letters))
    assert possible(latin + cyrillic) == ALL


@pytest.mark.parametrize(
    "text",
    [
        "Позвоните, пожалуйста, завтра в десять часов в офис на улице «Київська».",
        "Зателефонуйте, будь ласка, завтра о десятій до офісу на вулиці «Крыма».",
    ],
)
def test_a_quoted_name_is_no_other_language(text: str) -> None:
    assert not is_other(text, "ru" if "Позвоните" in text else "uk")
