"""Whoever writes a questionnaire sees every screen of it, whatever its conditions."""

from __future__ import annotations

import pytest
from hypothesis import given, settings

from handlers.preview import screens
from handlers.texts import LANGUAGES
from intake.questionnaire import Kind, Questionnaire
from tests.strategies import SHIPPED, form_of, options_of, question_of, questionnaires, shipped


@pytest.mark.parametrize("name", SHIPPED)
def test_every_text_that_a_requester_can_meet_is_shown_in_every_language(name: str) -> None:
    form = shipped(name)
    shown = "\n".join(screens(form))
    for language in LANGUAGES:
        assert form.about[language] in shown
        assert all(time[language] in shown for time in form.reply_time.values())
        for question in form.questions:
            assert question.ask[language] in shown
            assert question.why[language] in shown
            assert all(f"{option.label[language]} ]" in shown for option in question.options)


def test_one_language_may_be_enough() -> None:
    form = shipped(SHIPPED[0])
    shown = "\n".join(screens(form, ("kk",)))
    assert form.about["kk"] in shown
    assert form.about["ru"] not in shown


def test_a_question_says_when_it_is_asked() -> None:
    form = form_of(
        question_of("one", options=options_of("a b c")),
        question_of("two", options=options_of("a b"), when={"one": "c b"}),
    )
    assert any("question two  (asked if one is b or c)" in each for each in screens(form, ("en",)))


def test_conditions_that_meet_on_one_question_are_met_together() -> None:
    """The last question needs the first one's answer twice: once itself, and once for the question between."""
    form = form_of(
        question_of("one", options=options_of("a b")),
        question_of("two", options=options_of("x y"), when={"one": "b"}),
        question_of("three", options=options_of("x y"), when={"one": "a b", "two": "x"}),
        question_of("several", Kind.CHOICES, options_of("a b none", none={"alone": True})),
        question_of("after-a", options=options_of("x y"), when={"several": "a"}),
        question_of("after-both", options=options_of("x y"), when={"several": "b", "after-a": "y"}),
    )
    shown = list(screens(form, ("en",)))
    for name in ("three", "after-both"):
        assert any(f"question {name} " in each and f"ask-{name}" in each for each in shown)


@settings(max_examples=40)
@given(questionnaires())
def test_every_questionnaire_that_passes_the_check_can_be_previewed(form: Questionnaire) -> None:
    shown = "\n".join(screens(form, ("en",)))
    assert all(f"ask-{question.id}" in shown for question in form.questions)
