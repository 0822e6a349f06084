"""A questionnaire file, YAML text, to a `Questionnaire`: docs/questionnaire.md describes the format."""

from __future__ import annotations

from enum import StrEnum

import yaml

from intake.errors import QuestionnaireError
from intake.fault import Fault, listed, quoted
from intake.marked_yaml import Unreadable, compose
from intake.questionnaire import Kind, Level, Option, Question, Questionnaire, Rule, Rung
from intake.questionnaire_check import faults
from intake.questionnaire_texts import LANGUAGES
from intake.yaml_block import Block, Notes

MAX_VERSION = 9_999
MAX_HOURS = 9_999
OPTION_KEYS = ("level", "above", "within", "alone")


class Shared(StrEnum):
    SUMMARY = "summary"
    SEALED = "sealed"


def load(text: str, filename: str) -> Questionnaire:
    """The questionnaire in `text`.

    Raises `QuestionnaireError` with every problem at once; `filename` and the line begin each.
    """
    notes = Notes()
    try:
        questionnaire = _questionnaire(compose(text), notes)
    except Unreadable as fault:
        raise QuestionnaireError([f"{filename}:{fault.line}: {fault}"]) from None
    if found := notes.and_found(faults(questionnaire)):
        raise QuestionnaireError(notes.told(found, filename))
    return questionnaire


def labels(questionnaire: Questionnaire) -> dict[str, object]:
    """The public words that opened answers are shown with, ready for JSON.

    {"title": {language: text}, "questions": {id: {"label": {…}, "options": {id: {…}}}}}
    """
    return {
        "title": dict(questionnaire.title),
        "questions": {
            question.id: {
                "label": dict(question.label),
                "options": {option.id: dict(option.label) for option in question.options},
            }
            for question in questionnaire.questions
        },
    }


def _questionnaire(root: yaml.Node, notes: Notes) -> Questionnaire:
    required = ("name", "version", "languages", "title", "about", "reply_time", "questions")
    top = Block(notes, root, (), required, ("levels",))
    languages = top.words("languages")
    times = top.block("reply_time", optional=list(Level))
    questions = top.blocks(
        "questions", ("id", "kind", "ask", "label", "shared"), ("why", "options", "ladder", "when")
    )
    return Questionnaire(
        name=top.identifier("name"),
        version=top.number("version", MAX_VERSION),
        languages=_languages(languages, notes),
        title=top.texts("title", languages),
        about=top.texts("about", languages),
        reply_time={Level(level): times.texts(level, languages) for level in times.keys},
        questions=tuple(_question(block, languages) for block in questions),
        rules=tuple(_rule(block, languages) for block in top.blocks("levels", ("level", "if", "reason"))),
    )


def _languages(codes: list[str], notes: Notes) -> tuple[str, ...]:
    """Those that Postern speaks, each once; what else is listed is reported."""
    known = []
    for code in codes:
        if code and code not in LANGUAGES:
            advice = f"take it away, or use one of{listed(LANGUAGES)}"
            notes.faults.append(Fault(("languages",), f"has a language {quoted(code)}; {advice}"))
        elif code in known:
            notes.faults.append(Fault(("languages",), f"has the language {code} twice; keep one"))
        elif code:
            known.append(code)
    return tuple(known)


def _question(block: Block, languages: list[str]) -> Question:
    options = tuple(
        _option(each, languages) for each in block.blocks("options", ("id", "label"), OPTION_KEYS)
    )
    # Where kind or shared cannot be read, the guess is the one that the rest of the question goes with.
    guess = Kind.CHOICES if any(option.alone for option in options) else Kind.CHOICE if options else Kind.TEXT
    kind = block.one_of("kind", Kind) or guess
    shared = block.one_of("shared", Shared)
    rungs = [_rung(each, languages) for each in block.blocks("ladder", ("id", "label"), ("above",))]
    return Question(
        id=block.identifier("id") or block.place,
        kind=kind,
        ask=block.texts("ask", languages),
        why=block.texts("why", languages),
        label=block.texts("label", languages),
        in_summary=(shared is Shared.SUMMARY) if shared else kind is not Kind.TEXT,
        options=options,
        ladder={rung.id: rung for rung in rungs},
        when=_condition(block, "when"),
    )


def _option(block: Block, languages: list[str]) -> Option:
    return Option(
        id=block.identifier("id") or block.place,
        label=block.texts("label", languages),
        level=block.one_of("level", Level),
        above=block.mention("above"),
        within=block.number("within", MAX_HOURS) or None,
        alone=block.yes("alone"),
    )


def _rung(block: Block, languages: list[str]) -> Rung:
    return Rung(
        id=block.identifier("id") or block.place,
        label=block.texts("label", languages),
        above=block.mention("above"),
    )


def _rule(block: Block, languages: list[str]) -> Rule:
    return Rule(
        level=block.one_of("level", Level) or Level.URGENT,
        when=_condition(block, "if"),
        reason=block.texts("reason", languages),
    )


def _condition(block: Block, key: str) -> dict[str, frozenset[str]]:
    condition = block.block(key, optional=None)
    options = {question: frozenset(condition.words(question)) for question in condition.keys}
    return {question: chosen for question, chosen in options.items() if chosen}
