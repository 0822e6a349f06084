"""Prepared replies, YAML text to `CannedReply`: docs/settings.md describes the format."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field
from hashlib import blake2b

import yaml

from intake.errors import CannedRepliesError
from intake.events import MAX_TEXT_BYTES
from intake.fault import Fault, Path
from intake.marked_yaml import Unreadable, compose
from intake.questionnaire_texts import LANGUAGES, UNSHOWABLE
from intake.yaml_block import Block, Notes

MAX_REPLIES = 30
"""One message offers them all, a button each."""
MAX_LABEL_CHARS = 40
"""As on a questionnaire's buttons: what a narrow phone shows uncut."""


@dataclass(frozen=True, slots=True)
class CannedReply:
    id: str
    label: str
    """For the operators, in the language they share."""
    text: dict[str, str] = field(repr=False)
    """What the requester gets: {language: text}, at least one."""

    def shown_in(self, language: str, fallback: str) -> str:
        """The language in which a requester of `language` gets it: their own, the fallback, or the first there is."""
        return next(each for each in (language, fallback, *self.text) if each in self.text)

    def fingerprint(self, language: str) -> str:
        """Of the text in this language, 8 hexadecimal digits: that what is sent is what was shown."""
        return blake2b(self.text[language].encode(), digest_size=4).hexdigest()


def load_canned(text: str, filename: str) -> tuple[CannedReply, ...]:
    """The replies in `text`, in its order.

    Raises `CannedRepliesError` with every problem at once; `filename` and the line begin each.
    """
    notes = Notes()
    try:
        replies = _replies(compose(text), notes)
    except Unreadable as fault:
        raise CannedRepliesError([f"{filename}:{fault.line}: {fault}"]) from None
    if found := notes.and_found(_faults(replies)):
        raise CannedRepliesError(notes.told(found, filename, _said))
    return replies


def _replies(root: yaml.Node, notes: Notes) -> tuple[CannedReply, ...]:
    blocks = Block(notes, root, (), ("replies",)).blocks("replies", ("id", "label", "text"))
    return tuple(
        CannedReply(
            block.identifier("id") or block.place, block.word("label"), block.texts("text", LANGUAGES)
        )
        for block in blocks
    )


def _faults(replies: tuple[CannedReply, ...]) -> Iterator[Fault]:
    if not replies:
        yield Fault(("replies",), "has no replies; add one, or unset the setting")
    if len(replies) > MAX_REPLIES:
        yield Fault(("replies",), f"has {len(replies)} replies; {MAX_REPLIES} fit, so take some away")
    labels: dict[str, str] = {}
    for reply in replies:
        base = ("replies", reply.id)
        if len(reply.label) > MAX_LABEL_CHARS or "\n" in reply.label:
            yield Fault(
                (*base, "label"), f"has a long label; write it in one line of {MAX_LABEL_CHARS} characters"
            )
        yield from _unshowable((*base, "label"), "its label", reply.label)
        other = labels.setdefault(reply.label, reply.id)
        if other != reply.id:
            yield Fault((*base, "label"), f'has the same label as "{other}"; make them differ')
        if not reply.text:
            yield Fault((*base, "text"), "has no text; add one in at least one language")
        for language, words in reply.text.items():
            over = len(words.encode(errors="replace")) - MAX_TEXT_BYTES
            if over > 0:
                room = f"{MAX_TEXT_BYTES:,} bytes"
                yield Fault(
                    (*base, "text", language), f"has a text {over} bytes longer than the {room} that fit"
                )
            yield from _unshowable((*base, "text", language), f"its text in {LANGUAGES.get(language)}", words)


def _unshowable(path: Path, where: str, words: str) -> Iterator[Fault]:
    if any(unicodedata.category(char) in UNSHOWABLE for char in words if char != "\n"):
        yield Fault(path, f"has a character in {where} that cannot be shown; type it again")


def _said(fault: Fault) -> str:
    subject = f'reply "{fault.path[1]}"' if len(fault.path) > 1 else "the file"
    return f"{subject} {fault.message}"
