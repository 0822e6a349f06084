"""A text that Telegram's app cuts in parts: none of them is taken, all of them are deleted, and the person is told."""

from __future__ import annotations

from dataclasses import replace

import pytest

from intake.conversation import Hint
from intake.draft import Draft, LongText, Place
from intake.events import (
    MAX_TEXT_BYTES,
    AddByCode,
    AddText,
    CodeTyped,
    KeepText,
    Odd,
    Pressed,
    Remove,
    RemoveEarlier,
    RemoveSoon,
    TakeBack,
    Typed,
    Unexpected,
)
from intake.writing import PART_SECONDS, PART_UNITS
from tests.intake.talk import CODE, Talk, at_review, at_words, sent

FULL = "ы" * 4_096
"""The first part of a text that was cut where nothing else was possible: too long by itself."""
FITTING = "x" * 2_300
"""A part that an app cut at the end of a paragraph, behind the middle: it would fit."""
REST = "and this is the rest"
CUT = Hint("cut-text", {"room": MAX_TEXT_BYTES})


def part(text: str, *, sent: int = 5_000, message: int = 70, edited: bool = False) -> Typed:
    return Typed(text, sent, message, edited)


# Refused parts.


@pytest.mark.parametrize("start", [at_words, sent])
def test_what_follows_a_text_that_was_too_long_is_not_taken(start: type[Talk]) -> None:
    talk = start()
    before = talk.draft
    assert talk.happen(part(FULL)).effects == (RemoveSoon(),)
    assert talk.happen(part(REST, sent=5_002, message=71)).effects == (RemoveEarlier(70), Remove())
    assert talk.last.hint == CUT
    assert replace(talk.draft, long=None) == before
    assert talk.happen(part("…", sent=5_003, message=72)).effects == (Remove(),)
    assert talk.last.hint == CUT


def test_three_parts_may_come_one_after_another() -> None:
    talk = at_words()
    for number, text in enumerate([FULL, FULL, REST]):
        talk.happen(part(text, sent=5_000 + number * PART_SECONDS, message=70 + number))
    assert (talk.last.effects, talk.last.hint) == ((Remove(),), CUT)


def test_a_later_text_is_a_text_of_its_own() -> None:
    talk = at_words()
    talk.happen(part(FULL))
    taken = talk.happen(part(REST, sent=5_000 + PART_SECONDS + 1))
    assert taken.effects == (KeepText("words", REST), Remove())
    assert talk.draft.long is None


def test_a_text_that_is_shortened_by_editing_is_taken() -> None:
    talk = at_words()
    talk.happen(part(FULL))
    assert talk.happen(part(REST, edited=True)).effects == (KeepText("words", REST), Remove())


def test_a_text_that_no_app_would_have_cut_waits_for_nothing() -> None:
    """1,500 letters do not fit, but they are one message: what comes next is another answer."""
    talk = at_words()
    assert talk.happen(part("ы" * (PART_UNITS - 1))).effects == (RemoveSoon(),)
    assert talk.draft.long is None
    assert talk.happen(part(REST, sent=5_001)).effects == (KeepText("words", REST), Remove())


def test_whatever_else_is_done_ends_the_waiting() -> None:
    for done in (Pressed(0, "o0"), Unexpected(Odd.OTHER)):
        talk = at_words()
        talk.happen(part(FULL))
        talk.happen(done)
        assert talk.draft.long is None
    talk = at_words()
    talk.happen(part(FULL))
    talk.command("start")
    assert talk.happen(part(REST, sent=5_001)).effects == (KeepText("words", REST), Remove())


def test_a_code_and_a_text_that_comes_much_later_end_it_too() -> None:
    talk = sent()
    talk.happen(part(FULL))
    talk.happen(replace(CODE, typed=part(CODE.typed.text, sent=5_001)))
    assert talk.draft.long is None
    talk = at_review()
    talk.press("c2")
    talk.happen(part(FITTING))
    talk.happen(part("hello", sent=6_000))
    assert (talk.draft.place, talk.draft.long, talk.last.hint) == (Place.REVIEW, None, Hint("use-buttons"))


