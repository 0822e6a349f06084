"""What closed answers mean: which questions are asked, which answers still count, how urgent it is.

Only earlier questions matter: a question is asked once every question that its `when` names has been
asked and answered with one of the options listed there. Until then it is not counted.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

from intake.questionnaire import Answers, Kind, Level, Localised, Question, Questionnaire

T = TypeVar("T")


def holds(when: Mapping[str, frozenset[str]], answers: Answers) -> bool:
    """Whether every question named in `when` has one of its options among the answers."""
    return all(options.intersection(answers.get(question, ())) for question, options in when.items())


def asked(questionnaire: Questionnaire, answers: Answers) -> tuple[Question, ...]:
    """The questions that are asked, in order, as far as these answers decide it.

    An answer to a question that is itself not asked counts for nothing, so a change early on takes
    everything with it that hung on the old answer.
    """
    given: dict[str, tuple[str, ...]] = {}
    questions = []
    for question in questionnaire.questions:
        if holds(question.when, given):
            questions.append(question)
            if question.id in answers:
                given[question.id] = answers[question.id]
    return tuple(questions)


def prune(
    questionnaire: Questionnaire, answers: Answers, texts: Mapping[str, T]
) -> tuple[dict[str, tuple[str, ...]], dict[str, T]]:
    """Closed answers and texts without those whose question is no longer asked; the order is kept.

    Once is enough: `asked` never listens to an answer that is dropped here.
    """
    kept = {question.id for question in asked(questionnaire, answers)}
    return (
        {question: chosen for question, chosen in answers.items() if question in kept},
        {question: text for question, text in texts.items() if question in kept},
    )


def level_of(questionnaire: Questionnaire, answers: Answers) -> tuple[Level, tuple[Localised, ...]]:
    """The most urgent level that the answers derive, and the reasons for that level (none for standard).

    An option's own level gives its label as the reason, a rule gives its own. `questionnaire_check`
    lets levels hang on `summary` questions only, so a reason never shows what was to stay sealed.
    """
    counted, _ = prune(questionnaire, answers, {})
    found = [
        (option.level, option.label)
        for question in questionnaire.questions
        for option in question.options
        if option.level and option.id in counted.get(question.id, ())
    ]
    found += [(rule.level, rule.reason) for rule in questionnaire.rules if holds(rule.when, counted)]
    level = min((level for level, _ in found), key=lambda each: each.rank, default=Level.STANDARD)
    if level is Level.STANDARD:
        return level, ()
    return level, tuple(reason for each, reason in found if each is level)


def hours_left(questionnaire: Questionnaire, answers: Answers) -> int | None:
    """Hours that are left, by the answer that leaves the fewest; None: nothing was said of it."""
    counted, _ = prune(questionnaire, answers, {})
    found = [
        option.within
        for question in questionnaire.questions
        for option in question.options
        if option.within is not None and option.id in counted.get(question.id, ())
    ]
    return min(found, default=None)


def near_empty(questionnaire: Questionnaire, answers: Answers, texts: Mapping[str, int]) -> bool:
    """Whether a standard request says so little that it need not be read one by one: no text, one answer at most.

    `texts`: bytes of each text. Where only two things are asked, one answer is not little.
    """
    level, _ = level_of(questionnaire, answers)
    questions = asked(questionnaire, answers)
    given = sum(bool(answers.get(question.id)) for question in questions)
    little = given == 0 or (given == 1 and len(questions) > 2)
    return level is Level.STANDARD and little and not any(texts.values())


def toggled(question: Question, chosen: tuple[str, ...], option_id: str) -> tuple[str, ...]:
    """What is chosen after a press on one option, in the questionnaire's order.

    In a `choice` question the press replaces what was chosen. In a `choices` question it adds the option or
    takes it away; an option that stands alone clears the others, and any other clears it. An unknown option
    changes nothing.
    """
    pressed = question.option(option_id)
    if pressed is None:
        return chosen
    if question.kind is Kind.CHOICE:
        return (option_id,)
    if option_id in chosen:
        return tuple(each for each in chosen if each != option_id)
    return tuple(
        option.id
        for option in question.options
        if option.id == option_id or (option.id in chosen and not option.alone and not pressed.alone)
    )
