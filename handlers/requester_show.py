"""After the commit: the calls that bring a requester's chat to what was decided."""

from __future__ import annotations

from dataclasses import replace

from handlers.attachments import caption
from handlers.by_code import Told
from handlers.code_screens import told_screen
from handlers.desk import Desk
from handlers.incoming import Incoming, Kind
from handlers.notes import SCREEN, Note
from handlers.outgoing import Answer, Delete, Edit, Outgoing, Send
from handlers.requester_effects import Result
from handlers.requester_scene import Scene
from handlers.screens import Screen, View, ending, hint_text, screen, with_hint
from handlers.stored_file import document
from intake.conversation import Hint, Step
from intake.events import AddByCode, Wipe


def calls(
    desk: Desk, scene: Scene, language: str, taken: Step, result: Result, incoming: Incoming, *, buried: bool
) -> list[Outgoing]:
    """`language`: of the draft before the step, for a step that leaves none. `buried`: see `_place`."""
    spoken = taken.draft.language if taken.draft else language
    hint = _hint(taken, result)
    made = _screen(scene, taken, spoken, result)
    found: list[Outgoing] = []
    if incoming.kind is Kind.PRESS:
        found.append(Answer(incoming.query_id, hint_text(scene.view, spoken, hint)[:200] if hint else ""))
    elif incoming.message_id is not None and not result.stays(taken.effects, desk.terms.draft_seconds):
        found.append(Delete(incoming.chat_id, (incoming.message_id,)))
    shown = (
        made
        if hint is None or _passing(incoming, hint)
        else with_hint(made, hint_text(scene.view, spoken, hint))
    )
    found += _place(scene, taken, incoming, shown, buried=buried or _typed_in_vain(hint))
    found += _replies(desk, scene.view, spoken, result.told, incoming.chat_id)
    return found


def _typed_in_vain(hint: Hint | None) -> bool:
    """Whoever types where buttons are asked for may be looking at something else."""
    return hint is not None and hint.name == "use-buttons"


def _passing(incoming: Incoming, hint: Hint) -> bool:
    """A press was answered with the line already; only what must stay readable is repeated on the screen."""
    return incoming.kind is Kind.PRESS and hint.name not in {"expired", "expired-alerted"}


def _screen(scene: Scene, taken: Step, language: str, result: Result) -> Screen:
    if taken.draft is not None and not taken.ending:
        if result.told is not None and result.told.case is not None:
            return told_screen(scene.view, taken.draft, result.told)
        return screen(scene.view, taken.draft)
    name, values = taken.ending, {"reference": taken.about.reference if taken.about else ""}
    if name == "closed" and scene.pause_notice:
        name, values = "closed-notice", {"notice": scene.pause_notice}
    if name == "sent-code":
        values = {
            "reference": result.reference,
            "reply_time": scene.view.questionnaire.reply_time[result.level][language],
        }
    return ending(scene.view, language, name, **values)


def _place(scene: Scene, taken: Step, incoming: Incoming, made: Screen, *, buried: bool) -> list[Outgoing]:
    """Show it in the one message that is edited in place, or at the bottom of the chat where that is expected.

    `buried`: something came below that message. Whoever types there would see their words go, and no answer. What came
    may be unknown to us: a copy of the screen, sent by a process that ended before it could note the number.
    """
    chat = incoming.chat_id
    known = scene.conversation.screen if scene.conversation else None
    if incoming.kind is Kind.PRESS and incoming.message_id is not None:
        edit = Edit(chat, incoming.message_id, made.text, made.keyboard)
        return [edit, Delete(chat, (known,))] if known not in (None, incoming.message_id) else [edit]
    wiped = any(isinstance(effect, Wipe) for effect in taken.effects)
    afresh = wiped or buried or (incoming.kind is Kind.COMMAND and incoming.command == "start")
    if known is not None and not afresh:
        return [Edit(chat, known, made.text, made.keyboard)]
    sent = Send(chat, made.text, made.keyboard, note=str(SCREEN))
    return [sent, Delete(chat, (known,))] if known is not None else [sent]


def _hint(taken: Step, result: Result) -> Hint | None:
    if result.refused is not None:
        return result.refused
    if result.told is not None:
        words = any(isinstance(effect, AddByCode) for effect in taken.effects)
        unknown = Hint("code-unknown-words" if words else "code-unknown")
        return unknown if result.told.case is None else None
    return taken.hint


def _replies(desk: Desk, view: View, language: str, told: Told | None, chat: int) -> list[Outgoing]:
    if told is None or told.case is None or told.name != "code-found":
        return []
    note = Note("reply", gone_after=desk.terms.reply_seconds)
    found: list[Outgoing] = [
        Send(chat, view.say(language, "reply", text=text, reference=told.case.reference), note=str(note))
        for text in told.replies
    ]
    for file in told.files:
        made = document(desk, chat, told.case.case, file, language)
        words = caption(desk, told.case, language)
        found.append(replace(made, caption=words, note=str(note)))
    return found
