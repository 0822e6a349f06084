"""Which questions and rules of a questionnaire can ever come true, and how many presses an emergency takes.

For questionnaires whose references are sound (`questionnaire_check` looks at those first).
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Mapping
from itertools import combinations, count

from intake.answers import asked, level_of
from intake.questionnaire import Answers, Kind, Level, Question, Questionnaire


def possible(questionnaire: Questionnaire, when: Mapping[str, frozenset[str]]) -> bool:
    """Whether some answers make `when` hold, each of them to a question that is then asked."""
    return example(questionnaire, when) is not None


def example(
    questionnaire: Questionnaire, when: Mapping[str, frozenset[str]]
) -> dict[str, tuple[str, ...]] | None:
    """Answers under which `when` holds, each of them to a question that is then asked; None if there are none.

    Exact without trying combinations: a condition asks something of single questions only, so it can
    hold if and only if each question named on the way back can meet all that is asked of it at once.
    """
    questions = {question.id: question for question in questionnaire.questions}
    demands: dict[str, list[frozenset[str]]] = {}
    waiting = list(when.items())
    while waiting:
        name, options = waiting.pop()
        if name not in demands:
            waiting.extend(questions[name].when.items())
        demands.setdefault(name, []).append(options)
    answers = {name: _meeting(questions[name], wanted) for name, wanted in demands.items()}
    found = {name: answer for name, answer in answers.items() if answer}
    return found if len(found) == len(answers) else None


def _meeting(question: Question, wanted: list[frozenset[str]]) -> tuple[str, ...]:
    """One answer to this question that has an option out of each of the wanted sets; `()` if none has."""
    for option in question.options:
        if all(option.id in options for options in wanted):
            return (option.id,)
    combinable = [option.id for option in question.options if not option.alone]
    if question.kind is not Kind.CHOICES or not all(options.intersection(combinable) for options in wanted):
        return ()
    picked = {next(each for each in combinable if each in options) for options in wanted}
    return tuple(each for each in combinable if each in picked)


def has_emergency(questionnaire: Questionnaire) -> bool:
    """Whether any answers at all lead to an emergency."""
    options = any(
        option.level is Level.EMERGENCY and possible(questionnaire, question.when)
        for question in questionnaire.questions
        for option in question.options
    )
    return options or any(
        rule.level is Level.EMERGENCY and possible(questionnaire, rule.when) for rule in questionnaire.rules
    )


def taps_to_emergency(questionnaire: Questionnaire, at_most: int) -> int | None:
    """The fewest presses from the first question to an emergency; None if that takes more than `at_most`.

    Every question passed costs a press, "prefer not to say" too, so `at_most` bounds the search.
    """
    order = count()  # settles ties, so that answers are never compared
    ways: list[tuple[int, int, Answers]] = [(0, next(order), {})]
    while ways:
        taps, _, answers = heapq.heappop(ways)
        if level_of(questionnaire, answers)[0] is Level.EMERGENCY:
            return taps
        question = next((q for q in asked(questionnaire, answers) if q.id not in answers), None)
        if question is None:
            continue
        for cost, chosen in _presses(question, at_most - taps):
            heapq.heappush(ways, (taps + cost, next(order), {**answers, question.id: chosen}))
    return None


def _presses(question: Question, at_most: int) -> Iterator[tuple[int, tuple[str, ...]]]:
    """Every answer within so many presses, with its cost: several options need one more, "done"."""
    if at_most >= 1:
        yield 1, ()
    ids = [option.id for option in question.options]
    if question.kind is Kind.CHOICE and at_most >= 1:
        yield from ((1, (each,)) for each in ids)
    if question.kind is Kind.CHOICES:
        combinable = [option.id for option in question.options if not option.alone]
        yield from ((2, (each,)) for each in ids if at_most >= 2)
        for size in range(2, at_most):
            yield from ((size + 1, chosen) for chosen in combinations(combinable, size))
