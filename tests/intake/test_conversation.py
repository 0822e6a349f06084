"""The conversation, turn by turn: where each press leads, what is kept, and how it ends."""

from __future__ import annotations

from intake.conversation import (
    BEGIN,
    STOP,
    Hint,
    Step,
    actions,
    expire,
    left_behind,
    progress,
)
from intake.draft import Place
from intake.events import (
    MAX_TEXT_BYTES,
    Channel,
    Complete,
    Drop,
    EraseCase,
    KeepAnswers,
    KeepText,
    MakeLock,
    OpenCase,
    Pressed,
    Remove,
    Wipe,
    WithdrawCase,
)
from tests.intake.talk import (
    CASE,
    FORM,
    REFERENCE,
    Talk,
    alarmed,
    at_review,
    at_words,
    consented,
    sent,
)

# The way through.


def test_from_the_language_to_the_case() -> None:
    talk = Talk()
    assert talk.draft.place is Place.LANGUAGE
    assert talk.press("l2").effects == ()
    assert (talk.draft.place, talk.draft.language) == (Place.NOTICE, "uk")
    assert talk.press("ok").effects == (MakeLock(), KeepAnswers())
    assert talk.press("o0").effects == (KeepAnswers(),)
    assert talk.press("t0", "t1").effects == ()
    assert talk.press("done").effects == (KeepAnswers(),)
    assert talk.type("my words").effects == (KeepText("words", "my words"), Remove())
    assert talk.last.hint == Hint("text-sealed", {"size": 8, "room": MAX_TEXT_BYTES})
    talk.press("skip")
    assert talk.draft.answers == {"how": ("calm",), "needs": ("food", "bed"), "last": ()}
    before = talk.draft
    assert talk.press("send").effects == ()
    talk.press("chat")
    assert talk.last.effects == (OpenCase(REFERENCE, Channel.CHAT), Wipe())
    assert talk.last.about
    assert talk.last.about.answers == before.answers
    assert (talk.draft.place, talk.draft.answers, talk.draft.texts) == (Place.HOME, {}, {})
    assert (talk.draft.case, talk.draft.reference, talk.draft.language) == (CASE, REFERENCE, "uk")


def test_with_a_code_nothing_of_the_request_is_remembered_in_this_chat() -> None:
    talk = at_review()
    assert talk.press("send", "code") == Step(
        None, (OpenCase(REFERENCE, Channel.CODE), Wipe()), about=talk.draft, ending="sent-code"
    )


def test_progress_counts_only_what_will_be_asked() -> None:
    talk = consented()
    assert progress(FORM, talk.draft) == (1, 3)
    talk.press("o0", "t2", "done")
    assert (talk.draft.question, progress(FORM, talk.draft)) == ("last", (3, 3))
    talk.press("back", "t0", "done")
    assert (talk.draft.question, progress(FORM, talk.draft)) == ("words", (3, 4))


def test_nothing_ticked_is_not_an_answer() -> None:
    talk = consented()
    talk.press("o0", "t0", "t0", "done")
    assert talk.last.hint == Hint("nothing-ticked")
    assert talk.where() == (Place.QUESTION, "needs", None)


def test_going_back_as_far_as_the_notice_keeps_every_answer_and_the_lock() -> None:
    talk = at_words()
    answers = talk.draft.answers
    talk.press("back", "back", "back")
    assert talk.draft.place is Place.NOTICE
    assert talk.press("ok").effects == ()
    assert talk.draft.answers == answers
    assert talk.draft.picked == ("calm",)


# Changing answers.


def test_a_changed_answer_leads_back_to_the_review_and_first_to_what_it_opens() -> None:
    talk = consented()
    talk.press("o0", "t2", "done", "o0")
    assert talk.draft.place is Place.REVIEW
    talk.press("c1", "t0", "done")
    assert talk.where() == (Place.QUESTION, "words", None)
    talk.type("my words")
    assert talk.draft.place is Place.REVIEW
    talk.press("c0", "back")
    assert talk.draft.place is Place.REVIEW


def test_a_text_whose_question_is_no_longer_asked_is_replaced_by_nothing() -> None:
    talk = at_review()
    talk.press("c1", "t2", "done")
    assert talk.last.effects == (KeepAnswers(), KeepText("words", ""))
    assert talk.draft.texts == {}


def test_a_sealed_text_stays_when_somebody_looks_at_its_question_and_goes_on() -> None:
    """Otherwise the only way on would be "I prefer not to say", which destroys it."""
    talk = at_review()
    assert talk.press("c2", "next").effects == ()
    assert talk.draft.place is Place.REVIEW
    assert talk.draft.texts == {"words": 8}
    assert talk.press("c2", "skip").effects == (KeepText("words", ""),)
    assert talk.draft.texts == {"words": 0}
    talk.press("c2")
    assert "next" not in actions(FORM, talk.draft)


# Emergencies.


def test_an_emergency_is_sent_at_once_and_later_answers_complete_it() -> None:
    talk = consented()
    talk.press("o1")
    assert talk.last.effects == (KeepAnswers(), OpenCase(REFERENCE, Channel.CHAT))
    assert talk.last.hint == Hint("alerted", {"reference": REFERENCE})
    assert talk.press("t2", "done").effects == (KeepAnswers(),)
    assert talk.press("skip").effects == (KeepAnswers(),)
    assert talk.press("send", "chat").effects == (Complete(Channel.CHAT), Wipe())
    assert (talk.draft.place, talk.draft.reference) == (Place.HOME, REFERENCE)


