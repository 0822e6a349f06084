"""The questionnaires that are shipped keep what this project promises about them."""

import random
import re
from dataclasses import replace
from itertools import chain
from pathlib import Path

import pytest

from intake.answers import asked, level_of
from intake.questionnaire import Kind, Level, Localised, Questionnaire, fingerprint
from intake.questionnaire_file import load
from intake.questionnaire_texts import LANGUAGES
from intake.reachability import taps_to_emergency

FOLDER = Path(__file__).parents[2] / "questionnaires"
MOST_ASKED = {"leave-service": 9, "legal-aid": 7}
"""Questions on the longest way through; on most ways fewer."""


@pytest.fixture(scope="module", params=sorted(MOST_ASKED))
def form(request: pytest.FixtureRequest) -> Questionnaire:
    path = FOLDER / f"{request.param}.yaml"
    return load(path.read_text(encoding="utf-8"), path.name)


def test_there_are_no_others() -> None:
    assert {path.stem for path in FOLDER.glob("*.yaml")} == set(MOST_ASKED)


def every_text(form: Questionnaire) -> list[Localised]:
    questions = form.questions
    return [
        form.title,
        form.about,
        *form.reply_time.values(),
        *chain.from_iterable((q.ask, q.why, q.label) for q in questions),
        *(option.label for q in questions for option in q.options),
        *(rung.label for q in questions for rung in q.ladder.values()),
        *(rule.reason for rule in form.rules),
    ]


def test_it_is_named_like_its_file_and_speaks_all_four_languages(form: Questionnaire) -> None:
    assert form.name in MOST_ASKED
    assert set(form.languages) == set(LANGUAGES)


def test_every_language_is_written_in_its_own_letters(form: Questionnaire) -> None:
    """A text left in another language, or one wrong letter from another alphabet, is found here."""
    foreign = {
        "en": r"[а-яёіїєґәғқңөұүһ]",
        "ru": r"[a-zіїєґәғқңөұүһ]",
        "uk": r"[a-zёъыэәғқңөұүһ]",
        "kk": r"[a-zїєґ]",
    }
    for text in every_text(form):
        for language, letters in foreign.items():
            words = re.sub(r"\bID\b", "", text[language])
            assert not re.search(letters, words, re.IGNORECASE), words


def test_each_translation_has_the_same_numbers_and_ends_the_same_way(form: Questionnaire) -> None:
    for text in every_text(form):
        assert len({tuple(sorted(re.findall(r"\d+", words))) for words in text.values()}) == 1, text
        assert len({words[-1] if words[-1] in ".?!:" else "" for words in text.values()}) == 1, text


def test_people_are_addressed_politely_throughout(form: Questionnaire) -> None:
    """Never as one addresses a child or a friend; in Ukrainian with the capital letter, everywhere or nowhere."""
    rude = {
        "ru": r"\b(ты|тебя|тебе|тобой|тво[йяёеиюму]\w*)\b",
        "uk": r"\b(ти|тебе|тобі|тво\w+|ви|вас|вам|вами|ваш\w*)\b",
        "kk": r"\b(сен|сені|сенің|саған|сенен)\b",
    }
    for text in every_text(form):
        for language, words in rude.items():
            assert not re.search(words, text[language]), text[language]


def test_a_walk_is_never_longer_than_it_was_meant_to_be(form: Questionnaire) -> None:
    dice = random.Random(7)
    longest = 0
    for _ in range(2_000):
        answers: dict[str, tuple[str, ...]] = {}
        while question := next((q for q in asked(form, answers) if q.id not in answers), None):
            ids = [option.id for option in question.options]
            most = len(ids) if question.kind is Kind.CHOICES else min(1, len(ids))
            answers[question.id] = tuple(dice.sample(ids, dice.randint(0, most)))
        longest = max(longest, len(answers))
    assert longest == MOST_ASKED[form.name]


def test_an_emergency_is_told_within_three_presses(form: Questionnaire) -> None:
    taps = taps_to_emergency(form, 3)
    assert taps is not None
    assert taps <= 3


def test_no_answer_is_a_way_through_too(form: Questionnaire) -> None:
    """Somebody who prefers not to say anything reaches the end, without an emergency being made of it."""
    silent = {question.id: () for question in form.questions}
    assert asked(form, silent)
    assert level_of(form, silent) == (Level.STANDARD, ())


