"""Random questionnaires whose answers decide the level, half a year of people who answer them, and an admin who asks.

The attacker's unknowns are not the numbers of the tables, but how many people gave each possible set of answers: no
inequality that the protector thinks of, or doesn't, is told to it. Which sets there are, and their levels, it has from
the questionnaire, as any reader has.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from itertools import combinations

from intake.answers import asked, level_of
from intake.breakdowns import LEVEL_ID, UNSAID, breakdowns, cells
from intake.counts import answer_names, request_names
from intake.kinship import table_of
from intake.questionnaire import Answers, Kind, Level, Option, Question, Questionnaire, Rule
from tests.intake.attack_years import wish
from tests.intake.attacked import Atom, Equation, Intake, Unknowns, Wish

MONTHS = tuple(f"2023-{month:02d}" for month in range(1, 7))


def levels(seed: int) -> Intake:
    chance = random.Random(f"levels {seed}")
    questionnaire, people = some_questionnaire(chance), list[Answers]()
    while {level_of(questionnaire, each)[0] for each in people} != set(Level):
        questionnaire = some_questionnaire(chance)
        people = list(ways(questionnaire))
    likely = {q.id: _shares(chance, q) for q in questionnaire.questions}
    size = chance.choice([15, 40, 120])
    happened: dict[tuple[str, int], int] = {}
    for month in MONTHS:
        weights = [_weight(questionnaire, each, likely) * chance.choice([0.7, 1, 1.4]) for each in people]
        arrived = max(0, round(chance.gauss(size, size / 3)))
        drawn = Counter(chance.choices(range(len(people)), weights, k=arrived))
        happened |= {(month, n): drawn[n] for n in range(len(people))}
    counted = Counter[tuple[str, str]]()
    for (month, n), number in happened.items():
        names = request_names(level_of(questionnaire, people[n])[0], "en", new_person=False)
        for name in (*names, *answer_names(questionnaire, people[n])):
            counted[month, name] += number
    wishes = tuple(_wishes(chance, questionnaire, counted))
    offered = [each for each in breakdowns(questionnaire, counted) if each.id in ids(questionnaire)]
    parts = tuple((each.id, option) for each in offered for option in each.options)
    counts = {(month, *part): 0 for month in MONTHS for part in parts}
    for each in offered:
        counts |= cells(counted, each)
    at = {(month, *part): list[int]() for month in MONTHS for part in parts}
    for i, (month, n) in enumerate(happened):
        for part in parts_of(questionnaire, people[n]):
            at[month, *part].append(i)
    unknowns = _unknowns(at, happened)
    return Intake(MONTHS, parts, counts, wishes, unknowns, tied=True)


def _unknowns(at: dict[Atom, list[int]], happened: dict[tuple[str, int], int]) -> Unknowns:
    totals = {month: sum(n for (when, _), n in happened.items() if when == month) for month in MONTHS}
    everybody = tuple(
        Equation(tuple(i for i, (when, _) in enumerate(happened) if when == month), total, total)
        for month, total in totals.items()
    )
    most = tuple(totals[month] for month, _ in happened)
    return Unknowns({a: tuple(i) for a, i in at.items()}, most, everybody, tuple(happened.values()))


def ids(questionnaire: Questionnaire) -> list[str]:
    return [LEVEL_ID, *(question.id for question in questionnaire.questions)]


def _wishes(
    chance: random.Random, questionnaire: Questionnaire, counted: Counter[tuple[str, str]]
) -> Iterator[Wish]:
    by_id = {each.id: each for each in breakdowns(questionnaire, counted)}
    for _ in range(chance.randint(4, 10)):
        by = by_id[chance.choice([LEVEL_ID, *ids(questionnaire)])]
        whole = table_of(counted, questionnaire, by, (MONTHS,), MONTHS[-1])
        wanted, rounding = wish(chance, MONTHS, by.id, whole.counts, by.options, by.exclusive)
        yield replace(whole, periods=wanted.periods, columns=wanted.columns), rounding


def some_questionnaire(chance: random.Random) -> Questionnaire:
    first = _question(chance, "a", choices=False, when={})
    hangs = chance.random() < 0.5
    after = frozenset(o.id for o in chance.sample(first.options, chance.randint(1, len(first.options) - 1)))
    second = _question(chance, "b", choices=chance.random() < 0.5, when={"a": after} if hangs else {})
    questions = [first, second]
    if chance.random() < 0.3:
        questions.append(_question(chance, "c", choices=False, when={}))
    rules = [_rule(chance, questions) for _ in range(chance.choice([0, 0, 1, 2]))]
    text = {"en": "?"}
    return Questionnaire("x", 1, ("en",), text, text, {}, tuple(questions), tuple(rules))


def _question(
    chance: random.Random, name: str, *, choices: bool, when: dict[str, frozenset[str]]
) -> Question:
    text = {"en": "?"}
    some = [Level.EMERGENCY, Level.URGENT, Level.URGENT, None, None, None]
    options = [Option(f"{name}{n}", text, chance.choice(some)) for n in range(chance.randint(2, 3))]
    if choices and chance.random() < 0.6:
        options.append(Option(f"{name}-none", text, alone=True))
    kind = Kind.CHOICES if choices else Kind.CHOICE
    return Question(name, kind, text, text, text, in_summary=True, options=tuple(options), when=when)


def _rule(chance: random.Random, questions: list[Question]) -> Rule:
    about = chance.sample(questions, chance.choice([1, 2, 2]))
    when = {
        q.id: frozenset(
            o.id for o in chance.sample([o for o in q.options if not o.alone], chance.randint(1, 2))
        )
        for q in about
    }
    return Rule(chance.choice([Level.EMERGENCY, Level.URGENT]), when, {"en": "?"})


def ways(questionnaire: Questionnaire, answers: Answers | None = None) -> Iterator[Answers]:
    """All the ways in which it can be answered."""
    given = answers or {}
    question = next((q for q in asked(questionnaire, given) if q.id not in given), None)
    if question is None:
        yield given
        return
    for chosen in _chosen(question):
        yield from ways(questionnaire, {**given, question.id: chosen})


def _chosen(question: Question) -> Iterator[tuple[str, ...]]:
    together = [o.id for o in question.options if not o.alone]
    yield ()
    yield from ((o.id,) for o in question.options if o.alone)
    for several in range(1, len(together) + 1 if question.kind is Kind.CHOICES else 2):
        yield from combinations(together, several)


def _shares(chance: random.Random, question: Question) -> dict[tuple[str, ...], float]:
    return {chosen: chance.expovariate(1) ** 2 + 0.01 for chosen in _chosen(question)}


def _weight(
    questionnaire: Questionnaire, answers: Answers, likely: dict[str, dict[tuple[str, ...], float]]
) -> float:
    found = 1.0
    for question in questionnaire.questions:
        if question.id in answers:
            shares = likely[question.id]
            found *= shares[answers[question.id]] / sum(shares.values())
    return found


def parts_of(questionnaire: Questionnaire, answers: Answers) -> Iterator[tuple[str, str]]:
    yield LEVEL_ID, level_of(questionnaire, answers)[0].value
    for question in questionnaire.questions:
        chosen = answers.get(question.id, ())
        unsaid = (UNSAID,) if question.kind is Kind.CHOICE else ()
        yield from ((question.id, option) for option in chosen or unsaid)
