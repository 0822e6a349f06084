"""What a requester sees: a draft, turned into one text and its buttons. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from handlers.outgoing import MAX_TEXT, Button, Keyboard
from handlers.texts import Texts
from intake.answers import asked
from intake.conversation import BEGIN, STOP, Hint, actions, progress
from intake.draft import Draft, Page, Place
from intake.events import MAX_TEXT_BYTES
from intake.questionnaire import Kind, Level, Question, Questionnaire

BYTES_PER_LETTER = {"en": 1, "ru": 2, "uk": 2, "kk": 2}
"""UTF-8 bytes of most letters, to say how much room there is in words that mean something."""

_GOES_ON = ("wiped", "away-alerted")
"""Endings that end the screen alone: what was begun or sent is there."""

REVIEW_ROOM = 3_400
"""UTF-16 units for all lines of the review; the rest is for its frame and a hint."""


@dataclass(frozen=True, slots=True)
class Screen:
    text: str = field(repr=False)
    keyboard: Keyboard = field(default=(), repr=False)


@dataclass(frozen=True, slots=True)
class View:
    """What screens are made from, besides the draft."""

    questionnaire: Questionnaire
    texts: Texts
    values: Mapping[str, int | str]
    """Places that any text may use: the organisation, minutes, hours, days, k."""
    relay: str
    """Name of the text on how later messages reach the operator."""
    words: str = ""
    """The recovery key's words, for /verify."""
    claimed: bool = False
    """Whether an operator holds the case of this chat."""
    level: Level = Level.STANDARD
    """Of that case."""

    def say(self, language: str, name: str, /, **values: int | str) -> str:
        return self.texts.say(language, name, **{**self.values, **values})


def screen(view: View, draft: Draft, hint: Hint | None = None) -> Screen:
    """The screen a draft is on, with a one-line hint above it where there is one."""
    made = _page(view, draft) if draft.page else _screen(view, draft)
    whole = Screen(shortened(made.text, MAX_TEXT), made.keyboard)
    return whole if hint is None else with_hint(whole, hint_text(view, draft.language, hint))


def _screen(view: View, draft: Draft) -> Screen:
    return _noticed(view, draft) if draft.noticed else _PLACES[draft.place](view, draft)


def with_hint(made: Screen, line: str) -> Screen:
    return Screen(shortened(f"▸ {line}\n\n{made.text}", MAX_TEXT), made.keyboard)


def shortened(text: str, room: int) -> str:
    """At most so many UTF-16 units of it, which is how Telegram counts; what was cut off shows as "…"."""
    units = text.encode("utf-16-le")
    return text if len(units) <= 2 * room else units[: 2 * (room - 1)].decode("utf-16-le", "ignore") + "…"


def hint_text(view: View, language: str, hint: Hint) -> str:
    values = dict(hint.values)
    if hint.values.keys() & {"room"}:
        values = {name: letters(language, int(size)) for name, size in values.items()}
    return view.say(language, f"hint-{hint.name}", **values)


