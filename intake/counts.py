"""Months, and under which names things are counted.

Four counts that are not each other: a *request* is what was sent, whoever sent it and whatever became of it. A
*person* is an account that sent one or more of a month's requests. An *outcome* is the end of a request, in the month
in which it was closed. A *case* is a request that was closed after real work: no test, no duplicate, and not withdrawn
before somebody took it. It counts when it is closed, because only then is it known; so nothing that was counted has to
change.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime

from intake.answers import prune
from intake.lifecycle import Outcome
from intake.questionnaire import Answers, Level, Questionnaire

REQUESTS, PERSONS, CASES = "requests", "persons", "cases"
LANGUAGE, OUTCOME, ANSWER = "language:", "outcome:", "answer:"
"""With which names begin that go on with a language, an outcome, or a question and an option."""
NO_CASE = frozenset({Outcome.TEST, Outcome.DUPLICATE})


def request_names(level: Level, language: str, *, new_person: bool) -> tuple[str, ...]:
    """What a request counts as, apart from its answers."""
    return (REQUESTS, level.value, LANGUAGE + language, *([PERSONS] if new_person else []))


def answer_names(questionnaire: Questionnaire, answers: Answers) -> tuple[str, ...]:
    """What the answers to `summary` questions count as: each chosen option once. No answer is no name."""
    given, _ = prune(questionnaire, answers, {})
    return tuple(
        answer_name(question.id, option)
        for question in questionnaire.questions
        if question.in_summary
        for option in given.get(question.id, ())
        if question.option(option)
    )


def answer_name(question: str, option: str) -> str:
    return f"{ANSWER}{question}:{option}"


def closing_names(outcome: Outcome, *, held: bool) -> tuple[str, ...]:
    """What a closing counts as. `held`: somebody had taken it."""
    worked_on = outcome not in NO_CASE and (outcome is not Outcome.WITHDRAWN or held)
    return (OUTCOME + outcome.value, *([CASES] if worked_on else []))


def kind_of(name: str) -> str:
    """The kind of event that is counted under this name first: "requests", "outcome", "answer", …"""
    return re.split("[:.]", name, maxsplit=1)[0]


def month_of(now: int) -> str:
    """`YYYY-MM` in UTC of a moment in Unix seconds."""
    return datetime.fromtimestamp(now, UTC).strftime("%Y-%m")


def earlier(month: str, months: int) -> str:
    """The month so many months before. Raises ValueError unless `month` is YYYY-MM."""
    if not re.fullmatch(r"[0-9]{4}-(0[1-9]|1[0-2])", month):
        raise ValueError("month must be YYYY-MM")
    number = int(month[:4]) * 12 + int(month[5:]) - 1 - months
    return f"{number // 12:04d}-{number % 12 + 1:02d}"
