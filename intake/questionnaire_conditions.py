"""Where the conditions of a questionnaire point, and whether they can ever hold."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from intake.fault import Fault, Path, listed
from intake.questionnaire import Kind, Level, Question, Questionnaire, Rule
from intake.reachability import has_emergency, possible, taps_to_emergency

MAX_TAPS_TO_EMERGENCY = 3
"""Presses from the first question until an operator is alerted."""


def reference_faults(questionnaire: Questionnaire) -> Iterator[Fault]:
    """Conditions that name what is not there, what comes later, or what must not show."""
    every = {question.id: question for question in questionnaire.questions}
    earlier: dict[str, Question] = {}
    for question in questionnaire.questions:
        path = ("questions", question.id, "when")
        yield from _condition(path, question.when, earlier, every)
        for name in question.when:
            if question.in_summary and _sealed(earlier.get(name)):
                yield Fault(
                    (*path, name),
                    f'is in the summary, and so gives away how "{name}" was answered, which is sealed; '
                    "make both sealed, or both summary",
                )
        earlier[question.id] = question
    for number, rule in enumerate(questionnaire.rules, start=1):
        path = ("levels", str(number), "if")
        yield from _condition(path, rule.when, every, every)
        for name in rule.when:
            if _sealed(every.get(name)):
                yield Fault(
                    (*path, name),
                    f'rests on "{name}", which is sealed, but every operator sees the level and its reason; '
                    "make that question summary, or rest the rule on another",
                )


def _sealed(question: Question | None) -> bool:
    """Whether there is such a question with sealed options; one answered in words cannot be depended on anyway."""
    return question is not None and question.kind is not Kind.TEXT and not question.in_summary


def _condition(
    path: Path,
    when: Mapping[str, frozenset[str]],
    usable: Mapping[str, Question],
    every: Mapping[str, Question],
) -> Iterator[Fault]:
    for name, options in when.items():
        place = (*path, name)
        question = usable.get(name)
        if question is None and name in every:
            yield Fault(place, f'depends on "{name}", which is asked no earlier; move "{name}" before it')
        elif question is None:
            yield Fault(
                place, f'depends on question "{name}", which does not exist; name another{listed(usable)}'
            )
        elif question.kind is Kind.TEXT:
            yield Fault(place, f'depends on "{name}", which is answered in words; name one that has options')
        else:
            known = [option.id for option in question.options]
            for option in sorted(options.difference(known)):
                yield Fault(
                    place,
                    f'depends on option "{option}" of "{name}", which does not exist; '
                    f"name another{listed(known)}",
                )


def reach_faults(questionnaire: Questionnaire) -> Iterator[Fault]:
    """Questions never asked, rules that never hold, emergencies too far away. Needs sound references."""
    for question in questionnaire.questions:
        yield from _dead_ends(questionnaire, ("questions", question.id, "when"), question.when, "be asked")
    for number, rule in enumerate(questionnaire.rules, start=1):
        yield from _dead_ends(questionnaire, ("levels", str(number), "if"), rule.when, "hold")
        yield from _pointless(number, rule)
    if has_emergency(questionnaire) and taps_to_emergency(questionnaire, MAX_TAPS_TO_EMERGENCY) is None:
        yield Fault(
            ("questions",),
            f"needs more than {MAX_TAPS_TO_EMERGENCY} presses to tell an emergency "
            "(a question with several answers needs one more, for done); move what tells it to the front",
        )


def _pointless(number: int, rule: Rule) -> Iterator[Fault]:
    path = ("levels", str(number))
    if rule.level is Level.STANDARD:
        yield Fault((*path, "level"), "has level standard, which every request has; take the rule away")
    if not rule.when:
        yield Fault((*path, "if"), "holds for everybody; say under if for which answers")


def _dead_ends(
    questionnaire: Questionnaire, path: Path, when: Mapping[str, frozenset[str]], verb: str
) -> Iterator[Fault]:
    if not possible(questionnaire, when):
        yield Fault(
            path, f"can never {verb}: no answers fulfil all of {path[-1]}; change it, or take it away"
        )
        return
    for name, options in when.items():
        for option in sorted(options):
            if not possible(questionnaire, {**when, name: frozenset({option})}):
                yield Fault((*path, name), f'can never {verb} after "{option}" of "{name}"; take that away')