def letters(language: str, size: int) -> int:
    """About how many letters so many bytes are: people count letters, and in Cyrillic each takes two bytes."""
    return -(-size // BYTES_PER_LETTER[language])


def letters_of(text: str, size: int) -> int:
    """The same for what somebody has written, whose language need not be known; rounded up."""
    return -(-size * len(text) // len(text.encode()))


def ending(view: View, language: str, name: str, **values: int | str) -> Screen:
    """What is left on the screen when there is nothing to go on with; one can begin again, as a rule, and stop."""
    label = "again-button" if name in _GOES_ON else "start-button"
    begin = Button(view.say(language, label), f"0.{BEGIN}")
    stop = Button(view.say(language, "stop-button"), f"0.{STOP}")
    row = {"barred": (stop,), "stopped": (begin,)}.get(name, (begin, stop))
    return Screen(view.say(language, name, **values), (row,))


def _page(view: View, draft: Draft) -> Screen:
    language = draft.language
    match draft.page:
        case Page.LANGUAGE:
            return _language(view, draft)
        case Page.PRIVACY:
            text = view.say(language, "privacy", relay=view.say(language, view.relay))
        case Page.VERIFY:
            text = view.say(language, "verify" if view.words else "verify-none", words=view.words)
        case Page.STATUS:
            text = view.say(
                language,
                "status-alerted" if draft.reference else "status-drafting",
                reference=draft.reference,
            )
        case _:
            text = view.say(language, "help")
    return Screen(text, (leaving(view, draft, back="under"),))


def _language(view: View, draft: Draft) -> Screen:
    rows = tuple(
        (Button(view.say(language, "language-name"), _data(draft, f"l{i}")),)
        for i, language in enumerate(view.questionnaire.languages)
    )
    last = leaving(view, draft, back="under" if draft.page else "")
    return Screen(view.say(draft.language, "choose-language"), (*rows, last))


def _notice(view: View, draft: Draft) -> Screen:
    language = draft.language
    text = view.say(
        language,
        "notice",
        title=view.questionnaire.title[language],
        about=view.questionnaire.about[language],
    )
    rows = (
        (button(view, draft, "begin-button", "ok"),),
        (button(view, draft, "privacy-button", "privacy"),),
        (button(view, draft, "language-button", "language"), button(view, draft, "stop-button", "stop")),
    )
    return Screen(text, rows)


def _question(view: View, draft: Draft) -> Screen:
    question = view.questionnaire.question(draft.question)
    language = draft.language
    number, total = progress(view.questionnaire, draft)
    parts = [
        view.say(language, "progress", number=number, total=total),
        question.ask[language],
        *_how(view, draft, question),
        view.say(language, "why", why=question.why[language]),
    ]
    if draft.reference:
        parts.insert(0, view.say(language, "alerted-line", reference=draft.reference))
    rows = [(Button(label, _data(draft, action)),) for label, action in _choices(question, draft)]
    if question.kind is Kind.CHOICES:
        rows.append((button(view, draft, "done-button", "done"),))
    if "next" in actions(view.questionnaire, draft):
        rows.append((button(view, draft, "next-button", "next"),))
    rows.append((button(view, draft, "skip-button", "skip"),))
    return Screen("\n\n".join(parts), (*rows, leaving(view, draft, back="back")))


def _how(view: View, draft: Draft, question: Question) -> list[str]:
    if question.kind is Kind.CHOICES:
        return [view.say(draft.language, "tick-help")]
    if question.kind is Kind.CHOICE:
        return []
    room = letters(draft.language, MAX_TEXT_BYTES)
    lines = [view.say(draft.language, "text-help", letters=room)]
    if kept := draft.texts.get(question.id):
        size = letters(draft.language, kept)
        lines.append(view.say(draft.language, "text-kept", size=size, room=room))
    return lines


def _noticed(view: View, draft: Draft) -> Screen:
    """What kinds of things a text seems to hold, on the screen where it was typed; never what they are."""
    language = draft.language
    kinds = ", ".join(view.say(language, f"sensitive-{kind}") for kind in draft.noticed)
    rows = (
        (button(view, draft, "keep-button", "keep"), button(view, draft, "omit-button", "omit")),
        leaving(view, draft),
    )
    return Screen(view.say(language, "noticed", kinds=kinds), rows)


def _choices(question: Question, draft: Draft) -> list[tuple[str, str]]:
    marks = {Kind.CHOICE: ("● ", ""), Kind.CHOICES: ("☑ ", "☐ ")}
    if question.kind is Kind.TEXT:
        return []
    chosen, free = marks[question.kind]
    letter = "o" if question.kind is Kind.CHOICE else "t"
    return [
        ((chosen if o.id in draft.picked else free) + o.label[draft.language], f"{letter}{i}")
        for i, o in enumerate(question.options)
    ]


def _review(view: View, draft: Draft) -> Screen:
    language = draft.language
    questions = asked(view.questionnaire, draft.answers)
    # Where everything together would be too long, each answer gives up its end, and none its place.
    room = REVIEW_ROOM // len(questions)
    lines = [shortened(f"{q.label[language]}: {answer_text(view, draft, q)}", room) for q in questions]
    parts = [view.say(language, "review"), "\n".join(lines)]
    if draft.reference:
        parts.insert(0, view.say(language, "alerted-line", reference=draft.reference))
    changes = [Button(q.label[language], _data(draft, f"c{i}")) for i, q in enumerate(questions)]
    pairs = tuple(tuple(changes[i : i + 2]) for i in range(0, len(changes), 2))
    rows = ((button(view, draft, "send-button", "send"),), *pairs, leaving(view, draft))
    return Screen("\n\n".join(parts), rows)


def answer_text(view: View, draft: Draft, question: Question) -> str:
    """An answer as the requester gave it; of a sealed text only that it is there."""
    language = draft.language
    if question.kind is Kind.TEXT:
        size = draft.texts.get(question.id)
        return view.say(language, "review-text", size=size) if size else view.say(language, "review-none")
    chosen = draft.answers.get(question.id, ())
    labels = [o.label[language] for o in question.options if o.id in chosen]
    return ", ".join(labels) or view.say(language, "review-declined")


def _channel(view: View, draft: Draft) -> Screen:
    rows = (
        (button(view, draft, "channel-chat-button", "chat"),),
        (button(view, draft, "channel-code-button", "code"),),
        leaving(view, draft, back="back"),
    )
    return Screen(view.say(draft.language, "channel"), rows)


def _home(view: View, draft: Draft) -> Screen:
    language = draft.language
    state = "home-state-claimed" if view.claimed else "home-state-open"
    text = view.say(
        language,
        "home",
        reference=draft.reference,
        state=view.say(language, state),
        reply_time=view.questionnaire.reply_time[view.level][language],
    )
    rows = (
        (
            button(view, draft, "refresh-button", "refresh"),
            button(view, draft, "language-button", "language"),
        ),
        (button(view, draft, "wipe-button", "wipe"), button(view, draft, "erase-button", "erase")),
        leaving(view, draft),
    )
    return Screen(text, rows)


def _erase(view: View, draft: Draft) -> Screen:
    rows = (
        (button(view, draft, "erase-no-button", "no"),),
        (button(view, draft, "withdraw-button", "withdraw"),),
        (button(view, draft, "erase-yes-button", "yes"),),
        leaving(view, draft),
    )
    return Screen(view.say(draft.language, "erase-ask", reference=draft.reference), rows)


_CODE_ASKS = {
    Place.CODE: "code-ask",
    Place.CODE_TAKE_BACK: "take-back-ask",
    Place.CODE_WITHDRAW: "code-withdraw-ask",
    Place.CODE_ERASE: "code-erase-ask",
}


def _code(view: View, draft: Draft) -> Screen:
    """Nothing of what a code may have opened: that is `handlers.code_screens`, and is shown once."""
    language = draft.language
    parts = [view.say(language, _CODE_ASKS[draft.place], letters=letters(language, MAX_TEXT_BYTES))]
    if (
        draft.place in (Place.CODE, Place.CODE_ERASE) and not draft.case
    ):  # where /status and /erase lead to then
        parts.insert(0, view.say(language, "code-none-here"))
    return Screen("\n\n".join(parts), (leaving(view, draft, back="leave"),))


_PLACES = {
    Place.LANGUAGE: _language,
    Place.NOTICE: _notice,
    Place.QUESTION: _question,
    Place.REVIEW: _review,
    Place.CHANNEL: _channel,
    Place.HOME: _home,
    Place.ERASE: _erase,
    **dict.fromkeys(_CODE_ASKS, _code),
}


def leaving(view: View, draft: Draft, *, back: str = "") -> tuple[Button, ...]:
    """The last row: "stop" is one tap away from every screen. `back`: the action that leads back, if one does."""
    stop = button(view, draft, "stop-button", "stop")
    return (button(view, draft, "back-button", back), stop) if back else (stop,)


def button(view: View, draft: Draft, label: str, action: str) -> Button:
    return Button(view.say(draft.language, label), _data(draft, action))


def _data(draft: Draft, action: str) -> str:
    """A payload says nothing but which screen and which place on it."""
    return f"{draft.serial}.{action}"
