"""What somebody can do with a return code, from any account.

No step knows which request a code opens, or whether it opens one. The draft says that a code is asked for, and no more:
the same for a right code, for a wrong one, and for somebody who only looks. What could not be taken back by accident
(withdrawing, erasing) asks for the code once more, which is its confirmation as well.
"""

from __future__ import annotations

from collections.abc import Mapping

from intake import moving
from intake.draft import ADDED, Draft, Place
from intake.events import (
    MAX_TEXT_BYTES,
    AddByCode,
    CodeTyped,
    EraseByCode,
    LookUp,
    Remove,
    RemoveSoon,
    TakeBackByCode,
    WithdrawByCode,
)
from intake.sensitive import found_in
from intake.steps import Handler, Hint, Step
from intake.writing import marked

ACTIONS: Mapping[str, Handler] = {
    "leave": moving.rejoin,
    "takeback": moving.to_code_act(Place.CODE_TAKE_BACK),
    "withdraw": moving.to_code_act(Place.CODE_WITHDRAW),
    "erase": moving.to_code_act(Place.CODE_ERASE),
}
"""On the screen that tells what a code opens."""


def take(draft: Draft, event: CodeTyped) -> Step:
    """A code, or a code and a text behind it. The message is deleted in any case: it holds the code."""
    place = draft.place if draft.page is None else Place.CODE
    if event.words:
        return _write(draft, event, place)
    match place:
        case Place.CODE_TAKE_BACK:  # a second code must not take back one addition more
            return Step(draft.moved(Place.CODE), (TakeBackByCode(event.code), Remove()))
        case Place.CODE_WITHDRAW:  # the screen stays: there may be another try
            return Step(draft, (WithdrawByCode(event.code), Remove()))
        case Place.CODE_ERASE:
            return Step(draft, (EraseByCode(event.code), Remove()))
        case _:
            return Step(moving.aside(draft, Place.CODE), (LookUp(event.code), Remove()))


def _write(draft: Draft, event: CodeTyped, place: Place) -> Step:
    if place in moving.CODE_PLACES and place is not Place.CODE:
        # "1234 … please erase all of it": neither is done, so that nothing happens that was not meant.
        return Step(draft, (Remove(),), Hint("code-alone"))
    shown = moving.aside(draft, Place.CODE)
    size = len(event.words.encode())
    if size > MAX_TEXT_BYTES:
        over = {"over": size - MAX_TEXT_BYTES, "room": MAX_TEXT_BYTES}
        kept = marked(shown, event.typed, message=event.typed.message)
        return Step(kept, (RemoveSoon(),), Hint("code-too-long", over))
    shown = marked(shown, event.typed, taken=ADDED)
    return Step(shown, (AddByCode(event.code, event.words, found_in(event.words)), Remove()))
