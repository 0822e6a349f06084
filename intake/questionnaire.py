"""What a questionnaire is, once it has been read and checked.

A questionnaire is data: questions in order, each with its options, the earlier answers under which it
is asked, and whether its answers may appear in a summary. Nothing here knows a subject.
Built by `intake.questionnaire_file`; every value in it has been validated there.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from hashlib import blake2b

Localised = Mapping[str, str]
"""A text in every language of the questionnaire: language code -> text."""

Answers = Mapping[str, tuple[str, ...]]
"""Closed answers: question id -> ids of the chosen options; `()` is "prefer not to say"."""


class Kind(StrEnum):
    CHOICE = "choice"
    CHOICES = "choices"
    TEXT = "text"


class Level(StrEnum):
    EMERGENCY = "emergency"
    URGENT = "urgent"
    STANDARD = "standard"

    @property
    def rank(self) -> int:
        """0 is the most urgent."""
        return list(Level).index(self)


@dataclass(frozen=True, slots=True)
class Rung:
    """One coarser value on a question's generalisation ladder ("South Caucasus" above "Armenia")."""

    id: str
    label: Localised
    above: str | None = None
    """The next coarser rung; None: nothing coarser than this but "withheld"."""


@dataclass(frozen=True, slots=True)
class Option:
    id: str
    label: Localised
    level: Level | None = None
    """Choosing this raises the request to this level by itself."""
    above: str | None = None
    """The rung that this option generalises to."""
    alone: bool = False
    """In a `choices` question: stands for itself ("none of these"), see `answers.toggled`."""
    within: int | None = None
    """Hours that are left, as far as this answer tells: the queue goes by it within a level."""


@dataclass(frozen=True, slots=True)
class Question:
    id: str
    kind: Kind
    ask: Localised
    why: Localised
    label: Localised
    """A few words for the question: in the review, on the card, in the opened answers."""
    in_summary: bool = False
    """`shared: summary`: coarse enough to be shown, generalised, to all operators."""
    options: tuple[Option, ...] = ()
    ladder: Mapping[str, Rung] = field(default_factory=dict)
    when: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """Asked only if every named earlier question has one of these options among its answers."""

    def option(self, option_id: str) -> Option | None:
        return next((o for o in self.options if o.id == option_id), None)


@dataclass(frozen=True, slots=True)
class Rule:
    """A level derived from facts: it holds if every named question has one of these answers."""

    level: Level
    when: Mapping[str, frozenset[str]]
    reason: Localised


@dataclass(frozen=True, slots=True)
class Questionnaire:
    name: str
    version: int
    languages: tuple[str, ...]
    """The first is the operators' language."""
    title: Localised
    about: Localised
    """Two or three sentences for the notice: what help this desk gives, and to whom."""
    reply_time: Mapping[Level, Localised]
    """What happens next and by when, by level."""
    questions: tuple[Question, ...]
    rules: tuple[Rule, ...] = ()

    def question(self, question_id: str) -> Question:
        return next(q for q in self.questions if q.id == question_id)


def fingerprint(questionnaire: Questionnaire) -> str:
    """Tells one questionnaire from any other, also from one that differs in nothing but a condition."""
    whole = json.dumps(asdict(questionnaire), default=sorted, sort_keys=True)
    return blake2b(whole.encode(), digest_size=16).hexdigest()
