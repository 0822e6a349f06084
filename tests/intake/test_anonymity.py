"""A card never says of a request what fewer than k recent requests have in common."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from intake.anonymity import WINDOW_DAYS, Combination, Value, chain, publish, reason_text, reasons_for
from intake.answers import level_of, prune
from intake.questionnaire import Answers, Kind, Level, Question, Questionnaire, Rule, Rung
from tests.strategies import (
    SHIPPED,
    answers_to,
    form_of,
    options_of,
    question_of,
    questionnaires,
    said,
    shipped,
)

LADDER = (Rung("caucasus", said("Caucasus"), "abroad"), Rung("abroad", said("Abroad")))
WHERE = question_of(
    "where",
    options=options_of(
        "home armenia georgia poland",
        armenia={"above": "caucasus"},
        georgia={"above": "caucasus"},
        poland={"above": "abroad"},
    ),
    ladder=LADDER,
    in_summary=True,
)
NEEDS = question_of(
    "needs",
    Kind.CHOICES,
    options_of(
        "held advice food", held={"level": Level.EMERGENCY, "above": "help"}, advice={"above": "help"}
    ),
    ladder=(Rung("help", said("Help")),),
    in_summary=True,
)
SECRET = question_of("secret", options=options_of("yes no"))
WORDS = question_of("words", Kind.TEXT)
FORM = form_of(
    WHERE, NEEDS, SECRET, WORDS, rules=(Rule(Level.URGENT, {"where": frozenset({"home"})}, said("Near")),)
)


@dataclass(frozen=True)
class Request:
    answers: Answers
    language: str
    level: Level


def request(form: Questionnaire, answers: Answers, language: str = "en") -> Request:
    return Request(answers, language, level_of(form, answers)[0])


def publish_in_turn(form: Questionnaire, requests: Sequence[Request], k: int) -> list[Combination | None]:
    """What each card shows, as the requests come in one after the other."""
    seen: Counter[Combination] = Counter()
    shown = []
    for one in requests:
        candidates = chain(form, one.answers, one.language, one.level)
        seen.update(candidates)
        shown.append(publish(candidates, seen, k))
    return shown


# Independent of the code under test: what it means that a card's words are true of a request.


def at_or_above(question: Question, option_id: str) -> set[str]:
    """The option and every rung above it."""
    found = {option_id}
    option = question.option(option_id)
    assert option
    rung = option.above
    while rung is not None:
        found.add(rung)
        rung = question.ladder[rung].above
    return found


def value_is_true(question: Question, value: Value, answer: tuple[str, ...]) -> bool:
    climbs = [at_or_above(question, option) for option in answer]
    said_of_all = all(any(part in climb for climb in climbs) for part in value)
    says_all = all(climb.intersection(value) for climb in climbs)
    return said_of_all and says_all


def is_true_of(form: Questionnaire, shown: Combination, one: Request) -> bool:
    answers, _ = prune(form, one.answers, {})
    texts = {tuple(sorted(reason.items())) for reason in level_of(form, answers)[1]}
    told = shown.reasons is None or texts == {
        tuple(sorted(reason_text(form, r).items())) for r in shown.reasons
    }
    return (
        shown.level is one.level
        and told
        and shown.language in (None, one.language)
        and all(
            value is None
            or (question in answers and value_is_true(form.question(question), value, answers[question]))
            for question, value in shown.fields
        )
    )


@st.composite
def histories(draw: st.DrawFn) -> tuple[Questionnaire, list[Request]]:
    form = draw(
        st.one_of(
            st.just(FORM),
            questionnaires(most_questions=4),
            *(st.builds(shipped, st.just(name)) for name in SHIPPED),
        )
    )
    some = draw(st.lists(answers_to(form), min_size=1, max_size=5))
    answers = draw(st.lists(st.sampled_from(some), min_size=1, max_size=16))
    return form, [request(form, each, draw(st.sampled_from(["en", "kk"]))) for each in answers]


@settings(max_examples=100)
@given(histories(), st.integers(1, 6))
def test_whatever_is_shown_is_true_of_at_least_k_requests_so_far(
    history: tuple[Questionnaire, list[Request]], k: int
) -> None:
    form, requests = history
    for number, shown in enumerate(publish_in_turn(form, requests, k), start=1):
        if shown is not None:
            so_far = requests[:number]
            assert is_true_of(form, shown, so_far[-1])
            assert sum(is_true_of(form, shown, one) for one in so_far) >= k


@settings(max_examples=60)
@given(st.data())
def test_every_link_of_the_chain_is_true_and_coarser_than_the_one_before(data: st.DataObject) -> None:
    form = data.draw(st.one_of(st.just(FORM), questionnaires(), st.builds(shipped, st.sampled_from(SHIPPED))))
    one = request(form, data.draw(answers_to(form)))
    links = chain(form, one.answers, one.language, one.level)
    assert len(set(links)) == len(links)
    assert all(is_true_of(form, link, one) for link in links)
    for before, after in pairwise(links):
        assert after.level is before.level
        assert after.reasons in (before.reasons, None)
        assert after.language in (before.language, None)
        for (name, old), (same, new) in zip(before.fields, after.fields, strict=True):
            assert name == same
            assert new is None or (old is not None and climbed(form.question(name), old, new))


def climbed(question: Question, old: Value, new: Value) -> bool:
    """Whether each part stayed or became what stands right above it, and nothing else came in."""
    above = {option.id: option.above for option in question.options}
    above |= {rung.id: rung.above for rung in question.ladder.values()}
    return set(new) <= {*old, *(above[part] for part in old)} and all(
        part in new or above[part] in new for part in old
    )


@settings(max_examples=60)
@given(histories(), st.integers(1, 4))
def test_the_same_requests_are_shown_the_same(history: tuple[Questionnaire, list[Request]], k: int) -> None:
    form, requests = history
    assert publish_in_turn(form, requests, k) == publish_in_turn(form, requests, k)
    for one in requests:
        reordered = dict(reversed(list(one.answers.items())))
        assert chain(form, one.answers, one.language, one.level) == chain(
            form, reordered, one.language, one.level
        )


# By example.

CALM = {"where": ("armenia",), "needs": ("advice",), "secret": ("yes",)}


def test_a_first_request_shows_nothing_but_its_level_and_with_k_of_1_everything() -> None:
    assert publish_in_turn(FORM, [request(FORM, CALM)], 2) == [None]
    (shown,) = publish_in_turn(FORM, [request(FORM, CALM)], 1)
    assert shown
    assert shown == Combination(Level.STANDARD, (), "en", (("where", ("armenia",)), ("needs", ("advice",))))


def test_neighbours_are_shown_by_what_they_have_in_common() -> None:
    others = [request(FORM, {**CALM, "where": ("georgia",)}), request(FORM, {**CALM, "where": ("poland",)})]
    _, second, third = publish_in_turn(FORM, [request(FORM, CALM), *others], 2)
    assert second
    assert dict(second.fields) == {"where": ("caucasus",), "needs": ("help",)}
    assert third
    assert dict(third.fields) == {"where": ("abroad",), "needs": ("help",)}
    assert publish_in_turn(FORM, [request(FORM, CALM), *others], 3)[2] == third


def test_several_answers_climb_together_and_what_has_no_rung_stays() -> None:
    links = chain(FORM, {"needs": ("advice", "food", "held")}, "en", Level.EMERGENCY)
    values = [dict(link.fields)["needs"] for link in links]
    assert list(dict.fromkeys(values)) == [("advice", "food", "held"), ("food", "help"), None]


def test_prefer_not_to_say_is_an_answer_and_no_answer_is_none() -> None:
    first = chain(FORM, {"where": ()}, "en", Level.STANDARD)[0]
    assert first.fields == (("where", ()), ("needs", None))


def test_no_answer_to_a_sealed_question_and_no_text_can_come_in() -> None:
    """Nothing takes a text: answers are ids of options, and an id that the questionnaire doesn't know is withheld."""
    for secret in ((), ("yes",), ("no",)):
        assert chain(FORM, {**CALM, "secret": secret}, "en", Level.STANDARD) == chain(
            FORM, CALM, "en", Level.STANDARD
        )
    smuggled = {**CALM, "where": ("my own words",), "words": ("my own words",)}
    assert all(b"own words" not in link.canonical() for link in chain(FORM, smuggled, "en", Level.STANDARD))
    assert {field.name for field in fields(Combination)} == {"level", "reasons", "language", "fields"}


