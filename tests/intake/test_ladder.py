"""A ladder of ever coarser words must end somewhere."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest

from intake.questionnaire import Rung
from intake.questionnaire_check import check
from tests.intake.test_questionnaire_check import WHERE, with_questions


@pytest.mark.parametrize(
    ("above", "circle"),
    [
        ("away>away", "away"),
        ("away>beyond>away", "away beyond"),
        ("away>beyond>further>beyond", "beyond further"),
    ],
)
def test_a_ladder_that_leads_back_to_itself_is_refused_at_each_rung_of_the_circle(
    above: str, circle: str
) -> None:
    rungs = above.split(">")
    ladder = {r: Rung(r, {"en": r.title()}, then) for r, then in pairwise(rungs)}
    problems = check(with_questions(replace(WHERE, ladder=ladder)))
    assert [
        p.split('rung "')[1].split('"')[0] for p in problems if "leads back to itself" in p
    ] == circle.split()
