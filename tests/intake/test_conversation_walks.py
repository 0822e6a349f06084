"""Whatever somebody presses, types or sends: nothing breaks, nothing is lost, and sending stays possible."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from handlers.texts import LANGUAGES
from intake.conversation import (
    Fresh,
    Table,
    actions,
    begin,
    step,
)
from intake.draft import Place
from intake.events import (
    MAX_TEXT_BYTES,
    CodeTyped,
    Command,
    Event,
    Odd,
    OpenCase,
    Pressed,
    Typed,
    Unexpected,
)
from intake.questionnaire import Questionnaire
from tests.intake.walking import COMMANDS, MARK, Walk
from tests.strategies import SHIPPED, branching, largest, questionnaires, shipped

LENGTHS = st.integers(MAX_TEXT_BYTES - len(MARK.encode()) - 2, MAX_TEXT_BYTES - len(MARK.encode()) + 2)
TEXTS = st.one_of(
    st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=40).map(lambda t: Typed(MARK + t)),
    LENGTHS.map(lambda length: Typed(MARK + "x" * length)),
    st.sampled_from(["", " ", "\n\t"]).map(Typed),
    st.just(Typed(f"{MARK} +7 916 123-45-67, ann@example.org")),
)

Deed = tuple[str, int | Event]
"""A method of the walk and what it is given."""


def doing(name: str) -> st.SearchStrategy[Deed]:
    return st.tuples(st.just(name), st.integers(0, 999))


def code_typed(words: str) -> CodeTyped:
    return CodeTyped("0" * 16, words, Typed(f"{MARK}{'0' * 16} {words}"))


EVENTS: st.SearchStrategy[Event] = st.one_of(
    TEXTS,
    st.builds(code_typed, st.sampled_from(["", f"{MARK} more", f"{MARK} +7 916 123-45-67"])),
    st.just(code_typed(MARK + "x" * MAX_TEXT_BYTES)),
    *[st.sampled_from([Command(name) for name in COMMANDS])] * 2,
    st.sampled_from([Unexpected(kind) for kind in Odd]),
)
OFTEN = (*["press_on"] * 6, *["press_what_is_shown"] * 5, *["change_an_answer"] * 2)
SELDOM = (
    "press_what_was_ever_shown",
    "press_what_was_never_shown",
    "send",
    "tell_an_emergency",
    "go_back",
    "change_the_language",
    "see_the_case_closed",
    "see_the_service_restarted",
    "stay_away_for_too_long",
    "paste_what_telegram_cuts",
)
DEEDS: st.SearchStrategy[list[Deed]] = st.lists(
    st.one_of(
        *map(doing, OFTEN + SELDOM),
        *[st.tuples(st.just("happen"), EVENTS)] * 3,
        *[st.tuples(st.just("write_where_it_is_due"), TEXTS)] * 2,
    ),
    min_size=20,
    max_size=60,
)
FORMS = st.one_of(
    *(st.builds(shipped, st.just(name)) for name in SHIPPED), *[st.builds(branching)] * 2, questionnaires()
)
APPS = st.sampled_from([*LANGUAGES, "uk-UA", "de", ""])


def walk_along(form: Questionnaire, app: str, deeds: Sequence[Deed]) -> None:
    walk = Walk(form, app)
    for name, given_to_it in deeds:
        getattr(walk, name)(given_to_it)


@settings(max_examples=120)
@given(FORMS, APPS, DEEDS)
def test_whatever_somebody_does_nothing_breaks_or_is_lost_and_sending_stays_possible(
    form: Questionnaire, app: str, deeds: list[Deed]
) -> None:
    walk_along(form, app, deeds)


@settings(max_examples=6)
@given(APPS, st.sampled_from(["ы", "W", "\N{GRINNING FACE}"]), DEEDS)
def test_the_largest_questionnaire_stays_within_telegrams_limits_on_every_way(
    app: str, letter: str, deeds: list[Deed]
) -> None:
    walk_along(largest(letter), app, deeds)


# The walk above meets few emergencies by chance, so the way to one is searched exhaustively.


@pytest.mark.parametrize("name", SHIPPED)
def test_from_consent_to_an_open_case_it_is_at_most_three_presses(name: str) -> None:
    form = shipped(name)
    table = Table(form, "print", 1_000, Fresh("0" * 32, "REF-0001"))
    consented = step(table, replace(begin(table, "en"), place=Place.NOTICE), Pressed(1_000, "ok")).draft
    assert consented is not None
    screens = [consented]
    for _ in range(3):
        taken = [
            step(table, draft, Pressed(draft.serial, action))
            for draft in screens
            for action in actions(form, draft)
        ]
        if any(isinstance(effect, OpenCase) for one in taken for effect in one.effects):
            return
        screens = [one.draft for one in taken if one.draft is not None]
    raise AssertionError("no emergency within three presses")