def test_waiting_does_not_outdate_the_screen() -> None:
    talk = at_words()
    serial = talk.draft.serial
    talk.happen(part(FULL))
    assert talk.draft.serial == serial
    assert talk.press("skip").draft


# A first part that fits by itself.


def test_a_part_that_was_taken_is_taken_back_and_the_question_is_asked_again() -> None:
    talk = at_words()
    assert talk.happen(part(FITTING)).effects == (KeepText("words", FITTING), Remove())
    assert talk.draft.question == "last"
    assert talk.happen(part(REST, sent=5_001)).effects == (KeepText("words", ""), Remove())
    assert (talk.where(), talk.last.hint) == ((Place.QUESTION, "words", None), CUT)
    assert talk.draft.texts == {}
    talk.happen(part("shorter", sent=5_060))
    assert (talk.draft.question, talk.draft.texts) == ("last", {"words": 7})


def test_changed_from_the_review_it_leads_back_there() -> None:
    talk = at_review()
    talk.press("c2")
    talk.happen(part(FITTING))
    assert talk.draft.place is Place.REVIEW
    talk.happen(part(REST, sent=5_001))
    assert talk.draft.question == "words"
    talk.happen(part("shorter", sent=5_060))
    assert talk.draft.place is Place.REVIEW


def test_a_part_in_which_something_was_noticed_is_not_asked_about_any_longer() -> None:
    telling = FITTING + " +7 916 123-45-67"
    talk = at_words()
    talk.happen(part(telling))
    assert talk.draft.noticed == ("phone",)
    assert talk.happen(part(REST, sent=5_001)).effects == (KeepText("words", ""), Remove())
    assert not talk.draft.noticed
    assert talk.draft.question == "words"
    talk = sent()
    talk.happen(part(telling))
    assert talk.happen(part(REST, sent=5_001)).effects == (TakeBack(), Remove())
    assert talk.draft.noticed == ()


def test_an_addition_that_was_cut_is_taken_back() -> None:
    talk = sent()
    assert talk.happen(part(FITTING)).effects == (AddText(FITTING), Remove())
    assert talk.happen(part(REST, sent=5_001)).effects == (TakeBack(), Remove())
    assert (talk.draft.place, talk.last.hint) == (Place.HOME, CUT)
    assert talk.happen(part(REST, sent=5_002)).effects == (Remove(),), "it is taken back once"


# With a return code.


def coded(words: str, *, sent: int = 5_000) -> CodeTyped:
    return CodeTyped(CODE.code, words, part(f"{CODE.typed.text} {words}", sent=sent))


def test_the_rest_of_an_addition_by_code_comes_without_the_code_and_is_not_added() -> None:
    for start in (Talk, sent):  # least of all to another request
        talk = start()
        assert talk.happen(coded(FITTING)).effects == (AddByCode(CODE.code, FITTING), Remove())
        for number in (1, 2):
            taken = talk.happen(part(REST, sent=5_000 + number))
            assert (taken.effects, taken.hint) == ((Remove(),), Hint("rest-without-code"))


def test_nor_is_the_rest_of_one_that_was_too_long() -> None:
    talk = sent()
    assert talk.happen(coded(FULL)).effects == (RemoveSoon(),)
    taken = talk.happen(part(REST, sent=5_001, message=71))
    assert (taken.effects, taken.hint) == ((RemoveEarlier(70), Remove()), CUT)


def test_a_code_in_front_makes_it_a_message_of_its_own() -> None:
    talk = Talk()
    talk.happen(coded(FULL))
    assert talk.happen(coded(REST, sent=5_003)).effects == (AddByCode(CODE.code, REST), Remove())


# What the draft carries.


def test_the_draft_carries_a_time_an_id_and_a_question_and_no_text() -> None:
    talk = at_words()
    talk.happen(part(FITTING))
    assert talk.draft.long == LongText(5_000, 0, "words")
    assert "xxx" not in talk.draft.to_json().decode()
    assert Draft.from_json(talk.draft.to_json()) == talk.draft


def test_a_draft_of_an_earlier_version_waits_for_nothing() -> None:
    import json

    stored = json.loads(at_words().draft.to_json())
    del stored["long"]
    assert Draft.from_json(json.dumps(stored).encode()).long is None
