"""A sealed case as readable text, on the device of whoever holds a private key to it."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from nacl.public import PrivateKey

from intake.errors import SealingError, WrongKey
from storage.document import parse
from storage.document_opening import OpenedCase, open_document
from storage.file_opening import MAX_DOCUMENT_BYTES as MAX_FILE_DOCUMENT_BYTES
from storage.file_opening import OpenedFile, is_file, open_file
from storage.lock_bundle import is_lock_bundle, parse_bundle
from storage.sealing import Opener
from storage.slot_bundle import encode_slots
from storage.slot_line import encode_slot

__all__ = [
    "MAX_FILE_DOCUMENT_BYTES",
    "is_lock_bundle",
    "open_attached",
    "open_text",
    "rewrap",
    "rewrap_all",
    "visible",
]

WORDS: Mapping[str, Mapping[str, str]] = {
    "en": {
        "case": "Case",
        "language": "The requester's language",
        "unsaid": "prefer not to say",
        "thread": "Messages",
        "nothing": "There is nothing in this case yet.",
        "requester": "requester",
        "organisation": "organisation",
        "note": "note",
    },
    "ru": {
        "case": "Обращение",
        "language": "Язык обратившегося",
        "unsaid": "без ответа по желанию",
        "thread": "Переписка",
        "nothing": "В этом обращении пока ничего нет.",
        "requester": "обратившийся",
        "organisation": "организация",
        "note": "заметка",
    },
    "uk": {
        "case": "Звернення",
        "language": "Мова заявника",
        "unsaid": "без відповіді за бажанням",
        "thread": "Листування",
        "nothing": "У цьому зверненні ще нічого немає.",
        "requester": "заявник",
        "organisation": "організація",
        "note": "нотатка",
    },
    "kk": {
        "case": "Өтініш",
        "language": "Өтініш берушінің тілі",
        "unsaid": "жауап бергісі келмеді",
        "thread": "Хат алмасу",
        "nothing": "Бұл өтініште әзірге ештеңе жоқ.",
        "requester": "өтініш беруші",
        "organisation": "ұйым",
        "note": "жазба",
    },
}
_INDENT = "    "
_JOINERS = frozenset("\u200c\u200d")
"""Invisible, but parts of Persian words and of many emoji, and harmless."""
_UNSEEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})


def open_text(data: bytes, private_key: PrivateKey, language: str | None = None) -> str:
    """Everything that a case document holds, for a terminal; the questions in `language` if they have it.

    Raises SealingError, one line, if the document is not sound or this key doesn't open it.
    """
    opened = open_document(parse(data), Opener(private_key))
    return "\n".join(_lines(opened, language or _first_language(opened.labels)))


def open_attached(data: bytes, private_key: PrivateKey) -> OpenedFile | None:
    """A requester's file; None: the document is a case, not a file. Raises SealingError."""
    return open_file(data, Opener(private_key)) if is_file(data) else None


def rewrap(data: bytes, private_key: PrivateKey, public: bytes) -> str:
    """The one line that lets `public`'s owner open the case as well. Raises SealingError."""
    document = parse(data)
    opener = Opener(private_key).unlock(document.case, document.public, document.slots)
    return encode_slot(document.reference, opener.rewrap(public))


@dataclass(frozen=True, slots=True)
class Rewrapped:
    text: str = field(repr=False)
    """What goes back to the bot."""
    cases: int
    passed_over: int
    """Cases that this key doesn't open."""
    suspect: tuple[str, ...]
    """References of those whose lock or slot is not what it should be; nothing was made for them."""


def rewrap_all(data: bytes, private_key: PrivateKey, public: bytes) -> Rewrapped:
    """Slots for `public`'s owner, of all cases in a bundle that this key opens: half a second for a thousand.

    Raises SealingError if the file is not sound, WrongKey if this key opens none of them.
    """
    opener, slots, passed_over, suspect = Opener(private_key), list[tuple[bytes, bytes]](), 0, list[str]()
    for lock in parse_bundle(data):
        try:
            slots.append((lock.case, opener.unlock(lock.case, lock.public, lock.slots).rewrap(public)))
        except WrongKey:
            passed_over += 1
        except SealingError:
            suspect.append(lock.reference)
    if not slots and not suspect:
        raise WrongKey("This key opens none of these locks: they were handed out for another.")
    return Rewrapped(encode_slots(public, slots), len(slots), passed_over, tuple(suspect))


def visible(text: str) -> str:
    """The text with everything made visible that would steer a terminal or turn the reading direction.

    A requester's words are shown on an operator's terminal, where an escape sequence can rewrite what stands
    above it or press keys. Line breaks stay; tabs become a blank.
    """
    text = text.replace("\r\n", "\n").replace("\t", " ")
    return "".join(_shown(char) for char in text)


def _shown(char: str) -> str:
    if char == "\n" or char in _JOINERS or unicodedata.category(char) not in _UNSEEN:
        return char
    return f"<U+{ord(char):04X}>"


def _lines(opened: OpenedCase, language: str) -> Iterator[str]:
    words = WORDS.get(language, WORDS["en"])
    yield f"{words['case']} {opened.reference}"
    if title := _said(opened.labels.get("title"), language):
        yield title
    if opened.language:
        yield f"{words['language']}: {_line(opened.language)}"
    yield ""
    questions = opened.labels.get("questions")
    known = questions if isinstance(questions, dict) else {}
    # In the questionnaire's order; what it doesn't name is shown all the same.
    for question in [*known, *(q for q in (*opened.answers, *opened.texts) if q not in known)]:
        yield from _answer(opened, question, known.get(question), language, words["unsaid"])
    if not opened.answers and not opened.texts:
        yield words["nothing"]
    if opened.thread:
        yield from ("", words["thread"])
    for message in opened.thread:
        yield from ("", f"{message.day.isoformat()}, {words[message.who.value]}:", *_quoted(message.text))


def _answer(opened: OpenedCase, question: str, labels: Any, language: str, unsaid: str) -> Iterator[str]:
    labels = labels if isinstance(labels, dict) else {}
    label = _said(labels.get("label"), language) or _line(question)
    if question in opened.answers:
        options = labels.get("options")
        named = options if isinstance(options, dict) else {}
        chosen = [_said(named.get(each), language) or _line(each) for each in opened.answers[question]]
        yield f"{label}: {', '.join(chosen) or unsaid}"
    if question in opened.texts:
        yield f"{label}:"
        yield from _quoted(opened.texts[question])


def _quoted(text: str) -> Iterator[str]:
    """Indented, so that no line of a requester's can pass for one of ours."""
    for line in visible(text).split("\n"):
        yield f"{_INDENT}{line}".rstrip()


def _said(text: Any, language: str) -> str:
    """A label in this language, or else in its first; empty if there is none."""
    if not isinstance(text, dict) or not text:
        return ""
    return _line(str(text.get(language) or next(iter(text.values()))))


def _line(text: str) -> str:
    return visible(text).replace("\n", " ")


def _first_language(labels: Mapping[str, Any]) -> str:
    title = labels.get("title")
    return str(next(iter(title), "en")) if isinstance(title, dict) else "en"
