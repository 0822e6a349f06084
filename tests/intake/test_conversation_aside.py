"""What somebody frightened might do beside answering: side paths, typing anywhere, sending what is of no use."""

from __future__ import annotations

from dataclasses import replace

import pytest

from intake.conversation import (
    Hint,
    begin,
    resume,
)
from intake.draft import Page, Place
from intake.events import (
    MAX_TEXT_BYTES,
    AddText,
    KeepText,
    Odd,
    Pressed,
    Remove,
    RemoveSoon,
    Unexpected,
)
from tests.intake.talk import (
    CASE,
    NOW,
    REFERENCE,
    Talk,
    alarmed,
    at_review,
    at_words,
    consented,
    sent,
)

# Side paths lead back to where they began.


@pytest.mark.parametrize("start", [Talk, consented, at_words, at_review, sent, alarmed])
def test_another_language_leaves_everybody_where_they_were(start: type[Talk]) -> None:
    talk = start()
    before = talk.where()
    answers, picked = talk.draft.answers, talk.draft.picked
    talk.command("language")
    talk.press("l3")
    assert talk.where() == (before if before[0] is not Place.LANGUAGE else (Place.NOTICE, "", None))
    assert (talk.draft.language, talk.draft.answers, talk.draft.picked) == ("kk", answers, picked)


def test_boxes_ticked_and_not_yet_given_outlast_a_page_and_another_language() -> None:
    talk = consented()
    talk.press("o0", "t0", "t1")
    for name in ("language", "help", "privacy", "verify", "status"):
        talk.command(name)
        talk.press("under")
    talk.command("language")
    talk.press("l1")
    assert (talk.draft.question, talk.draft.picked) == ("needs", ("food", "bed"))


def test_not_to_erase_leads_back_to_the_question_that_was_open() -> None:
    talk = alarmed()
    talk.press("t0")
    talk.command("erase")
    talk.command("language")
    talk.press("l1")
    assert talk.draft.place is Place.ERASE
    talk.command("erase")
    talk.press("no")
    assert talk.where() == (Place.QUESTION, "needs", None)
    assert talk.draft.picked == ("food",)
    talk = sent()
    talk.press("erase", "no")
    assert talk.draft.place is Place.HOME


def test_status_says_how_it_stands_whatever_has_been_answered_so_far() -> None:
    talk = consented()
    talk.command("status")
    assert talk.where() == (Place.QUESTION, "how", Page.STATUS), "nothing is answered yet, but it has begun"
    talk.press("under")
    assert talk.where() == (Place.QUESTION, "how", None)
    talk = alarmed()
    talk.command("status")
    assert talk.draft.page is Page.STATUS
    talk = sent()
    talk.press("erase")
    talk.command("status")
    assert talk.where() == (Place.HOME, "", None), "not the page about an emergency"


def test_status_without_a_request_asks_for_a_code_and_leaves_everybody_where_they_were() -> None:
    talk = Talk()
    talk.press("l0")
    talk.command("status")
    assert talk.where() == (Place.CODE, "", None)
    talk.command("erase")
    assert talk.where() == (Place.CODE_ERASE, "", None)
    talk.press("leave")
    assert talk.draft.place is Place.NOTICE


def test_to_refresh_says_something_even_when_nothing_is_new() -> None:
    assert sent().press("refresh").hint == Hint("refreshed")


def test_a_page_goes_when_somebody_presses_start() -> None:
    talk = at_words()
    talk.command("help")
    talk.command("start")
    assert talk.where() == (Place.QUESTION, "words", None)


# What is typed.


def test_a_text_that_is_too_long_changes_nothing_and_the_limit_itself_fits() -> None:
    talk = at_words()
    before = talk.draft
    assert talk.type("ы" * 1_400 + "x").hint == Hint("too-long", {"over": 1, "room": MAX_TEXT_BYTES})
    assert (talk.draft, talk.last.effects) == (before, (RemoveSoon(),)), (
        "it stays for a while, to be shortened"
    )
    assert talk.type("ы" * 1_400).effects == (KeepText("words", "ы" * 1_400), Remove())


def test_nothing_but_blanks_is_no_text() -> None:
    """An empty text would take the place of a sealed one, or go to the operators as an addition."""
    talk = at_review()
    talk.press("c2")
    for start in (talk, sent()):
        for blank in ("", " \n"):
            assert (start.type(blank).effects, start.last.hint) == ((), Hint("use-buttons"))


def test_a_text_after_sending_is_added_to_the_case() -> None:
    talk = sent()
    talk.command("help")
    assert talk.type("more").effects == (AddText("more"), Remove())
    assert talk.where() == (Place.HOME, "", None)
    assert talk.last.hint == Hint("added")


def test_what_is_typed_on_a_page_over_a_text_question_replaces_nothing() -> None:
    talk = at_review()
    talk.press("c2")
    talk.command("help")
    assert (talk.type("what is this").effects, talk.last.hint) == ((), Hint("use-buttons"))
    assert talk.draft.texts == {"words": 8}


# What is of no use.


@pytest.mark.parametrize("kind", Odd)
def test_what_could_identify_is_removed_and_everything_gets_a_word(kind: Odd) -> None:
    talk = at_words()
    before = talk.draft
    taken = talk.happen(Unexpected(kind))
    assert (Remove() in taken.effects) == (kind in {Odd.CONTACT, Odd.LOCATION, Odd.FILE})
    assert taken.hint == Hint(f"unexpected-{kind}")
    assert talk.draft == before


def test_an_unknown_command_gets_a_word() -> None:
    talk = at_words()
    before = talk.draft
    assert talk.command("queue").hint == Hint("unknown-command")
    assert talk.draft == before


def test_a_second_press_and_a_forged_one_change_nothing() -> None:
    talk = consented()
    first = talk.draft.serial
    talk.press("o0")
    before = talk.draft
    for serial, action in (
        (first, "o0"),
        (first, "o1"),
        (before.serial, "yes"),
        (before.serial, "t9"),
        (-1, ""),
    ):
        taken = talk.happen(Pressed(serial, action))
        assert (taken.draft, taken.effects, taken.hint) == (before, (), Hint("old-button"))


def test_a_press_that_changes_nothing_does_not_outdate_the_screen() -> None:
    talk = consented()
    serial = talk.draft.serial
    talk.happen(Pressed(serial - 1, "o0"))
    talk.type("hello")
    assert talk.draft.serial == serial
    talk.press("o0")
    assert talk.draft.serial == serial + 1


# Beginnings.


def test_the_language_is_the_apps_where_we_speak_it() -> None:
    table = Talk().table()
    spoken = {"uk": "uk", "ru-RU": "ru", "KK": "kk", "de": "en", "": "en", "-": "en"}
    assert {app: begin(table, app).language for app in spoken} == spoken


def test_a_new_conversation_outdates_the_buttons_of_every_earlier_one() -> None:
    """Otherwise a press on a message that could not be deleted might answer another question."""
    talk = at_review()
    later = replace(talk.table(), now=NOW + 60)
    assert begin(later, "en").serial > talk.draft.serial
    assert resume(later, "en", CASE, REFERENCE).serial > talk.draft.serial
