"""Each screen in each language, with the most it may have to hold: within the limits, and nothing told by a payload."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handlers.outgoing import MAX_BUTTON_DATA, MAX_TEXT
from handlers.screens import (
    Screen,
    View,
    answer_text,
    ending,
    hint_text,
    letters_of,
    screen,
    shortened,
    with_hint,
)
from handlers.texts import LANGUAGES
from intake.answers import asked
from intake.conversation import BEGIN, STOP, Hint, actions
from intake.draft import Draft, Page, Place
from intake.events import MAX_TEXT_BYTES
from intake.questionnaire import Answers, Kind, Level, Questionnaire
from tests.strategies import SHIPPED, form_of, largest, options_of, question_of, shipped, view_of

REFERENCE = "WWWW-WWWW"
LAST_SERIAL = 2**40
MAX_LABEL = 64
FORMS = {
    **{name: shipped(name) for name in SHIPPED},
    "largest": largest(),
    "largest-astral": largest("\N{GRINNING FACE}"),
}
FORM = pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
LANGUAGE = pytest.mark.parametrize("language", LANGUAGES)
PAYLOAD = re.compile(r"[0-9]+\.(?:[a-z]{2,8}|[ltoc][0-9]{1,2})")


def units(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2


def everything(form: Questionnaire) -> Answers:
    """All options of every question."""
    return {q.id: tuple(o.id for o in q.options) for q in form.questions if q.options}


def drafts_of(form: Questionnaire, language: str) -> Iterator[Draft]:
    """Every place and page, with nothing answered and with everything, alerted and not."""
    texts = {q.id: MAX_TEXT_BYTES for q in form.questions if not q.options}
    bare = Draft(language=language, serial=LAST_SERIAL, case="ab" * 16, question=form.questions[0].id)
    full = replace(bare, answers=everything(form), texts=texts, reference=REFERENCE)
    for draft in (bare, full):
        for place in Place:
            for page in (None, *Page):
                yield replace(draft, place=place, page=page)
    for question in asked(form, full.answers):
        for draft in (full, replace(full, reference="", texts={})):
            yield replace(
                draft, place=Place.QUESTION, question=question.id, picked=full.answers.get(question.id, ())
            )


def check_limits(made: Screen) -> None:
    buttons = [button for row in made.keyboard for button in row]
    assert made.text.strip()
    assert units(made.text) <= MAX_TEXT
    assert 0 < len(buttons) <= 100
    assert all(len(row) <= 8 for row in made.keyboard)
    assert all(button.text.strip() and len(button.text) <= MAX_LABEL for button in buttons)
    assert all(0 < len(button.data.encode()) <= MAX_BUTTON_DATA and not button.url for button in buttons)
    assert len({button.data for button in buttons}) == len(buttons)


@LANGUAGE
@FORM
def test_every_screen_is_within_the_limits_and_offers_what_may_be_pressed(
    form: Questionnaire, language: str
) -> None:
    longest = Hint("too-long", {"over": 16_384, "room": MAX_TEXT_BYTES})
    for level in Level:
        view = view_of(form, level)
        for draft in drafts_of(form, language):
            for hint in (None, longest):
                made = screen(view, draft, hint)
                check_limits(made)
                data = [button.data for row in made.keyboard for button in row]
                offered = set(actions(form, draft))
                if draft.place is Place.CODE and draft.page is None:
                    offered -= {"takeback", "withdraw", "erase"}  # offered when a code was right
                assert sorted(data) == sorted(f"{LAST_SERIAL}.{action}" for action in offered)
                assert f"{LAST_SERIAL}.stop" in data


@FORM
def test_a_payload_is_a_number_and_a_neutral_word(form: Questionnaire) -> None:
    """Nobody who reads the buttons learns what is asked or answered: no id of a question or an option is in them."""
    words = {q.id for q in form.questions} | {o.id for q in form.questions for o in q.options}
    for draft in drafts_of(form, "en"):
        for button in (button for row in screen(view_of(form), draft).keyboard for button in row):
            assert PAYLOAD.fullmatch(button.data)
            assert button.data.partition(".")[2] not in words


@FORM
def test_whole_texts_are_shown_wherever_they_fit(form: Questionnaire) -> None:
    """Shortening is for the review of extreme questionnaires only."""
    if form is FORMS["largest-astral"]:
        return
    for language in LANGUAGES:
        for draft in drafts_of(form, language):
            made = screen(view_of(form), draft, Hint("use-buttons"))
            shortened_here = made.text.endswith("…") or "…\n" in made.text
            assert not shortened_here or (form.name == "largest" and draft.place is Place.REVIEW)


@LANGUAGE
def test_a_question_shows_its_progress_its_words_why_and_what_is_chosen(language: str) -> None:
    form = shipped("leave-service")
    question = form.questions[0]
    draft = Draft(Place.QUESTION, language, question=question.id, picked=(question.options[1].id,))
    made = screen(view_of(form), draft)
    assert question.ask[language] in made.text
    assert question.why[language] in made.text
    labels = [button.text for row in made.keyboard for button in row]
    assert labels[: len(question.options)] == [
        "● " * (number == 1) + option.label[language] for number, option in enumerate(question.options)
    ]


def test_several_answers_have_boxes_and_one_that_is_ticked_shows_it() -> None:
    form = form_of(question_of("one", Kind.CHOICES, options_of("a b")))
    made = screen(view_of(form), Draft(Place.QUESTION, "en", question="one", picked=("b",)))
    assert [row[0].text for row in made.keyboard][:3] == ["☐ label-a", "☑ label-b", "Done"]


@LANGUAGE
def test_the_text_question_says_how_much_fits_and_that_a_text_is_kept(language: str) -> None:
    form = form_of(question_of("words", Kind.TEXT), question_of("one", options=options_of("a b")))
    view = view_of(form)
    say = view.texts.say
    draft = Draft(Place.QUESTION, language, question="words")
    room = 2_800 if language == "en" else 1_400
    assert say(language, "text-help", letters=room) in screen(view, draft).text
    labels = [button.text for row in screen(view, draft).keyboard for button in row]
    assert labels == [say(language, name) for name in ("skip-button", "back-button", "stop-button")]
    kept = screen(view, replace(draft, texts={"words": 28}))
    assert say(language, "text-kept", size=28 * room // 2_800, room=room) in kept.text
    assert kept.keyboard[0][0].text == say(language, "next-button")


def test_the_review_shows_each_answer_and_of_a_text_that_it_is_there() -> None:
    form = form_of(
        question_of("one", Kind.CHOICES, options_of("a b c")),
        question_of("two", options=options_of("a b")),
        question_of("words", Kind.TEXT),
    )
    view = view_of(form)
    draft = Draft(Place.REVIEW, "en", answers={"one": ("a", "c"), "two": ()}, texts={"words": 12})
    lines = screen(view, draft).text.splitlines()
    assert "one: label-a, label-c" in lines
    assert "two: not said" in lines
    assert "words: written and sealed" in lines
    none = answer_text(view, replace(draft, texts={"words": 0}), form.questions[2])
    assert none == "nothing written"


def test_in_the_longest_review_every_question_keeps_its_line() -> None:
    form = largest()
    draft = Draft(Place.REVIEW, "ru", answers=everything(form), reference=REFERENCE)
    made = screen(view_of(form), draft, Hint("text-sealed", {"size": MAX_TEXT_BYTES, "room": MAX_TEXT_BYTES}))
    lines = [line for line in made.text.splitlines() if line.startswith(form.questions[0].label["ru"])]
    assert len(lines) == len(form.questions)
    assert units(made.text) <= MAX_TEXT
    assert not made.text.endswith("…")


@LANGUAGE
def test_an_alerted_emergency_says_so_on_every_question_and_the_review(language: str) -> None:
    form = shipped("leave-service")
    view = view_of(form)
    line = view.texts.say(language, "alerted-line", reference=REFERENCE)
    draft = Draft(Place.QUESTION, language, question=form.questions[0].id, reference=REFERENCE)
    assert screen(view, draft).text.startswith(line)
    assert screen(view, draft.moved(Place.REVIEW)).text.startswith(line)
    assert line not in screen(view, replace(draft, reference="")).text


@LANGUAGE
def test_home_tells_the_reference_who_has_it_and_by_when_by_level(language: str) -> None:
    form = shipped("legal-aid")
    for level in Level:
        made = screen(view_of(form, level), Draft(Place.HOME, language, case="ab", reference=REFERENCE))
        assert REFERENCE in made.text
        assert form.reply_time[level][language] in made.text
        assert view_of(form).texts.say(language, "home-state-claimed") in made.text
    waiting = replace(view_of(form), claimed=False)
    assert (
        view_of(form).texts.say(language, "home-state-open")
        in screen(waiting, Draft(Place.HOME, language, case="ab", reference=REFERENCE)).text
    )


@LANGUAGE
def test_a_page_leads_back_and_the_choice_of_languages_too_once_one_is_chosen(language: str) -> None:
    view = view_of(shipped("legal-aid"))
    for page in Page:
        last = screen(view, Draft(Place.NOTICE, language, page=page)).keyboard[-1]
        assert [button.data for button in last] == ["1.under", "1.stop"]
    first = screen(view, Draft(Place.LANGUAGE, language))
    assert [row[0].text for row in first.keyboard][:-1] == [
        view.texts.say(each, "language-name") for each in view.questionnaire.languages
    ]
    assert [button.data for button in first.keyboard[-1]] == ["1.stop"]


@LANGUAGE
def test_a_hint_stands_on_top_on_one_line(language: str) -> None:
    view = view_of(shipped("legal-aid"))
    draft = Draft(Place.CHANNEL, language)
    hint = Hint("sent", {"reference": REFERENCE})
    plain, hinted = screen(view, draft), screen(view, draft, hint)
    assert hinted == with_hint(plain, hint_text(view, language, hint))
    first, blank, rest = hinted.text.split("\n", 2)
    assert first == f"▸ {hint_text(view, language, hint)}"
    assert (blank, rest) == ("", plain.text)


@LANGUAGE
@pytest.mark.parametrize(
    "name",
    [
        *(
            "stopped",
            "withdrawn",
            "erased",
            "erased-unsent",
            "wiped",
            "expired",
            "away",
            "away-alerted",
            "sent-code",
        ),
        *("closed", "closed-notice", "barred"),
    ],
)
def test_an_ending_has_buttons_that_work_whatever_comes_after(language: str, name: str) -> None:
    view = view_of(largest())
    values = {"reference": REFERENCE, "reply_time": "ы" * 300, "notice": "ы" * 500}
    made = ending(view, language, name, **values)
    check_limits(made)
    expected = {"stopped": [BEGIN], "barred": [STOP]}.get(name, [BEGIN, STOP])
    assert [button.data for row in made.keyboard for button in row] == [f"0.{action}" for action in expected]


@given(st.text(st.characters(exclude_categories=["Cs"])), st.integers(1, 60))
def test_shortening_never_splits_a_character_and_shows_itself(text: str, room: int) -> None:
    short = shortened(text, room)
    assert units(short) <= room
    assert short == text if units(text) <= room else short.endswith("…") and text.startswith(short[:-1])


def test_nothing_of_a_screen_shows_in_its_repr() -> None:
    view: View = view_of(shipped("legal-aid"))
    assert repr(screen(view, Draft(Place.HOME, "en", reference=REFERENCE))) == "Screen()"


@given(st.text(min_size=1), st.integers(0, 10_000))
def test_a_text_without_so_many_letters_fits(text: str, over: int) -> None:
    """What is told is enough wherever letters take alike many bytes, and never more than the bytes themselves."""
    told = letters_of(text, over)
    assert told <= over
    assert told * len(text.encode()) >= over * len(text)
