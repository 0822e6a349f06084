"""Whom a request can be referred to: a list that is data, and what each requester is told of it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from intake.errors import QuestionnaireError
from intake.fault import Fault, listed
from intake.marked_yaml import Unreadable, compose
from intake.yaml_block import Block, Notes

MOST = 40
"""So many buttons fit into one message."""
NAME_CHARS, TEXT_CHARS = 40, 800


@dataclass(frozen=True, slots=True)
class Referral:
    id: str
    name: Mapping[str, str]
    """By language: for operators, on a button."""
    text: Mapping[str, str]
    """By language: for the requester, after the notice that the request is closed."""


def load_referrals(text: str, filename: str, languages: Collection[str]) -> tuple[Referral, ...]:
    """The list in `text`, which must have these languages.

    Raises `QuestionnaireError` with every problem at once; `filename` and the line begin each.
    """
    notes = Notes()
    try:
        blocks = Block(notes, compose(text), (), ("referrals",)).blocks("referrals", ("id", "name", "text"))
    except Unreadable as fault:
        raise QuestionnaireError([f"{filename}:{fault.line}: {fault}"]) from None
    found = tuple(
        Referral(
            block.identifier("id") or block.place,
            block.texts("name", languages),
            block.texts("text", languages),
        )
        for block in blocks
    )
    if not found and not notes.faults:
        notes.faults.append(Fault(("referrals",), "is empty; add an entry, or unset POSTERN_REFERRALS"))
    if len(found) > MOST:
        notes.faults.append(Fault(("referrals",), f"has {len(found)} entries; keep {MOST} at most"))
    for each in found:
        for key, texts, most in (("name", each.name, NAME_CHARS), ("text", each.text, TEXT_CHARS)):
            notes.faults += _faults(("referrals", each.id, key), texts, most, languages)
    if notes.faults:
        raise QuestionnaireError(notes.told(set(notes.faults), filename))
    return found


def _faults(
    path: tuple[str, ...], texts: Mapping[str, str], most: int, languages: Collection[str]
) -> list[Fault]:
    missing = [language for language in languages if language not in texts]
    found = (
        [Fault(path, f"has no {path[-1]} in all languages; add{listed(missing)}")]
        if missing and texts
        else []
    )
    for language, text in texts.items():
        if len(text) > most:
            message = f"has a {path[-1]} of {len(text)} characters in {language}; shorten it to {most}"
            found.append(Fault((*path, language), message))
    return found
