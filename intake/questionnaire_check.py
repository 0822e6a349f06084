"""What a questionnaire must fulfil beyond being readable: each fault in plain words, with what to do."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping

from intake.breakdowns import RESERVED
from intake.fault import Fault, listed
from intake.questionnaire import Kind, Level, Option, Question, Questionnaire, Rung
from intake.questionnaire_conditions import reach_faults, reference_faults
from intake.questionnaire_texts import text_faults, twin_faults

MAX_QUESTIONS = 20
MAX_OPTIONS = 12
"""Options of a question: as many buttons as a phone shows at once."""
MIN_OPTIONS = 2
MAX_TEXT_QUESTIONS = 1
MAX_ANSWERS_BYTES = 2_800
"""All closed answers, as JSON, are sealed as one block of this size."""


def check(questionnaire: Questionnaire) -> list[str]:
    """Every problem, one line each; empty if the questionnaire may be used."""
    return [str(fault) for fault in faults(questionnaire)]


def faults(questionnaire: Questionnaire) -> list[Fault]:
    """The same with the place of each. Never raises, however broken the questionnaire."""
    found = [*_whole(questionnaire), *text_faults(questionnaire)]
    for question in questionnaire.questions:
        found += [*_shape(question), *twin_faults(question)]
        found += [*_levels(question), *_ladder(question)]
    references = list(reference_faults(questionnaire))
    found += references
    # The search below follows conditions from question to question: they must lead somewhere, and backwards.
    return found if references else [*found, *reach_faults(questionnaire)]


def _whole(questionnaire: Questionnaire) -> Iterator[Fault]:
    questions = questionnaire.questions
    if not questions:
        yield Fault(("questions",), "has no question; add at least one")
    if len(questions) > MAX_QUESTIONS:
        yield Fault(("questions",), f"has {len(questions)} questions; keep {MAX_QUESTIONS} or fewer")
    for question in [q for q in questions if q.kind is Kind.TEXT][MAX_TEXT_QUESTIONS:]:
        yield Fault(
            ("questions", question.id, "kind"),
            "is a second text question; keep one, and ask the rest with options",
        )
    size = worst_answers_bytes(questionnaire)
    if size > MAX_ANSWERS_BYTES:
        yield Fault(
            ("questions",),
            f"can have answers of {size:,} bytes, more than {MAX_ANSWERS_BYTES:,}; shorten ids, or drop options",
        )


def worst_answers_bytes(questionnaire: Questionnaire) -> int:
    """The size of the largest JSON that closed answers can make, were every question asked."""
    closed = [question for question in questionnaire.questions if question.kind is not Kind.TEXT]
    everything = {
        question.id: [option.id for option in question.options]
        if question.kind is Kind.CHOICES
        else [max((option.id for option in question.options), key=len, default="")]
        for question in closed
    }
    return len(json.dumps(everything).encode())


def _shape(question: Question) -> Iterator[Fault]:
    path = ("questions", question.id)
    if question.id in RESERVED:
        yield Fault(
            (*path, "id"),
            f"is what counts call something else ({', '.join(sorted(RESERVED))}); name it otherwise",
        )
    if not question.why:
        yield Fault(
            (*path, "why"),
            "has no purpose; say under why what the answer is needed for, or do without the question",
        )
    if question.kind is Kind.TEXT:
        if question.options:
            yield Fault(
                (*path, "options"), "is answered in words; take its options away, or make it a choice"
            )
        if question.in_summary:
            yield Fault(
                (*path, "shared"),
                "is answered in words, which must never reach the summary; set shared: sealed",
            )
    elif not MIN_OPTIONS <= len(question.options) <= MAX_OPTIONS:
        yield Fault(
            (*path, "options"),
            f"has {len(question.options)} options; give it {MIN_OPTIONS} to {MAX_OPTIONS}",
        )
    for option in question.options:
        if option.alone and question.kind is not Kind.CHOICES:
            yield Fault(
                (*path, "options", option.id, "alone"), "needs no alone: only one can be chosen here anyway"
            )


def _levels(question: Question) -> Iterator[Fault]:
    for option in question.options:
        path = ("questions", question.id, "options", option.id, "level")
        if option.level is Level.STANDARD:
            yield Fault(path, "has level standard, which every request has; take the line away")
        elif option.level and not question.in_summary:
            yield Fault(
                path,
                "sets a level, and every operator sees the level and its reason, but the question is sealed; "
                "set shared: summary, or take the level away",
            )
        if option.within is not None and not question.in_summary:
            yield Fault(
                (*path[:-1], "within"),
                "gives the time that is left, and the queue shows who has less, but the question is sealed; "
                "set shared: summary, or take the line away",
            )


def _ladder(question: Question) -> Iterator[Fault]:
    path = ("questions", question.id)
    if question.ladder and not question.in_summary:
        yield Fault(
            (*path, "ladder"), "is sealed, so nothing of it is ever generalised; take the ladder away"
        )
    climbers: list[tuple[str, Option | Rung]] = [("options", option) for option in question.options]
    climbers += [("ladder", rung) for rung in question.ladder.values()]
    for kind, each in climbers:
        if each.above is not None and each.above not in question.ladder:
            yield Fault(
                (*path, kind, each.id, "above"),
                f"has above: {each.above}, which is not on the ladder{listed(question.ladder)}",
            )
    used = {each.above for _, each in climbers}
    for rung in question.ladder.values():
        if question.option(rung.id):
            yield Fault((*path, "ladder", rung.id), "has the id of an option; choose another")
        if rung.id not in used:
            yield Fault(
                (*path, "ladder", rung.id), "has nothing below it; name it under above, or take it away"
            )
        if _climbs_in_a_circle(rung, question.ladder):
            yield Fault(
                (*path, "ladder", rung.id, "above"), "leads back to itself; the ladder must end somewhere"
            )


def _climbs_in_a_circle(rung: Rung, ladder: Mapping[str, Rung]) -> bool:
    above = ladder.get(rung.above or "")
    for _ in ladder:
        if above is None or above.id == rung.id:
            break
        above = ladder.get(above.above or "")
    return above is not None and above.id == rung.id
