"""Which summary of a request may be shown: one that at least k recent requests share.

A combination is everything visible on a card. Each request has a fixed chain of combinations, from the exact one
to coarser and coarser ones: one field climbs one rung at a time, in an order that the questionnaire alone decides.
Two requests share a combination if it stands in both chains, whether or not it was ever shown for either; so counting,
for each combination, the requests whose chain holds it answers "how many share it". The counts include the
request itself. When no combination of the chain reaches k, everything is withheld but level and reference.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from intake.answers import asked, holds, prune
from intake.questionnaire import Answers, Level, Localised, Question, Questionnaire

WINDOW_DAYS = 30
"""How long a request counts as recent."""

Value = tuple[str, ...]
"""Ids of options or rungs; `()` is "prefer not to say"."""


@dataclass(frozen=True, slots=True)
class Combination:
    """What a card shows. A field, the reasons or the language that is None is withheld."""

    level: Level
    reasons: tuple[str, ...] | None
    """Why the level is what it is, see `reasons_for`."""
    language: str | None
    fields: tuple[tuple[str, Value | None], ...]

    def canonical(self) -> bytes:
        """Equal combinations, and only those, have equal bytes."""
        return json.dumps(
            [self.level, self.reasons, self.language, self.fields], separators=(",", ":")
        ).encode()


def chain(
    questionnaire: Questionnaire, answers: Answers, language: str, level: Level
) -> tuple[Combination, ...]:
    """The request's combinations, from the exact one to the coarsest, without repetitions."""
    questions = [q for q in questionnaire.questions if q.in_summary]
    answers, _ = prune(questionnaire, answers, {})
    fields: dict[str, Value | None] = {q.id: _given(q, answers[q.id]) for q in questions if q.id in answers}
    reasons: tuple[str, ...] | None = tuple(reasons_for(questionnaire, answers, level))
    spoken: str | None = language
    found: list[Combination] = []

    def record() -> None:
        combination = Combination(level, reasons, spoken, tuple((q.id, fields.get(q.id)) for q in questions))
        if combination not in found:
            found.append(combination)

    record()
    # Climb: the last question first, because the first ones say what a case is about; one rung a round.
    while any(_higher(q, fields.get(q.id)) != fields.get(q.id) for q in questions):
        for question in reversed(questions):
            fields[question.id] = _higher(question, fields.get(question.id))
            record()
    for question in reversed(questions):
        fields[question.id] = None
        record()
    reasons = None
    record()
    spoken = None
    record()
    # The last one is level alone: it is what "withheld" shows, and needs no company.
    return tuple(found[:-1])


def publish(
    candidates: Sequence[Combination], shared_by: Mapping[Combination, int], k: int
) -> Combination | None:
    """The most exact combination that at least `k` requests share; None: withhold."""
    return next((c for c in candidates if shared_by.get(c, 0) >= k), None)


def _given(question: Question, chosen: Value) -> Value | None:
    """The exact value; withheld if the questionnaire has lost one of the options since the answer was given."""
    return tuple(sorted(chosen)) if all(map(question.option, chosen)) else None


def _higher(question: Question, value: Value | None) -> Value | None:
    """The value one rung up; unchanged where there is nothing coarser."""
    if not value:
        return value
    above = [_above(question, part) for part in value]
    return tuple(sorted({a or part for a, part in zip(above, value, strict=True)}))


def _above(question: Question, part: str) -> str | None:
    option = question.option(part)
    return option.above if option else question.ladder[part].above


def reasons_for(questionnaire: Questionnaire, answers: Answers, level: Level) -> dict[str, Localised]:
    """What gives a request this level: an id of each reason -> its text.

    The ids are a rule's number, or the question and the option that carry the level. A standard request needs
    none. Levels rest on `summary` questions only (`questionnaire_check`), so no reason tells a sealed answer.
    """
    if level is Level.STANDARD:
        return {}
    answers, _ = prune(questionnaire, answers, {})
    marked = {
        f"{question.id}.{option.id}": option.label
        for question in asked(questionnaire, answers)
        for option in question.options
        if option.level is level and option.id in answers.get(question.id, ())
    }
    held = {
        str(i): rule.reason
        for i, rule in enumerate(questionnaire.rules)
        if rule.level is level and holds(rule.when, answers)
    }
    return marked | held


def reason_text(questionnaire: Questionnaire, reason: str) -> Localised:
    """The words of one reason's id."""
    question_id, _, option_id = reason.partition(".")
    if not option_id:
        return questionnaire.rules[int(question_id)].reason
    option = questionnaire.question(question_id).option(option_id)
    if option is None:
        raise KeyError(reason)
    return option.label
