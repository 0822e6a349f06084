"""What a return code has led to, shown once: neither the draft nor the next screen knows of it. Pure."""

from __future__ import annotations

from handlers.by_code import Told
from handlers.outgoing import MAX_TEXT, Button
from handlers.screens import Screen, View, button, leaving, letters, shortened
from intake.draft import Draft, Place
from intake.events import MAX_TEXT_BYTES
from intake.lifecycle import Outcome, Status
from storage.cases import Case


def told_screen(view: View, draft: Draft, told: Told) -> Screen:
    """`draft`: as it is after the code was typed; not for an unknown code."""
    assert told.case is not None  # noqa: S101 - only an unknown code has none
    reference = told.case.reference
    match told.name:
        case "code-found":
            text = _found(view, draft.language, told.case, len(told.replies) + len(told.files))
        case "code-added":
            text = _added(view, draft.language, reference, told.noticed)
        case name:
            text = view.say(draft.language, name, reference=reference)
    acts = draft.place is Place.CODE and told.name != "code-file"
    rows = _acts(view, draft, told) if acts else ()
    return Screen(shortened(text, MAX_TEXT), (*rows, leaving(view, draft, back="leave")))


def _found(view: View, language: str, case: Case, replies: int) -> str:
    closed = case.status is Status.CLOSED
    name = "code-replies" if replies else "code-no-reply-closed" if closed else "code-no-reply"
    parts = [
        view.say(language, "code-found", reference=case.reference, state=_state(view, language, case)),
        view.say(language, name, n=replies),
    ]
    if not closed:
        parts.append(view.say(language, "code-add-how", letters=letters(language, MAX_TEXT_BYTES)))
    return "\n\n".join(parts)


def _state(view: View, language: str, case: Case) -> str:
    if case.status is Status.OPEN:
        return view.say(language, "home-state-open")
    if case.status is Status.CLAIMED:
        return view.say(language, "home-state-claimed")
    withdrawn = case.outcome is Outcome.WITHDRAWN
    return view.say(language, "code-state-withdrawn" if withdrawn else "code-state-closed")


def _added(view: View, language: str, reference: str, noticed: tuple[str, ...]) -> str:
    parts = [view.say(language, "code-added", reference=reference)]
    if noticed:
        kinds = ", ".join(view.say(language, f"sensitive-{kind}") for kind in noticed)
        parts.append(view.say(language, "code-added-noticed", kinds=kinds))
    return "\n\n".join(parts)


def _acts(view: View, draft: Draft, told: Told) -> tuple[tuple[Button, ...], ...]:
    """What can still be done with the code: each asks for it once more."""
    withdraw = button(view, draft, "withdraw-button", "withdraw")
    erase = button(view, draft, "erase-yes-button", "erase")
    if told.case is None or told.case.status is Status.CLOSED:
        return ((erase,),)
    rows = ((withdraw, erase),)
    if told.name == "code-added":
        return ((button(view, draft, "take-back-button", "takeback"),), *rows)
    return rows
