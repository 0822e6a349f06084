"""After the commit: the calls that bring a requester's chat to what was decided."""

from __future__ import annotations

from handlers.desk import Desk
from handlers.incoming import Incoming, Kind
from handlers.notes import SCREEN, Note
from handlers.outgoing import Answer, Delete, Edit, Outgoing, Send
from handlers.requester_effects import Result
from handlers.requester_scene import Scene
from handlers.screens import Screen, View, ending, hint_text, screen, with_hint
from intake.conversation import Hint, Step
from intake.events import EraseByCode, LookUp, Remove, Wipe


def calls(
    desk: Desk, scene: Scene, language: str, taken: Step, result: Result, incoming: Incoming
) -> list[Outgoing]:
    """`language`: of the draft before the step, for a step that leaves none."""
    spoken = taken.draft.language if taken.draft else language
    hint = _hint(taken, result, scene.view)
    made = _screen(scene, taken, spoken, result)
    found: list[Outgoing] = []
    if incoming.kind is Kind.PRESS:
        found.append(Answer(incoming.query_id, hint_text(scene.view, spoken, hint)[:200] if hint else ""))
    elif any(isinstance(effect, Remove) for effect in taken.effects) and incoming.message_id is not None:
        found.append(Delete(incoming.chat_id, (incoming.message_id,)))
    shown = (
        made
        if hint is None or _passing(incoming, hint)
        else with_hint(made, hint_text(scene.view, spoken, hint))
    )
    found += _place(scene, taken, incoming, shown)
    found += _replies(desk, scene.view, spoken, result, incoming.chat_id)
    return found


def _passing(incoming: Incoming, hint: Hint) -> bool:
    """A press was answered with the line already; only what must stay readable is repeated on the screen."""
    return incoming.kind is Kind.PRESS and hint.name != "expired"


def _screen(scene: Scene, taken: Step, language: str, result: Result) -> Screen:
    if taken.draft is not None and not taken.ending:
        return screen(scene.view, taken.draft)
    name, values = taken.ending, {}
    if name == "closed" and scene.pause_notice:
        name, values = "closed-notice", {"notice": scene.pause_notice}
    if name == "sent-code":
        values = {
            "reference": result.reference,
            "reply_time": scene.view.questionnaire.reply_time[result.level][language],
        }
    return ending(scene.view, language, name, **values)


def _place(scene: Scene, taken: Step, incoming: Incoming, made: Screen) -> list[Outgoing]:
    """Show it in the one message that is edited in place, or at the bottom of the chat where that is expected."""
    chat = incoming.chat_id
    known = scene.conversation.screen if scene.conversation else None
    if incoming.kind is Kind.PRESS and incoming.message_id is not None:
        edit = Edit(chat, incoming.message_id, made.text, made.keyboard)
        return [edit, Delete(chat, (known,))] if known not in (None, incoming.message_id) else [edit]
    wiped = any(isinstance(effect, Wipe) for effect in taken.effects)
    afresh = wiped or (incoming.kind is Kind.COMMAND and incoming.command == "start")
    if known is not None and not afresh:
        return [Edit(chat, known, made.text, made.keyboard)]
    sent = Send(chat, made.text, made.keyboard, note=str(SCREEN))
    return [sent, Delete(chat, (known,))] if known is not None else [sent]


def _hint(taken: Step, result: Result, view: View) -> Hint | None:
    for effect in taken.effects:
        if isinstance(effect, EraseByCode):
            return Hint("code-erased" if result.erased_by_code else "code-unknown")
        if isinstance(effect, LookUp):
            return _found_hint(result)
    return taken.hint


def _found_hint(result: Result) -> Hint:
    if result.found is None:
        return Hint("code-unknown")
    values: dict[str, int | str] = {"reference": result.found.reference, "n": len(result.replies)}
    name = f"code-{result.found.status}"
    return Hint(f"{name}-replies" if result.replies else name, values)


def _replies(desk: Desk, view: View, language: str, result: Result, chat: int) -> list[Outgoing]:
    if result.found is None:
        return []
    note = Note("reply", gone_after=desk.terms.reply_seconds)
    return [
        Send(chat, view.say(language, "reply", text=text, reference=result.found.reference), note=str(note))
        for text in result.replies
    ]
