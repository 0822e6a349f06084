"""Opening a case document on the operator's own device. The service never imports this."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from operator import attrgetter
from typing import Any

from intake.errors import Tampered
from intake.questionnaire import Answers
from storage.document import ANSWERS_VERSION, CaseDocument, Labels, labels_fingerprint
from storage.envelope import ANSWERS, Who
from storage.sealing import Opener


@dataclass(frozen=True, slots=True)
class OpenedMessage:
    """One message of the thread, readable."""

    sequence: int
    who: Who
    day: date
    text: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class OpenedCase:
    """All that a case holds, readable. The texts may hold control characters: clean them for a terminal."""

    reference: str
    language: str = field(repr=False)
    """Empty if there are no closed answers."""
    answers: Answers = field(repr=False)
    texts: Mapping[str, str] = field(repr=False)
    """Question id -> free text; several texts for one question are joined, with an empty line between."""
    thread: tuple[OpenedMessage, ...] = field(repr=False)
    labels: Labels = field(repr=False)


def open_document(document: CaseDocument, opener: Opener) -> OpenedCase:
    """Open everything. Raises WrongKey if this key has no slot in it, Tampered if any part was altered.

    If there are several blocks of closed answers (an emergency's first ones, and the full ones later), the
    last rules. Where this ends: whoever keeps the blocks can leave some out, and nobody would see it here.
    """
    case = opener.unlock(document.case, document.public, document.slots)
    language, answers = "", dict[str, tuple[str, ...]]()
    texts: dict[str, str] = {}
    for question, sequence, box in sorted(document.blocks, key=attrgetter("sequence")):
        text = case.open(box, question=question, sequence=sequence)
        if not text:
            continue  # a dummy
        if question == ANSWERS:
            language, answers = _read_answers(text, document.labels)
        else:
            texts[question] = "\n\n".join(filter(None, [texts.get(question), _decode(text)]))
    thread = tuple(
        OpenedMessage(sequence, who, day, _decode(case.open(box, question=who.question, sequence=sequence)))
        for sequence, who, day, box in document.thread
    )
    return OpenedCase(document.reference, language, answers, texts, thread, document.labels)


def _read_answers(text: bytes, labels: Labels) -> tuple[str, dict[str, tuple[str, ...]]]:
    """Language and answers of an ANSWERS block. Raises Tampered."""
    match _parse(text):
        case {"v": version, "labels": str(labelled), "language": str(language), "answers": dict(answers)}:
            pass
        case _:
            raise Tampered("The sealed answers are malformed: tell your admin.")
    if version != ANSWERS_VERSION:
        raise Tampered("The sealed answers were made by a newer Postern: update this one.")
    if labelled != labels_fingerprint(labels).hex():
        raise Tampered(
            "The questions' texts in this document are not those that were answered: tell your admin."
        )
    if not all(_is_texts(options) for options in answers.values()):
        raise Tampered("The sealed answers are malformed: tell your admin.")
    return language, {question: tuple(options) for question, options in answers.items()}


def _is_texts(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) for item in value)


def _parse(text: bytes) -> Any:
    # Not raised inside `except`: a JSONDecodeError holds the whole text, and would stay with our error.
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _decode(text: bytes) -> str:
    try:
        return text.decode()
    except UnicodeDecodeError:
        pass  # as above: the error would keep the bytes
    raise Tampered("A sealed text is not UTF-8: tell your admin.")
