"""Every text of a questionnaire: is it there in each language, and does it fit its screen?"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator

from intake.fault import Fault, Path
from intake.questionnaire import Level, Localised, Question, Questionnaire

LANGUAGES = {"en": "English", "ru": "Russian", "uk": "Ukrainian", "kk": "Kazakh"}
"""The languages of Postern's own texts: a questionnaire may have any of them, and no other."""

TEXT_LIMITS = {
    "title": 60,
    "about": 700,
    "reply_time": 300,
    "ask": 900,
    "why": 900,
    "label": 30,
    "reason": 60,
}
"""Characters. One screen holds `ask`, `why` and a frame of at most 2,200; Telegram's limit is 4,096."""
OPTION_LABEL_CHARS = 40
"""Options and rungs: a button that a narrow phone shows uncut."""
ONE_LINE = frozenset({"title", "label", "reason"})
UNSHOWABLE = frozenset({"Cc", "Cs"})
"""Unicode categories: control characters, and halves of characters that no encoding can carry."""


def text_faults(questionnaire: Questionnaire) -> Iterator[Fault]:
    """Missing translations, texts over their limit, characters that cannot be shown."""
    languages = questionnaire.languages
    spare = {
        language
        for _, text, _ in _every_text(questionnaire)
        for language in text
        if language not in languages
    }
    for language in sorted(spare):
        yield Fault(
            ("languages",),
            f"has texts in {_spoken(language)}, which is not among its languages; add it there, or take them away",
        )
    for path, text, limit in _every_text(questionnaire):
        name = "reply_time" if path[0] == "reply_time" else path[-1]
        yield from _text(path, name, text, limit, languages)


def _every_text(questionnaire: Questionnaire) -> Iterator[tuple[Path, Localised, int]]:
    """(path, text, most characters) of every text in the questionnaire."""
    yield ("title",), questionnaire.title, TEXT_LIMITS["title"]
    yield ("about",), questionnaire.about, TEXT_LIMITS["about"]
    for level in Level:
        yield ("reply_time", level.value), questionnaire.reply_time.get(level, {}), TEXT_LIMITS["reply_time"]
    for question in questionnaire.questions:
        base = ("questions", question.id)
        yield (*base, "ask"), question.ask, TEXT_LIMITS["ask"]
        if question.why:  # without any, the question has no purpose: `_shape` says so
            yield (*base, "why"), question.why, TEXT_LIMITS["why"]
        yield (*base, "label"), question.label, TEXT_LIMITS["label"]
        for option in question.options:
            yield (*base, "options", option.id, "label"), option.label, OPTION_LABEL_CHARS
        for rung in question.ladder.values():
            yield (*base, "ladder", rung.id, "label"), rung.label, OPTION_LABEL_CHARS
    for number, rule in enumerate(questionnaire.rules, start=1):
        yield ("levels", str(number), "reason"), rule.reason, TEXT_LIMITS["reason"]


def _text(path: Path, name: str, text: Localised, limit: int, languages: tuple[str, ...]) -> Iterator[Fault]:
    under = path[-1] if name == path[-1] else f"{name}, {path[-1]}"
    for language in languages:
        spoken = _spoken(language)
        words = text.get(language, "").strip()
        place = (*path, language)
        if not words:
            yield Fault(place, f"has no {name} in {spoken}; add one under {under}")
        if len(words) > limit:
            yield Fault(place, f"has a {name} of {len(words)} characters in {spoken}; shorten it to {limit}")
        if name in ONE_LINE and "\n" in words:
            yield Fault(place, f"has a {name} of several lines in {spoken}; write it on one")
        if any(unicodedata.category(char) in UNSHOWABLE for char in words if char != "\n"):
            yield Fault(
                place, f"has a character in its {name} in {spoken} that cannot be shown; type it again"
            )


def _spoken(language: str) -> str:
    return f"{LANGUAGES.get(language, language)} ({language})"


def twin_faults(question: Question) -> Iterator[Fault]:
    """Options that nobody can tell apart."""
    seen: dict[tuple[str, str], str] = {}
    for option in question.options:
        for language, words in option.label.items():
            other = seen.setdefault((language, words), option.id)
            place = ("questions", question.id, "options", option.id, "label", language)
            if other != option.id and words:
                yield Fault(
                    place,
                    f'has the same label as "{other}" in {_spoken(language)}; make them differ',
                )
