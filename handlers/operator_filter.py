"""What an operator wants to see of the queue: in words, in buttons, and in a button's payload.

A payload holds `<level>-<category>-<language>`, such as `u-3-ru`: the first letter of the level, the place of the
category among the questionnaire's, a language's code. Each may be empty.
"""

from __future__ import annotations

from dataclasses import replace

from handlers.cards import category_question
from handlers.desk import Desk
from handlers.outgoing import Button, Keyboard
from handlers.queue import Wanted
from intake.questionnaire import Level, Localised


def categories(desk: Desk) -> list[tuple[str, Localised]]:
    """What the first question of the summary can be published as: its options, then what they generalise to."""
    question = category_question(desk.questionnaire)
    if question is None:
        return []
    rungs = [(rung.id, rung.label) for rung in question.ladder.values()]
    return [*((option.id, option.label) for option in question.options), *rungs]


def written(desk: Desk, wanted: Wanted) -> str:
    names = [name for name, _ in categories(desk)]
    place = str(names.index(wanted.category)) if wanted.category in names else ""
    return f"{wanted.level[0] if wanted.level else ''}-{place}-{wanted.language}"


def read(desk: Desk, code: str) -> Wanted:
    """Whatever can't be read of it filters nothing."""
    letter, place, language = (*code.split("-"), "", "", "")[:3]
    known = categories(desk)
    level = next((level for level in Level if letter and level.startswith(letter)), None)
    at = int(place) if place.isascii() and place.isdecimal() and len(place) < 4 else len(known)
    category = known[at][0] if at < len(known) else ""
    return Wanted(level, category, language if language in desk.questionnaire.languages else "")


def matching(desk: Desk, words: str) -> Wanted | None:
    """What the words after a command ask for: a level or a language, by name or code. None: they say something else."""
    level, language = None, ""
    for word in words.lower().replace(",", " ").split():
        levels = [each for each in Level if word in (each, _level(desk, each).lower())]
        spoken = [
            each for each in desk.questionnaire.languages if word in (each, _language(desk, each).lower())
        ]
        if not levels and not spoken:
            return None
        level = levels[0] if levels else level
        language = spoken[0] if spoken else language
    return Wanted(level, "", language)


def in_words(desk: Desk, wanted: Wanted) -> str:
    parts = [_level(desk, wanted.level)] if wanted.level else []
    parts += [label[desk.staff_language] for name, label in categories(desk) if name == wanted.category]
    parts += [_language(desk, wanted.language)] if wanted.language else []
    return ", ".join(parts)


def choices(desk: Desk, wanted: Wanted, verb: str) -> Keyboard:
    """A button for each filter; what is chosen already is marked, and pressing it takes it away.

    `verb`: what is pressed for with them, the list ("queue") or one case ("next").
    """
    say, staff = desk.texts.say, desk.staff_language

    def choice(label: str, chosen: bool, **change: object) -> Button:
        after = replace(wanted, **change)  # type: ignore[arg-type]
        return Button(f"✓ {label}" if chosen else label, f"{verb}.{written(desk, after)}")

    levels = [
        choice(_level(desk, level), wanted.level is level, level=None if wanted.level is level else level)
        for level in Level
    ]
    rows = [tuple(levels)]
    for name, label in categories(desk):
        chosen = wanted.category == name
        rows.append((choice(label[staff], chosen, category="" if chosen else name),))
    spoken = [
        choice(
            _language(desk, each), wanted.language == each, language="" if wanted.language == each else each
        )
        for each in desk.questionnaire.languages
    ]
    everything = Button(say(staff, "filter-all-button"), f"{verb}.{written(desk, Wanted())}")
    pairs = (tuple(spoken[at : at + 2]) for at in range(0, len(spoken), 2))  # four are cut off on a phone
    return (*rows, *pairs, (everything,))


def _level(desk: Desk, level: Level) -> str:
    return desk.texts.say(desk.staff_language, f"level-{level}")


def _language(desk: Desk, language: str) -> str:
    return desk.texts.say(language, "language-name")