def test_an_emergency_may_move_to_a_code() -> None:
    talk = alarmed()
    talk.press("skip", "skip", "send", "code")
    assert talk.last.effects == (Complete(Channel.CODE), Wipe())
    assert talk.last.draft is None


def test_taking_the_emergency_back_neither_sends_a_second_case_nor_loses_the_first() -> None:
    talk = alarmed()
    talk.press("back", "o0")
    assert talk.last.effects == (KeepAnswers(),)
    talk.press("back", "o1")
    assert talk.last.effects == (KeepAnswers(),)
    assert talk.draft.reference == REFERENCE


def test_an_emergency_told_by_a_change_in_the_review_is_sent_too() -> None:
    talk = at_review()
    talk.press("c0", "o1")
    assert OpenCase(REFERENCE, Channel.CHAT) in talk.last.effects
    assert talk.draft.place is Place.REVIEW


# Leaving.


def test_to_stop_drops_what_was_not_sent_and_completes_what_was() -> None:
    assert at_review().press("stop").effects == (Drop(), Wipe())
    assert alarmed().press("stop").effects == (Complete(Channel.CHAT), Wipe())
    assert sent().press("stop").effects == (Wipe(),)
    for talk in (at_review(), alarmed(), sent()):
        assert talk.command("stop").draft is None
        assert talk.last.ending == "stopped"


def test_to_wipe_keeps_the_draft() -> None:
    talk = at_review()
    draft = talk.draft
    assert talk.command("wipe") == Step(draft, (Wipe(),), about=draft, ending="wiped")
    talk.happen(Pressed(0, BEGIN))
    assert talk.draft == draft


def test_to_erase_needs_no_question_before_sending_and_one_after() -> None:
    for begun in (consented(), at_review()):
        assert begun.command("erase").effects == (Drop(), Wipe())
    talk = sent()
    assert talk.command("erase").effects == ()
    assert talk.press("yes").effects == (EraseCase(), Wipe())
    assert (talk.last.draft, talk.last.ending) == (None, "erased")


def test_what_was_not_sent_is_erased_with_words_of_its_own() -> None:
    assert at_review().command("erase").ending == "erased-unsent"


def test_to_withdraw_closes_the_request_and_an_emergency_is_completed_before() -> None:
    talk = sent()
    talk.press("erase")
    assert talk.press("withdraw").effects == (WithdrawCase(), Wipe())
    assert (talk.last.draft, talk.last.ending) == (None, "withdrawn")
    assert talk.last.about
    assert talk.last.about.reference == REFERENCE
    talk = alarmed()
    talk.command("erase")
    assert talk.press("withdraw").effects == (Complete(Channel.CHAT), WithdrawCase(), Wipe())


def test_stop_works_on_every_screen_that_was_ever_shown() -> None:
    """Whoever wants to be gone must not read that a button is old."""
    talk = at_review()
    for serial in (0, talk.draft.serial - 3, talk.draft.serial, 999_999):
        assert talk.happen(Pressed(serial, STOP)).ending == "stopped"
    for talk in (Talk(), alarmed(), sent()):
        assert talk.happen(Pressed(0, STOP)).draft is None


def test_a_draft_that_was_left_is_dropped_and_coming_back_says_so() -> None:
    talk = at_review()
    gone = expire(talk.table(), talk.draft)
    assert (gone.effects, gone.hint, gone.about) == ((Drop(),), Hint("expired"), talk.draft)
    assert gone.draft
    assert (gone.draft.place, gone.draft.case, gone.draft.answers) == (Place.LANGUAGE, "", {})
    assert expire(talk.table(), Talk().draft).hint is None, "nothing was lost, so nothing is said"


def test_an_emergency_that_was_left_is_completed_and_stays_sent() -> None:
    talk = alarmed()
    gone = expire(talk.table(), talk.draft)
    assert gone.effects == (Complete(Channel.CHAT),) == left_behind(talk.draft).effects
    assert gone.hint == Hint("expired-alerted")
    assert gone.draft
    assert (gone.draft.place, gone.draft.reference, gone.draft.answers) == (Place.HOME, REFERENCE, {})


def test_what_was_sent_is_left_alone_when_it_is_left() -> None:
    assert left_behind(sent().draft).effects == ()
    assert expire(sent().table(), sent().draft).hint is None


def test_a_screen_that_was_left_says_what_is_true_of_it() -> None:
    """Deleted is only what was not sent."""
    assert left_behind(at_review().draft).ending == "expired"
    assert left_behind(alarmed().draft).ending == "away-alerted"
    for place in ("status", "erase"):  # there is nothing that could be deleted
        talk = Talk()
        talk.command(place)
        assert left_behind(talk.draft).ending == "away"
    talk = sent()
    talk.press("erase")
    left = left_behind(talk.draft)
    assert left.draft
    assert (left.ending, left.draft.place, left.draft.aside_from) == ("", Place.HOME, None)
