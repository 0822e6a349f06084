"""Moving between screens: what is remembered stays as it is, and every side path leads back to where it began."""

from __future__ import annotations

from dataclasses import replace

from intake.answers import asked
from intake.draft import Draft, Page, Place
from intake.questionnaire import Question
from intake.steps import Handler, Hint, Step, Table

CODE_PLACES = (Place.CODE, Place.CODE_TAKE_BACK, Place.CODE_WITHDRAW, Place.CODE_ERASE)
_ASIDE = (Place.ERASE, *CODE_PLACES)


def number_of(action: str) -> int:
    """The number in an action such as `c12`."""
    return int(action[1:])


def refresh(table: Table, draft: Draft, action: str) -> Step:
    return Step(draft, hint=Hint("refreshed"))


def close_page(table: Table, draft: Draft, action: str) -> Step:
    return Step(replace(draft, page=None))


def to_privacy(table: Table, draft: Draft, action: str) -> Step:
    return Step(replace(draft, page=Page.PRIVACY))


def to_language(table: Table, draft: Draft, action: str) -> Step:
    return Step(replace(draft, page=None if draft.place is Place.LANGUAGE else Page.LANGUAGE))


def choose_language(table: Table, draft: Draft, action: str) -> Step:
    spoken = replace(draft, language=table.questionnaire.languages[number_of(action)], page=None)
    return Step(spoken.moved(Place.NOTICE) if draft.place is Place.LANGUAGE else spoken)


def first_question(table: Table, draft: Draft) -> Draft:
    return at_question(draft, asked(table.questionnaire, draft.answers)[0])


def at_question(draft: Draft, question: Question) -> Draft:
    return draft.moved(Place.QUESTION, question=question.id, picked=draft.answers.get(question.id, ()))


def back(table: Table, draft: Draft, action: str) -> Step:
    """To the question before; from the first one to the notice, and to the review for who came from there."""
    if draft.from_review:
        return to_review(table, draft, action)
    questions = asked(table.questionnaire, draft.answers)
    place = [q.id for q in questions].index(draft.question)
    return Step(at_question(draft, questions[place - 1]) if place else draft.moved(Place.NOTICE))


def at_review(draft: Draft) -> Draft:
    return draft.moved(Place.REVIEW, from_review=False, question="", picked=())


def to_review(table: Table, draft: Draft, action: str) -> Step:
    return Step(at_review(draft))


def change(table: Table, draft: Draft, action: str) -> Step:
    question = asked(table.questionnaire, draft.answers)[number_of(action)]
    return Step(replace(at_question(draft, question), from_review=True))


def to_channel(table: Table, draft: Draft, action: str) -> Step:
    return Step(draft.moved(Place.CHANNEL))


def aside(draft: Draft, place: Place) -> Draft:
    """Onto a side path; one that branches off another leads back to the same screen."""
    return draft.moved(place, aside_from=draft.aside_from if draft.place in _ASIDE else draft.place)


def to_erase(table: Table, draft: Draft, action: str) -> Step:
    return Step(aside(draft, Place.ERASE))


def to_code_act(place: Place) -> Handler:
    """To the screen that asks for the code once more, which is the confirmation as well."""
    return lambda table, draft, action: Step(aside(draft, place))


def rejoin(table: Table, draft: Draft, action: str) -> Step:
    """Off a side path, to the screen that it began on."""
    return Step(draft.moved(draft.aside_from or Place.LANGUAGE, aside_from=None))