@given(st.data())
def test_a_card_names_summary_questions_only(data: st.DataObject) -> None:
    form = data.draw(questionnaires())
    one = request(form, data.draw(answers_to(form)))
    summary = [q.id for q in form.questions if q.in_summary]
    for link in chain(form, one.answers, one.language, one.level):
        assert [name for name, _ in link.fields] == summary
        for reason in link.reasons or ():
            named = form.rules[int(reason)].when if reason.isdigit() else {reason.partition(".")[0]}
            assert set(named) <= set(summary)


@pytest.mark.parametrize("level", Level)
def test_only_a_combination_of_the_same_level_counts(level: Level) -> None:
    links = chain(FORM, CALM, "en", level)
    others = Counter(replace(link, level=other) for link in links for other in Level if other is not level)
    assert publish(links, others, 1) is None
    assert all(link.level is level for link in links)


# Reasons.


def test_reasons_are_those_of_the_level_that_counts() -> None:
    both = {"where": ("home",), "needs": ("held",)}
    assert level_of(FORM, both) == (Level.EMERGENCY, (said("label-held"),))
    assert reasons_for(FORM, both, Level.EMERGENCY) == {"needs.held": said("label-held")}
    assert reasons_for(FORM, both, Level.URGENT) == {"0": said("Near")}
    assert reasons_for(FORM, both, Level.STANDARD) == {}


