"""The conversation with a requester: one pure step from (draft, event) to (draft, effects).

`actions` is the table of what may be pressed on the screen a draft shows; `step` refuses everything else, so
a button of an older screen, a second press or a forged payload changes nothing. Order and branching come from
the questionnaire. The steps themselves: `moving`, `answering`, `writing`, `by_code`, `leaving`.
"""

from __future__ import annotations

from dataclasses import replace

from intake import answering, by_code, leaving, moving, writing
from intake.answers import asked
from intake.draft import Draft, Page, Place
from intake.events import CodeTyped, Command, Event, Odd, Pressed, Remove, Typed, Unexpected
from intake.leaving import expire, left_behind
from intake.questionnaire import Kind, Question, Questionnaire
from intake.steps import Fresh, Handler, Hint, Step, Table, begin, resume
from intake.writing import takes_edits, text_is_due

__all__ = [
    "BEGIN",
    "STOP",
    "Fresh",
    "Hint",
    "Step",
    "Table",
    "actions",
    "begin",
    "expire",
    "left_behind",
    "progress",
    "resume",
    "step",
    "takes_edits",
    "text_is_due",
]

BEGIN = "begin"
"""A button of an ending: whatever its serial, it shows the screen that the draft is on."""
STOP = "stop"
"""A button of every screen. Its serial does not matter: who wants to be gone must not hear that a screen is old."""


def step(table: Table, draft: Draft, event: Event) -> Step:
    """Apply one event. A draft that has changed has the next serial, so that older buttons are recognised."""
    alone = replace(draft, long=None)  # whatever is not typed ends what a long text may still be waiting for
    match event:
        case Pressed(serial, action):
            result = _pressed(table, alone, serial, action)
        case Typed():
            result = writing.take(table, draft, event)
        case CodeTyped():
            result = _code_typed(table, draft, event)
        case Command(name):
            result = _command(table, alone, name)
        case Unexpected(kind):  # pragma: no branch - mypy knows that there is no other
            result = _unexpected(alone, kind)
    about = result.about or result.draft or draft
    if result.draft is None:
        return replace(result, about=about)
    # The number stays while nothing changed: whoever presses faster than the screen follows must not
    # outdate, with each press, the very screen that is on its way.
    serial = draft.serial if replace(result.draft, long=None) == alone else draft.serial + 1
    return replace(result, draft=replace(result.draft, serial=serial, active_at=table.now), about=about)


def progress(questionnaire: Questionnaire, draft: Draft) -> tuple[int, int]:
    """(number of this question, number that will be asked), counting only what will be asked."""
    ids = [q.id for q in asked(questionnaire, draft.answers)]
    return ids.index(draft.question) + 1, len(ids)


# What may be pressed on each screen.


def actions(questionnaire: Questionnaire, draft: Draft) -> dict[str, Handler]:
    """Every action the screen of this draft offers. Names are indexes, never words: payloads stay neutral."""
    return _offered(questionnaire, draft) | {STOP: leaving.stop}


def _offered(questionnaire: Questionnaire, draft: Draft) -> dict[str, Handler]:
    languages: dict[str, Handler] = {
        f"l{i}": moving.choose_language for i in range(len(questionnaire.languages))
    }
    if draft.page is Page.LANGUAGE:
        return languages | {"under": moving.close_page}
    if draft.page is not None:
        return {"under": moving.close_page}
    if draft.noticed:
        return {"keep": answering.keep_noticed, "omit": answering.leave_out}
    match draft.place:
        case Place.LANGUAGE:
            return languages
        case Place.NOTICE:
            return {
                "ok": answering.consent,
                "privacy": moving.to_privacy,
                "language": moving.to_language,
            }
        case Place.QUESTION:
            return _question_actions(questionnaire.question(draft.question), draft)
        case Place.REVIEW:
            count = len(asked(questionnaire, draft.answers))
            changes: dict[str, Handler] = {f"c{i}": moving.change for i in range(count)}
            return changes | {"send": moving.to_channel}
        case Place.CHANNEL:
            return {"chat": leaving.send, "code": leaving.send, "back": moving.to_review}
        case Place.HOME:
            return {
                "refresh": moving.refresh,
                "erase": moving.to_erase,
                "wipe": leaving.wipe,
                "language": moving.to_language,
            }
        case Place.ERASE:
            return {"yes": leaving.erase, "withdraw": leaving.withdraw, "no": moving.rejoin}
        case Place.CODE:
            return dict(by_code.ACTIONS)
        case Place.CODE_TAKE_BACK | Place.CODE_WITHDRAW | Place.CODE_ERASE:  # pragma: no branch - as above
            return {"leave": moving.rejoin}


def _question_actions(question: Question, draft: Draft) -> dict[str, Handler]:
    options = range(len(question.options))
    found: dict[str, Handler] = {"skip": answering.skip, "back": moving.back}
    match question.kind:
        case Kind.CHOICE:
            found |= {f"o{i}": answering.choose for i in options}
        case Kind.CHOICES:
            found |= {f"t{i}": answering.tick for i in options} | {"done": answering.done}
        case Kind.TEXT:  # pragma: no branch - as above
            found |= {"next": answering.keep_text} if draft.texts.get(question.id) else {}
    return found


def _pressed(table: Table, draft: Draft, serial: int, action: str) -> Step:
    if action == BEGIN:
        return Step(draft)
    if action == STOP:
        return leaving.stop(table, draft, action)
    handler = actions(table.questionnaire, draft).get(action)
    if handler is None or serial != draft.serial:
        return Step(draft, hint=Hint("old-button"))
    return handler(table, draft, action)


# Everything that is not a button.


def _code_typed(table: Table, draft: Draft, event: CodeTyped) -> Step:
    if draft.place is Place.QUESTION and text_is_due(table.questionnaire, draft):
        return writing.take(table, draft, event.typed)
    return by_code.take(replace(draft, long=None), event)


def _command(table: Table, draft: Draft, name: str) -> Step:
    match name:
        case "start":
            return Step(replace(draft, page=None))
        case "help" | "privacy" | "verify":
            return Step(replace(draft, page=Page(name)))
        case "status":
            return Step(_status(draft))
        case "language":
            return moving.to_language(table, draft, name)
        case "stop":
            return leaving.stop(table, draft, name)
        case "wipe":
            return leaving.wipe(table, draft, name)
        case "erase" if draft.reference:
            return moving.to_erase(table, draft, name)
        case "erase" if draft.case:
            return leaving.drop(table, draft, name)
        case "erase":
            return Step(moving.aside(draft, Place.CODE_ERASE))
        case _:
            return Step(draft, hint=Hint("unknown-command"))


def _status(draft: Draft) -> Draft:
    if draft.reference and not leaving.unfinished_emergency(draft):
        return draft.moved(Place.HOME, aside_from=None)
    if draft.case:
        return replace(draft, page=Page.STATUS)
    return moving.aside(draft, Place.CODE)


_ALWAYS_REMOVED = (Odd.CONTACT, Odd.LOCATION, Odd.FILE)


def _unexpected(draft: Draft, kind: Odd) -> Step:
    removed = (Remove(),) if kind in _ALWAYS_REMOVED else ()
    return Step(draft, removed, hint=Hint(f"unexpected-{kind}"))
