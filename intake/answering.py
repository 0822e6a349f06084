"""Answering: what is given is sealed at once, what is no longer asked is dropped, and the next question follows."""

from __future__ import annotations

from dataclasses import replace

from intake.answers import asked, level_of, prune, toggled
from intake.draft import Draft, Place
from intake.events import (
    MAX_TEXT_BYTES,
    AddText,
    Channel,
    Effect,
    KeepAnswers,
    KeepText,
    MakeLock,
    OpenCase,
    TakeBack,
    TellAdded,
)
from intake.moving import at_question, at_review, first_question, number_of
from intake.questionnaire import Kind, Level, Question
from intake.steps import Hint, Step, Table


def consent(table: Table, draft: Draft, action: str) -> Step:
    if draft.case:  # gone back to the notice after consent: the lock exists
        return Step(first_question(table, draft))
    return Step(first_question(table, replace(draft, case=table.fresh.case)), (MakeLock(), KeepAnswers()))


def choose(table: Table, draft: Draft, action: str) -> Step:
    return _answered(table, draft, (_question(table, draft).options[number_of(action)].id,))


def tick(table: Table, draft: Draft, action: str) -> Step:
    question = _question(table, draft)
    return Step(
        replace(draft, picked=toggled(question, draft.picked, question.options[number_of(action)].id))
    )


def done(table: Table, draft: Draft, action: str) -> Step:
    if not draft.picked:
        return Step(draft, hint=Hint("nothing-ticked"))
    return _answered(table, draft, draft.picked)


def skip(table: Table, draft: Draft, action: str) -> Step:
    if _question(table, draft).kind is not Kind.TEXT:
        return _answered(table, draft, ())
    # An earlier text must not stay sealed behind "prefer not to say": the empty text takes its place.
    replaced = (KeepText(draft.question, ""),) if draft.texts.get(draft.question) else ()
    return _onward(table, replace(draft, texts={**draft.texts, draft.question: 0}), replaced)


def write(table: Table, draft: Draft, text: str, noticed: tuple[str, ...]) -> Step:
    """The text, which fits, as the answer to the question that is on the screen.

    It is sealed at once, whatever was noticed in it; the question whether to leave that out comes afterwards.
    """
    size = len(text.encode())
    kept = replace(draft, texts={**draft.texts, draft.question: size}, noticed=noticed)
    effects = (KeepText(draft.question, text),)
    if noticed:
        return Step(kept, effects)
    sealed = Hint("text-sealed", {"size": size, "room": MAX_TEXT_BYTES})
    return replace(_onward(table, kept, effects), hint=sealed)


def add(table: Table, draft: Draft, text: str, noticed: tuple[str, ...]) -> Step:
    """The text, which fits, as an addition to a request that was sent."""
    added = replace(draft, page=None, noticed=noticed)
    return Step(added, (AddText(text, asked=bool(noticed)),), None if noticed else Hint("added"))


def keep_noticed(table: Table, draft: Draft, action: str) -> Step:
    kept = replace(draft, noticed=())
    if draft.place is Place.HOME:
        return Step(kept, (TellAdded(),), Hint("added"))
    return _onward(table, kept, ())


def leave_out(table: Table, draft: Draft, action: str) -> Step:
    """The empty text takes the place of the sealed one, and the person can write again."""
    left = replace(draft, noticed=())
    if draft.place is Place.HOME:
        return Step(left, (TakeBack(),), Hint("left-out"))
    texts = {question: size for question, size in draft.texts.items() if question != draft.question}
    return Step(replace(left, texts=texts), (KeepText(draft.question, ""),), Hint("left-out"))


def keep_text(table: Table, draft: Draft, action: str) -> Step:
    """Go on with the text that was sealed earlier."""
    return _onward(table, draft, ())


def _question(table: Table, draft: Draft) -> Question:
    return table.questionnaire.question(draft.question)


def _answered(table: Table, draft: Draft, options: tuple[str, ...]) -> Step:
    answers, texts = prune(table.questionnaire, {**draft.answers, draft.question: options}, draft.texts)
    dropped = tuple(KeepText(q, "") for q, size in draft.texts.items() if size and q not in texts)
    return _onward(table, replace(draft, answers=answers, texts=texts), (KeepAnswers(), *dropped))


def _onward(table: Table, draft: Draft, effects: tuple[Effect, ...]) -> Step:
    """To the next screen; an emergency is sent at once, whatever is still to be asked."""
    level, _ = level_of(table.questionnaire, draft.answers)
    if level is not Level.EMERGENCY or draft.reference:
        return Step(_next_screen(table, draft), effects)
    alerted = replace(draft, reference=table.fresh.reference)
    return Step(
        _next_screen(table, alerted),
        (*effects, OpenCase(alerted.reference, Channel.CHAT)),
        Hint("alerted", {"reference": alerted.reference}),
    )


def _next_screen(table: Table, draft: Draft) -> Draft:
    """The next question, answered before or not; after a change, only what is open now; then the review."""
    questions = asked(table.questionnaire, draft.answers)
    if draft.from_review:
        ahead = [q for q in questions if q.id not in draft.answers and q.id not in draft.texts]
    else:
        ahead = list(questions[[q.id for q in questions].index(draft.question) + 1 :])
    return at_question(draft, ahead[0]) if ahead else at_review(draft)