def test_an_aim_is_never_put_as_a_guarantee(form: Questionnaire) -> None:
    disclaimers = {
        "en": "cannot guarantee",
        "ru": "гарантировать",
        "uk": "гарантувати",
        "kk": "кепілдік бере алмаймыз",
    }
    for text in form.reply_time.values():
        assert all(words in text[language] for language, words in disclaimers.items())


def test_no_question_asks_for_what_identifies(form: Questionnaire) -> None:
    """Words that only occur where the text says that the thing is not needed, or must be left out."""
    negation = r"\b(not|no|without|leave out|don't)\b"
    for question in form.questions:
        for sentence in re.split(r"(?<=[.?;])\s", f"{question.ask['en']} {question.why['en']}"):
            if re.search(r"\b(names?|numbers?|addresses?|address|phone number|date of birth)\b", sentence):
                assert re.search(negation, sentence), sentence


@pytest.mark.parametrize(
    ("answers", "level"),
    [
        ({"status": "held"}, Level.EMERGENCY),
        ({"status": "on-leave", "time-left": "one-day"}, Level.EMERGENCY),
        ({"status": "someone-else", "their-status": "held"}, Level.EMERGENCY),
        ({"status": "someone-else", "time-left": "now"}, Level.EMERGENCY),
        ({"status": "serving", "where": "combat", "danger": "hurt"}, Level.EMERGENCY),
        ({"status": "left-unit", "where": "own-country"}, Level.URGENT),
        ({"status": "left-unit", "where": "armenia"}, Level.STANDARD),
        ({"status": "other", "danger": "criminal-case"}, Level.URGENT),
        ({"status": "not-called-up", "time-left": "later", "danger": "phone"}, Level.STANDARD),
        ({"status": "serving", "their-status": "held"}, Level.STANDARD),
    ],
)
def test_leave_service_derives_the_level_from_facts(answers: dict[str, str], level: Level) -> None:
    form = load((FOLDER / "leave-service.yaml").read_text(encoding="utf-8"), "leave-service.yaml")
    assert level_of(form, {question: (chosen,) for question, chosen in answers.items()})[0] is level


@pytest.mark.parametrize(
    ("answers", "level"),
    [
        ({"deadline": "two-days", "topics": "housing"}, Level.EMERGENCY),
        ({"deadline": "no-date", "topics": "home-violence"}, Level.EMERGENCY),
        ({"deadline": "two-days", "topics": "job"}, Level.URGENT),
        ({"deadline": "passed"}, Level.URGENT),
        ({"deadline": "afterwards", "topics": "housing"}, Level.STANDARD),
    ],
)
def test_legal_aid_derives_the_level_from_facts(answers: dict[str, str], level: Level) -> None:
    form = load((FOLDER / "legal-aid.yaml").read_text(encoding="utf-8"), "legal-aid.yaml")
    assert level_of(form, {question: (chosen,) for question, chosen in answers.items()})[0] is level


def test_the_two_have_no_question_in_common() -> None:
    forms = [load((FOLDER / f"{name}.yaml").read_text(encoding="utf-8"), name) for name in MOST_ASKED]
    first, second = ({question.id for question in form.questions} for form in forms)
    assert first.isdisjoint(second)


def test_nothing_of_either_is_in_the_code() -> None:
    """No module names a question or an option that only a questionnaire can know."""
    telling = re.compile(
        r"leave_service|[\"'](time-left|their-status|housing-trouble|papers-at-hand|left-unit|on-leave)[\"']"
    )
    root = FOLDER.parent
    for folder in ("intake", "storage", "handlers"):
        for path in (root / folder).rglob("*.py"):
            assert not telling.search(path.read_text(encoding="utf-8")), path


def test_a_fingerprint_tells_it_from_one_that_differs_in_a_condition_only(form: Questionnaire) -> None:
    """A draft that was begun with the other one must not go on with this one."""
    last = next(question for question in reversed(form.questions) if question.when)
    always = tuple(replace(q, when={}) if q.id == last.id else q for q in form.questions)
    prints = {
        fingerprint(form),
        fingerprint(replace(form, questions=always)),
        fingerprint(replace(form, rules=())),
    }
    assert len(prints) == 3
    assert fingerprint(form) == fingerprint(replace(form))
