"""Every screen of a questionnaire as text, for whoever writes one: `postern questionnaire preview`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from handlers.screens import Screen, View, ending, screen
from handlers.texts import Texts, load_texts
from intake.answers import asked
from intake.draft import Draft, Place
from intake.questionnaire import Level, Question, Questionnaire
from intake.reachability import example

REFERENCE = "K7QM-4ZDP"
VALUES: dict[str, int | str] = {
    "organisation": "—",
    "draft_minutes": 30,
    "hours": 24,
    "reply_hours": 24,
    "open_days": 180,
    "closed_days": 30,
    "replies_days": 90,
    "k": 5,
}


def screens(questionnaire: Questionnaire, languages: tuple[str, ...] | None = None) -> Iterator[str]:
    """The screens in the order they are met, a block of text each, in each language."""
    texts = load_texts()
    for language in languages or questionnaire.languages:
        yield f"════ {texts.say(language, 'language-name')} ════"
        for title, made in _walk(questionnaire, texts, language):
            yield draw(title, made)


def _walk(questionnaire: Questionnaire, texts: Texts, language: str) -> Iterator[tuple[str, Screen]]:
    view = View(questionnaire, texts, VALUES, "privacy-relay-sealed")
    draft = Draft(language=language, case="00")
    for place in (Place.LANGUAGE, Place.NOTICE):
        yield place, screen(view, draft.moved(place))
    for question in questionnaire.questions:
        # A checked questionnaire has no question that is never asked.
        answers = example(questionnaire, question.when) or {}
        at = draft.moved(Place.QUESTION, question=question.id, answers=answers)
        yield f"question {question.id}{_condition(question)}", screen(view, at)
    first = _first_answers(questionnaire)
    for place in (Place.REVIEW, Place.CHANNEL):
        yield place, screen(view, draft.moved(place, answers=first))
    for level in Level:
        home = replace(view, level=level)
        yield f"sent, {level}", screen(home, draft.moved(Place.HOME, reference=REFERENCE))
    yield (
        "sent, with a code",
        ending(
            view,
            language,
            "sent-code",
            reference=REFERENCE,
            reply_time=questionnaire.reply_time[Level.STANDARD][language],
        ),
    )


def _first_answers(questionnaire: Questionnaire) -> dict[str, tuple[str, ...]]:
    """What somebody has answered who always chose the first option."""
    answers: dict[str, tuple[str, ...]] = {}
    for question in questionnaire.questions:
        if question.options and question in asked(questionnaire, answers):
            answers[question.id] = (question.options[0].id,)
    return answers


def _condition(question: Question) -> str:
    parts = [f"{q} is {' or '.join(sorted(options))}" for q, options in question.when.items()]
    return f"  (asked if {' and '.join(parts)})" if parts else ""


def draw(title: str, made: Screen) -> str:
    """A screen with its buttons, as it would stand in a transcript."""
    rows = ["  " + " ".join(f"[ {button.text} ]" for button in row) for row in made.keyboard]
    return "\n".join([f"── {title} ──", made.text, "", *rows, ""])
