"""Questionnaires for tests: the shipped ones, any that the check lets pass, and the largest that it does."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path

from hypothesis import assume
from hypothesis import strategies as st

from handlers.screens import View
from handlers.texts import LANGUAGES, Texts, load_texts
from intake.questionnaire import Answers, Kind, Level, Localised, Option, Question, Questionnaire, Rule, Rung
from intake.questionnaire_check import MAX_OPTIONS, MAX_QUESTIONS, check
from intake.questionnaire_file import load
from intake.questionnaire_texts import OPTION_LABEL_CHARS, TEXT_LIMITS

FOLDER = Path(__file__).parents[1] / "questionnaires"
SHIPPED = ("leave-service", "legal-aid")
LARGE_VALUES: dict[str, int | str] = {
    "organisation": "W" * 60,
    "draft_minutes": 1_440,
    "hours": 47,
    "reply_hours": 47,
    "open_days": 3_650,
    "replies_days": 3_650,
    "closed_days": 3_650,
    "k": 100,
}


@cache
def shipped(name: str) -> Questionnaire:
    path = FOLDER / f"{name}.yaml"
    return load(path.read_text("utf-8"), path.name)


@cache
def texts() -> Texts:
    return load_texts()


def view_of(form: Questionnaire, level: Level = Level.STANDARD, *, large: bool = True) -> View:
    values = LARGE_VALUES if large else {**LARGE_VALUES, "organisation": "The Way Out"}
    return View(
        form, texts(), values, "privacy-relay-chat", " ".join(["abstract"] * 24), claimed=True, level=level
    )


def said(text: str) -> Localised:
    return dict.fromkeys(LANGUAGES, text)


def form_of(*questions: Question, rules: tuple[Rule, ...] = (), words: str = "x") -> Questionnaire:
    text = said(words)
    return Questionnaire(
        "test", 1, tuple(LANGUAGES), text, text, dict.fromkeys(Level, text), questions, rules
    )


def question_of(
    name: str,
    kind: Kind = Kind.CHOICE,
    options: tuple[Option, ...] = (),
    *,
    when: Mapping[str, str] | None = None,
    ladder: tuple[Rung, ...] = (),
    in_summary: bool = False,
) -> Question:
    """`when`: question -> the ids of options, one after another."""
    text = said(f"ask-{name}")
    conditions = {other: frozenset(ids.split()) for other, ids in (when or {}).items()}
    rungs = {rung.id: rung for rung in ladder}
    return Question(name, kind, text, text, said(name), in_summary, options, rungs, conditions)


def options_of(ids: str, **more: Mapping[str, object]) -> tuple[Option, ...]:
    """`more`: the other fields of an option, by its id."""
    return tuple(Option(each, said(f"label-{each}"), **more.get(each, {})) for each in ids.split())  # type: ignore[arg-type]


@cache
def branching() -> Questionnaire:
    """One question of each kind: an emergency at once, several answers, and words that hang on one of them."""
    return form_of(
        question_of("how", options=options_of("calm held", held={"level": Level.EMERGENCY}), in_summary=True),
        question_of("needs", Kind.CHOICES, options_of("food bed none", none={"alone": True})),
        question_of("words", Kind.TEXT, when={"needs": "food bed"}),
        question_of("last", options=options_of("yes no")),
    )


@st.composite
def questionnaires(draw: st.DrawFn, most_questions: int = 6) -> Questionnaire:
    """Any questionnaire that the check lets pass: branches, ladders, levels, rules, at most one text question."""
    questions: list[Question] = []
    for number in range(draw(st.integers(1, most_questions))):
        questions.append(draw(_question(f"q{number}", questions)))
    rules = draw(st.lists(_rule(questions), max_size=2))
    form = form_of(*questions, rules=tuple(rules))
    assume(not check(form))
    return form


@st.composite
def _question(draw: st.DrawFn, name: str, before: list[Question]) -> Question:
    kinds = [Kind.CHOICE, Kind.CHOICES]
    if all(q.kind is not Kind.TEXT for q in before):
        kinds.append(Kind.TEXT)
    kind = draw(st.sampled_from(kinds))
    in_summary = kind is not Kind.TEXT and draw(st.booleans())
    usable = [q for q in before if q.options and (q.in_summary or not in_summary)]
    when: dict[str, str] = {}
    branches = draw(st.booleans())
    if usable and branches:
        on = draw(st.sampled_from(usable))
        when[on.id] = " ".join(draw(_some(on)))
    if kind is Kind.TEXT:
        return question_of(name, kind, when=when)
    ladder = (
        draw(st.sampled_from([(), (Rung("some", said("Some"), "any"), Rung("any", said("Any")))]))
        if in_summary
        else ()
    )
    options = tuple(draw(_option(i, kind, in_summary, ladder)) for i in range(draw(st.integers(2, 4))))
    if ladder and all(option.above != "some" for option in options):
        options = (Option("o0", said("label-o0"), above="some"), *options[1:])
    return question_of(name, kind, options, when=when, ladder=ladder, in_summary=in_summary)


@st.composite
def _option(draw: st.DrawFn, number: int, kind: Kind, in_summary: bool, ladder: tuple[Rung, ...]) -> Option:
    levels = st.sampled_from([None, None, None, Level.URGENT, Level.EMERGENCY])
    above = st.sampled_from([None, *(rung.id for rung in ladder)])
    return Option(
        f"o{number}",
        said(f"label-o{number}"),
        draw(levels) if in_summary else None,
        draw(above),
        draw(st.sampled_from([False, False, True])) if kind is Kind.CHOICES else False,
    )


@st.composite
def _rule(draw: st.DrawFn, questions: list[Question]) -> Rule:
    usable = [q for q in questions if q.in_summary]
    assume(usable)
    on = draw(st.sampled_from(usable))
    level = draw(st.sampled_from([Level.URGENT, Level.EMERGENCY]))
    return Rule(level, {on.id: frozenset(draw(_some(on)))}, said("rule"))


def _some(question: Question) -> st.SearchStrategy[list[str]]:
    ids = [option.id for option in question.options]
    return st.lists(st.sampled_from(ids), min_size=1, unique=True)


@cache
def largest(letter: str = "ы") -> Questionnaire:
    """As many questions, options and letters as the check allows."""
    questions = []
    for number in range(MAX_QUESTIONS):
        name = f"q{number:02}"
        kind = Kind.TEXT if number == MAX_QUESTIONS - 1 else Kind.CHOICES
        options = tuple(
            Option(f"option{i:x}", said(_long(OPTION_LABEL_CHARS, letter, str(i))))
            for i in range(0 if kind is Kind.TEXT else MAX_OPTIONS)
        )
        questions.append(
            Question(
                name,
                kind,
                said(_long(TEXT_LIMITS["ask"], letter)),
                said(_long(TEXT_LIMITS["why"], letter)),
                said(_long(TEXT_LIMITS["label"], letter)),
                options=options,
            )
        )
    times = dict.fromkeys(Level, said(_long(TEXT_LIMITS["reply_time"], letter)))
    title, about = (said(_long(TEXT_LIMITS[each], letter)) for each in ("title", "about"))
    return Questionnaire("largest", 1, tuple(LANGUAGES), title, about, times, tuple(questions))


def _long(size: int, letter: str, end: str = "") -> str:
    return letter * (size - len(end)) + end


@st.composite
def answers_to(draw: st.DrawFn, form: Questionnaire) -> Answers:
    """What somebody may have answered on the way through, to the end or not."""
    answers: dict[str, tuple[str, ...]] = {}
    for question in form.questions:
        ids = [option.id for option in question.options]
        answered = draw(st.integers(0, 9)) > 0
        if ids and answered:
            most = 1 if question.kind is Kind.CHOICE else 3
            picked = draw(st.lists(st.sampled_from(ids), max_size=most, unique=True))
            answers[question.id] = tuple(each for each in ids if each in picked)
    return answers
