"""What is done with a return code: one message at a time, and no draft that would know which request it opened."""

from __future__ import annotations

from dataclasses import replace

import pytest

from intake.conversation import Hint, takes_edits
from intake.draft import Draft, Page, Place
from intake.events import (
    MAX_TEXT_BYTES,
    AddByCode,
    CodeTyped,
    EraseByCode,
    KeepText,
    LookUp,
    Remove,
    RemoveSoon,
    TakeBackByCode,
    Typed,
    WithdrawByCode,
)
from tests.intake.talk import CODE, FORM, Talk, alarmed, at_review, at_words, consented, sent

ACTS = {
    "takeback": (Place.CODE_TAKE_BACK, TakeBackByCode(CODE.code)),
    "withdraw": (Place.CODE_WITHDRAW, WithdrawByCode(CODE.code)),
    "erase": (Place.CODE_ERASE, EraseByCode(CODE.code)),
}


def with_words(words: str) -> CodeTyped:
    return CodeTyped(CODE.code, words, Typed(f"{CODE.typed.text} {words}"))


def asked_for(act: str) -> Talk:
    talk = Talk()
    talk.press("l0")
    talk.command("status")
    talk.press(act)
    return talk


# Looking.


@pytest.mark.parametrize("start", [Talk, consented, at_review, sent, alarmed])
def test_a_code_is_looked_up_wherever_no_text_is_due_and_its_message_is_removed(start: type[Talk]) -> None:
    talk = start()
    before = talk.where()
    assert talk.happen(CODE).effects == (LookUp(CODE.code), Remove())
    assert talk.draft.place is Place.CODE
    talk.press("leave")
    assert talk.where() == before


def test_digits_in_answer_to_a_text_question_are_a_text() -> None:
    assert at_words().happen(CODE).effects == (KeepText("words", CODE.typed.text), Remove())
    talk = at_words()
    assert talk.happen(with_words("is my card")).effects == (
        KeepText("words", f"{CODE.typed.text} is my card"),
        Remove(),
    )


def test_a_page_over_a_text_question_takes_a_code_for_a_code() -> None:
    talk = at_words()
    talk.command("help")
    assert talk.happen(CODE).effects == (LookUp(CODE.code), Remove())


# Adding.


@pytest.mark.parametrize("start", [Talk, consented, at_review, sent, alarmed])
def test_words_behind_a_code_are_added_to_what_it_opens(start: type[Talk]) -> None:
    talk = start()
    assert talk.happen(with_words("and two children")).effects == (
        AddByCode(CODE.code, "and two children"),
        Remove(),
    )
    assert talk.draft.place is Place.CODE


def test_what_is_noticed_in_an_addition_is_said_by_kind() -> None:
    taken = Talk().happen(with_words("call +7 916 123-45-67"))
    assert taken.effects == (AddByCode(CODE.code, "call +7 916 123-45-67", ("phone",)), Remove())
    assert taken.draft
    assert taken.draft.noticed == (), "nothing of it is remembered"


def test_an_addition_that_is_too_long_changes_nothing_and_the_limit_itself_fits() -> None:
    talk = Talk()
    taken = talk.happen(with_words("ы" * 1_400 + "x"))
    assert taken.effects == (RemoveSoon(),), "it stays for a while, to be shortened"
    assert taken.hint == Hint("code-too-long", {"over": 1, "room": MAX_TEXT_BYTES})
    assert talk.happen(with_words("ы" * 1_400)).effects == (AddByCode(CODE.code, "ы" * 1_400), Remove())


# Taking back, withdrawing, erasing.


@pytest.mark.parametrize("act", ACTS)
def test_each_act_asks_for_the_code_once_more(act: str) -> None:
    place, effect = ACTS[act]
    talk = asked_for(act)
    assert talk.where() == (place, "", None)
    assert talk.happen(CODE).effects == (effect, Remove())


@pytest.mark.parametrize("act", ["withdraw", "erase"])
def test_after_a_mistyped_code_the_next_try_still_does_it(act: str) -> None:
    talk = asked_for(act)
    talk.happen(CODE)
    assert talk.type("12 34").hint == Hint("code-unread")
    assert talk.happen(CODE).effects == (ACTS[act][1], Remove())
    talk.press("leave")
    assert talk.draft.place is Place.NOTICE


def test_a_second_code_does_not_take_back_a_second_addition() -> None:
    talk = asked_for("takeback")
    talk.happen(CODE)
    assert talk.happen(CODE).effects == (LookUp(CODE.code), Remove())


@pytest.mark.parametrize("act", ACTS)
def test_a_code_with_words_behind_it_does_nothing_there(act: str) -> None:
    """Neither is what was not meant erased, nor is "please erase it" added."""
    talk = asked_for(act)
    before = talk.draft
    assert talk.happen(with_words("please")).effects == (Remove(),)
    assert (talk.draft, talk.last.hint) == (before, Hint("code-alone"))


@pytest.mark.parametrize("act", ACTS)
def test_with_a_page_over_it_a_code_only_looks(act: str) -> None:
    talk = asked_for(act)
    talk.command("help")
    assert talk.happen(CODE).effects == (LookUp(CODE.code), Remove())
    assert talk.where() == (Place.CODE, "", None)


def test_erasing_without_a_request_here_asks_for_a_code() -> None:
    talk = Talk()
    talk.command("erase")
    assert talk.where() == (Place.CODE_ERASE, "", None)


# What is no code.


@pytest.mark.parametrize("act", ["", *ACTS])
@pytest.mark.parametrize(
    "typed", ["1234 1234 1234 123", "1234 1234 1234 123x", "12341234123412345", "12 34", "…"]
)
def test_what_may_be_a_code_mistyped_is_removed_at_once(act: str, typed: str) -> None:
    talk = asked_for(act) if act else Talk()
    if not act:
        talk.command("status")
    assert talk.type(typed).effects == (Remove(),)
    assert talk.last.hint == Hint("code-unread")


def test_a_text_without_its_code_stays_for_a_while_so_that_the_code_can_be_put_before_it() -> None:
    talk = asked_for("erase")
    assert not takes_edits(FORM, Talk().draft)
    assert takes_edits(FORM, talk.draft)
    assert talk.type("we are three now").effects == (RemoveSoon(),)
    assert talk.last.hint == Hint("words-without-code")


# Nothing is remembered.


def neutral(draft: Draft | None) -> Draft:
    assert draft is not None
    return replace(draft, serial=0)


@pytest.mark.parametrize("words", ["", "and two children", "call +7 916 123-45-67"])
def test_a_draft_says_only_that_a_code_is_asked_for(words: str) -> None:
    """The same after a code, after a code with words, and after /status alone."""
    asked, typed = Talk(), Talk()
    asked.command("status")
    typed.happen(with_words(words) if words else CODE)
    assert neutral(typed.draft) == neutral(asked.draft)
    stored = typed.draft.to_json().decode()
    for secret in (CODE.code, "1234", *words.split()):
        assert secret not in stored.replace(str(typed.draft.active_at), "")


def test_a_page_is_closed_by_a_code() -> None:
    talk = Talk()
    talk.command("privacy")
    assert talk.draft.page is Page.PRIVACY
    talk.happen(CODE)
    assert talk.draft.page is None
