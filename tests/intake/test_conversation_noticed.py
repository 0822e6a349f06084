"""A text that seems to hold a phone number or the like: sealed at once, then "leave it out, or keep it?"."""

from __future__ import annotations

import pytest

from intake.conversation import Hint, actions, expire
from intake.draft import Place
from intake.events import AddText, Drop, KeepText, Pressed, Remove, TakeBack, TellAdded
from tests.intake.talk import FORM, Talk, at_review, at_words, sent
from tests.strategies import view_of

TELLING = "call +7 916 123-45-67, or write to ann@example.org"
SIZE = len(TELLING)


def noticed() -> Talk:
    talk = at_words()
    talk.type(TELLING)
    return talk


def test_it_is_sealed_and_removed_before_anything_is_asked() -> None:
    talk = noticed()
    assert talk.last.effects == (KeepText("words", TELLING), Remove())
    assert talk.draft.noticed == ("phone", "email")
    assert set(actions(FORM, talk.draft)) == {"keep", "omit", "stop"}
    assert "916" not in talk.draft.to_json().decode()


@pytest.mark.parametrize("language", ["en", "ru", "uk", "kk"])
def test_the_screen_names_the_kinds_and_never_the_value(language: str) -> None:
    from dataclasses import replace

    from handlers.screens import screen

    view = view_of(FORM, large=False)
    shown = screen(view, replace(noticed().draft, language=language)).text
    assert view.say(language, "sensitive-phone") in shown
    assert view.say(language, "sensitive-email") in shown
    assert view.say(language, "sensitive-card") not in shown
    assert "916" not in shown
    assert "ann" not in shown


def test_kept_it_leads_on_as_if_nothing_had_been_asked() -> None:
    talk = noticed()
    assert talk.press("keep").effects == ()
    assert talk.where() == (Place.QUESTION, "last", None)
    assert talk.draft.texts == {"words": SIZE}
    assert talk.draft.noticed == ()


def test_left_out_the_empty_text_takes_its_place_and_one_can_write_again() -> None:
    talk = noticed()
    assert talk.press("omit").effects == (KeepText("words", ""),)
    assert talk.last.hint == Hint("left-out")
    assert talk.where() == (Place.QUESTION, "words", None)
    assert talk.draft.texts == {}
    assert talk.type("write in the evening").effects == (KeepText("words", "write in the evening"), Remove())
    assert talk.where() == (Place.QUESTION, "last", None)


def test_writing_again_instead_of_pressing_replaces_it() -> None:
    talk = noticed()
    assert talk.type("write in the evening").effects == (KeepText("words", "write in the evening"), Remove())
    assert (talk.draft.question, talk.draft.noticed) == ("last", ())


def test_an_answer_changed_from_the_review_leads_back_there() -> None:
    talk = at_review()
    talk.press("c2")
    talk.type(TELLING)
    talk.press("omit")
    assert talk.draft.question == "words"
    talk.type(TELLING)
    talk.press("keep")
    assert talk.draft.place is Place.REVIEW


def test_a_page_over_the_question_leads_back_to_it() -> None:
    talk = noticed()
    talk.command("help")
    talk.press("under")
    assert set(actions(FORM, talk.draft)) == {"keep", "omit", "stop"}


def test_the_buttons_of_the_question_under_it_do_nothing() -> None:
    talk = noticed()
    assert talk.happen(Pressed(talk.draft.serial, "skip")).hint == Hint("old-button")


def test_what_is_added_later_is_asked_about_too_and_can_be_taken_back() -> None:
    talk = sent()
    assert talk.type(TELLING).effects == (AddText(TELLING, asked=True), Remove())
    assert talk.last.hint is None
    assert talk.press("omit").effects == (TakeBack(),)
    assert talk.where() == (Place.HOME, "", None)
    assert talk.last.hint == Hint("left-out")


def test_what_is_added_and_kept_is_told_to_whoever_holds_the_case() -> None:
    talk = sent()
    talk.type(TELLING)
    assert talk.press("keep").effects == (TellAdded(),)
    assert talk.last.hint == Hint("added")
    assert talk.type("and one more").effects == (AddText("and one more"), Remove())


def test_only_what_was_added_last_can_be_taken_back() -> None:
    """While it is asked, nothing else is taken; and who has gone elsewhere has kept it."""
    talk = sent()
    talk.type(TELLING)
    assert talk.type("and one more").effects == ()
    talk.command("erase")
    talk.press("no")
    assert talk.where() == (Place.HOME, "", None)
    assert "omit" not in actions(FORM, talk.draft)


def test_who_leaves_the_question_open_for_too_long_loses_what_was_not_sent() -> None:
    talk = noticed()
    gone = expire(talk.table(), talk.draft)
    assert gone.effects == (Drop(),)
    assert gone.draft is not None
    assert gone.draft.noticed == ()
