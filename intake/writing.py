"""A text that is typed: taken where one is due, and refused, with all its parts, where it is too long.

Telegram's apps cut a text of more than 4,096 UTF-16 units into several messages. A part alone would be a wrong answer,
and the next part an answer to the next question: so whatever comes within seconds of a long text belongs to it, and all
of it is refused. Where this ends: parts that a bad network delivers further apart are taken one by one.
"""

from __future__ import annotations

from dataclasses import replace

from intake import answering
from intake.draft import ADDED, Draft, LongText, Place
from intake.events import MAX_TEXT_BYTES, Effect, KeepText, Remove, RemoveEarlier, RemoveSoon, TakeBack, Typed
from intake.moving import CODE_PLACES, at_question
from intake.questionnaire import Kind, Questionnaire
from intake.sensitive import found_in
from intake.steps import Hint, Step, Table

PART_UNITS = 2_048
"""UTF-16 units. An app that cuts looks for a good place in the second half of 4,096: only the last part is shorter."""
LIKE_A_CODE = 8
"""Digits, of the sixteen."""
PART_SECONDS = 10
"""So far apart two parts are at most, by Telegram's clock. Their ids tell less: other chats' messages lie between."""


def text_is_due(questionnaire: Questionnaire, draft: Draft) -> bool:
    """Whether a typed text is taken, rather than answered with a hint.

    Not while a page lies over the question: what is typed there may be meant for the page, and would take the
    place of a text that was sealed earlier.
    """
    if draft.place is Place.QUESTION:
        return draft.page is None and questionnaire.question(draft.question).kind is Kind.TEXT
    return draft.place is Place.HOME and not draft.noticed


def takes_edits(questionnaire: Questionnaire, draft: Draft) -> bool:
    """Whether a message that is corrected counts as typed: so one shortens a text, or puts a code before it."""
    return text_is_due(questionnaire, draft) or draft.place in CODE_PLACES


def take(table: Table, draft: Draft, typed: Typed) -> Step:
    if draft.long is not None and _is_part(draft.long, typed):
        return _refuse_all(table, draft, draft.long, typed)
    draft = replace(draft, long=None)
    if draft.place in CODE_PLACES:
        return _without_code(draft, typed)
    if not text_is_due(table.questionnaire, draft) or not typed.text.strip():
        return Step(draft, hint=Hint("use-buttons"))
    size = len(typed.text.encode())
    if size > MAX_TEXT_BYTES:
        over = {"over": size - MAX_TEXT_BYTES, "room": MAX_TEXT_BYTES}
        return Step(marked(draft, typed, message=typed.message), (RemoveSoon(),), Hint("too-long", over))
    at_home = draft.place is Place.HOME
    written = answering.add if at_home else answering.write
    taken = written(table, draft, typed.text, found_in(typed.text))
    assert taken.draft is not None  # noqa: S101 - neither of them ends a conversation
    long = marked(taken.draft, typed, taken=ADDED if at_home else draft.question)
    return replace(taken, draft=long, effects=(*taken.effects, Remove()))


def _without_code(draft: Draft, typed: Typed) -> Step:
    """A code with a digit too few is nearly the code: it goes at once. A text stays for a while, to be sent anew."""
    digits = sum(char.isdecimal() for char in typed.text)
    if digits >= LIKE_A_CODE or not any(char.isalpha() for char in typed.text):
        return Step(draft, (Remove(),), Hint("code-unread"))
    return Step(draft, (RemoveSoon(),), Hint("words-without-code"))


def marked(draft: Draft, typed: Typed, *, message: int = 0, taken: str = "") -> Draft:
    """The draft, with a note that this text may have been cut, if it is long enough for that."""
    cut = len(typed.text.encode("utf-16-le")) >= 2 * PART_UNITS
    return replace(draft, long=LongText(typed.sent, message, taken) if cut else None)


def _is_part(long: LongText, typed: Typed) -> bool:
    return not typed.edited and 0 <= typed.sent - long.sent <= PART_SECONDS


def _refuse_all(table: Table, draft: Draft, long: LongText, typed: Typed) -> Step:
    """What of the text had been taken is taken back, and every part of it is deleted from the chat."""
    if long.taken == ADDED and draft.place is Place.CODE:  # by a code, and nobody here remembers by which
        waiting = replace(draft, long=replace(long, sent=typed.sent))
        return Step(waiting, (Remove(),), Hint("rest-without-code"))
    effects: list[Effect] = [RemoveEarlier(long.message)] if long.message else []
    if long.taken == ADDED:
        draft = replace(draft, noticed=())
        effects.append(TakeBack())
    elif long.taken:
        draft = _asked_again(table, draft, long.taken)
        effects.append(KeepText(long.taken, ""))
    again = replace(draft, long=LongText(typed.sent))
    return Step(again, (*effects, Remove()), Hint("cut-text", {"room": MAX_TEXT_BYTES}))


def _asked_again(table: Table, draft: Draft, question: str) -> Draft:
    texts = {each: size for each, size in draft.texts.items() if each != question}
    again = at_question(replace(draft, texts=texts), table.questionnaire.question(question))
    return replace(again, from_review=draft.from_review or draft.place is Place.REVIEW)