def test_an_answer_that_is_no_longer_asked_for_is_no_reason() -> None:
    later = replace(NEEDS, when={"where": frozenset({"home"})})
    form = form_of(
        WHERE, later, rules=(Rule(Level.EMERGENCY, {"needs": frozenset({"food"})}, said("Hungry")),)
    )
    stale = {"where": ("poland",), "needs": ("held", "food")}
    assert reasons_for(form, stale, Level.EMERGENCY) == {}
    assert chain(form, stale, "en", Level.STANDARD)[0].fields == (("where", ("poland",)), ("needs", None))


@given(st.data())
def test_reasons_say_what_the_level_was_derived_from(data: st.DataObject) -> None:
    form = data.draw(st.one_of(questionnaires(), st.builds(shipped, st.sampled_from(SHIPPED))))
    answers = data.draw(answers_to(form))
    level, texts = level_of(form, answers)
    reasons = reasons_for(form, answers, level)
    assert sorted(map(str, reasons.values())) == sorted(map(str, texts))
    assert {reason: reason_text(form, reason) for reason in reasons} == reasons


def _links(answers: Answers) -> list[tuple[object, ...]]:
    """The chain as (where, needs, whether there are reasons, language)."""
    links = chain(FORM, answers, "en", Level.URGENT)
    return [(*(value for _, value in link.fields), link.reasons is not None, link.language) for link in links]


def test_a_chain_climbs_one_rung_at_a_time_from_the_last_question_and_then_withholds_one_part_at_a_time() -> (
    None
):
    assert _links({"where": ("armenia",), "needs": ("food", "advice")}) == [
        (("armenia",), ("advice", "food"), True, "en"),
        (("armenia",), ("food", "help"), True, "en"),
        (("caucasus",), ("food", "help"), True, "en"),
        (("abroad",), ("food", "help"), True, "en"),
        (("abroad",), None, True, "en"),
        (None, None, True, "en"),
        (None, None, False, "en"),
    ]


def test_prefer_not_to_say_has_nothing_coarser_and_stays_until_it_is_withheld() -> None:
    assert [link[1] for link in _links({"where": ("armenia",), "needs": ()})] == [
        (),
        (),
        (),
        None,
        None,
        None,
    ]


def test_a_standard_request_needs_no_reasons() -> None:
    """Not even where an option or a rule carries that level."""
    form = replace(FORM, rules=(Rule(Level.STANDARD, {"where": frozenset({"home"})}, said("No hurry")),))
    assert reasons_for(form, {"where": ("home",)}, Level.STANDARD) == {}


def test_thirty_days_count_as_recent() -> None:
    assert WINDOW_DAYS == 30


def test_a_reason_that_the_questionnaire_has_lost_has_no_words() -> None:
    with pytest.raises(KeyError):
        reason_text(FORM, "needs.gone")


@settings(max_examples=60)
@given(histories())
def test_equal_combinations_and_only_those_have_equal_bytes(
    history: tuple[Questionnaire, list[Request]],
) -> None:
    form, requests = history
    links = {link for one in requests for link in chain(form, one.answers, one.language, one.level)}
    assert len({link.canonical() for link in links}) == len(links)
