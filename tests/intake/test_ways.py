"""The ways through questions that hang together: exactly the people whom a questionnaire allows."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Sequence
from itertools import combinations_with_replacement

import pytest
from hypothesis import given
from hypothesis import strategies as st

from intake.breakdowns import LANGUAGE_ID, LEVEL_ID, OUTCOME_ID, breakdowns
from intake.counts import REQUESTS
from intake.disclosure_ways import slips, taking, way_rules
from intake.kinship import table_of
from intake.questionnaire import Answers, Questionnaire
from intake.tables import Part
from intake.ways import families, ways_through
from tests.intake.attack_levels import parts_of, some_questionnaire, ways
from tests.strategies import shipped


def fit(questionnaire: Questionnaire, people: int, numbers: Counter[Part]) -> bool:
    """Whether these can be the numbers of so many people's answers."""
    offered = [by for by in breakdowns(questionnaire, {}) if by.id not in (LANGUAGE_ID, OUTCOME_ID)]
    if any(sum(numbers[by.id, o] for o in by.options) != people for by in offered if by.exclusive):
        return False
    if max(numbers.values(), default=0) > people:
        return False
    for family in families(questionnaire, offered):
        walk = ways_through(questionnaire, offered, family)
        parts = [(by.id, option) for by in offered if by.id in family for option in by.options]
        at = {part: i for i, part in enumerate(parts)}
        rules = way_rules(walk, len(parts), people, at)
        taken = taking(walk, len(parts), people, rules, [numbers[part] for part in parts])
        if taken is None or any(taken[i] for i in slips(walk, 0)):
            return False
    return True


def numbers_of(questionnaire: Questionnaire, people: Sequence[Answers]) -> Counter[Part]:
    return Counter(part for each in people for part in parts_of(questionnaire, each))


@given(st.integers(0, 1_000_000), st.integers(1, 30))
def test_whatever_people_answer_fits(seed: int, people: int) -> None:
    """What doesn't fit would not be noticed elsewhere: such a month is taken by itself."""
    chance = random.Random(seed)
    questionnaire = some_questionnaire(chance)
    answered = list(ways(questionnaire))
    some = chance.choices(chance.sample(answered, min(len(answered), 4)), k=people)
    assert fit(questionnaire, people, numbers_of(questionnaire, some))


@given(st.integers(0, 1_000_000))
def test_what_fits_can_be_answered_by_people(seed: int) -> None:
    """Numbers of two people's answers, some of them altered: they fit if and only if two can have given them."""
    chance = random.Random(seed)
    questionnaire = some_questionnaire(chance)
    answered = list(ways(questionnaire))
    numbers = numbers_of(questionnaire, chance.choices(answered, k=2))
    parts = sorted({part for each in answered for part in parts_of(questionnaire, each)})
    by_question: dict[str, list[Part]] = {}
    for part in parts:
        by_question.setdefault(part[0], []).append(part)
    for some in chance.sample(list(by_question.values()), 2):
        less, more = chance.choice(some), chance.choice(some)
        if numbers[less]:
            numbers[less] -= 1
            numbers[more] += 1
    pairs = (numbers_of(questionnaire, pair) for pair in combinations_with_replacement(answered, 2))
    assert fit(questionnaire, 2, numbers) == (+numbers in pairs)


def test_what_hangs_together_in_the_questionnaires_that_come_along() -> None:
    for name, family in (
        ("leave-service", {LEVEL_ID, "status", "their-status", "time-left", "where", "danger"}),
        ("legal-aid", {LEVEL_ID, "deadline", "topics"}),
    ):
        asked = shipped(name)
        found = families(asked, breakdowns(asked, {}))
        assert family in found
        assert not any("language" in each or "outcome" in each for each in found)


@pytest.mark.parametrize(
    ("numbers", "fits"),
    [
        ({}, True),
        ({("status", "held"): 1}, False),  # that is an emergency
        ({("status", "held"): 1, (LEVEL_ID, "emergency"): 1}, True),
        ({(LEVEL_ID, "emergency"): 1}, False),  # of what?
        ({("their-status", "held"): 1, (LEVEL_ID, "emergency"): 1}, False),  # nobody was asked that
        ({("danger", "none"): 9, ("danger", "phone"): 2}, False),  # one of ten has both
        ({("danger", "none"): 8, ("danger", "phone"): 2}, True),
        (
            {
                ("danger", "hurt"): 5,
                ("where", "combat"): 6,
                (LEVEL_ID, "emergency"): 1,
                (LEVEL_ID, "urgent"): 4,
            },
            True,
        ),
        (
            {
                ("danger", "hurt"): 5,
                ("where", "combat"): 7,
                (LEVEL_ID, "emergency"): 1,
                (LEVEL_ID, "urgent"): 4,
            },
            False,
        ),
    ],
)
def test_ten_people_of_one_questionnaire(numbers: dict[Part, int], fits: bool) -> None:
    asked = shipped("leave-service")
    counted = Counter(numbers)
    for by in breakdowns(asked, {}):
        if by.exclusive:
            rest = "standard" if by.id == LEVEL_ID else "~"
            counted[by.id, rest] = 10 - sum(counted[by.id, option] for option in by.options)
    assert fit(asked, 10, counted) is fits


def test_a_table_comes_with_all_that_it_hangs_together_with() -> None:
    asked = shipped("legal-aid")
    counts = {
        ("2023-10", REQUESTS): 100,
        ("2023-10", "answer:deadline:two-days"): 30,
        ("2023-10", "urgent"): 40,
    }
    by = {each.id: each for each in breakdowns(asked, counts)}
    table = table_of(counts, asked, by["deadline"], (("2023-10",),), "2023-10")
    assert [each.question for each in table.kin] == [LEVEL_ID, "topics"]
    assert table.counts["2023-10", LEVEL_ID, "urgent"] == 40
    assert table.ways
    alone = table_of(counts, asked, by["language"], (("2023-10",),), "2023-10")
    assert not alone.kin
    assert alone.ways is None
