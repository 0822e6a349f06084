"""What one step of the conversation is made of, and the drafts that it begins from."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from intake.draft import Draft, Place
from intake.events import Effect
from intake.questionnaire import Questionnaire


@dataclass(frozen=True, slots=True)
class Fresh:
    """Random ids, drawn beforehand, for whatever this step may have to name."""

    case: str
    reference: str


@dataclass(frozen=True, slots=True)
class Hint:
    """One line for the person; `name` is a key of the texts, `values` fill its places."""

    name: str
    values: Mapping[str, int | str] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class Step:
    draft: Draft | None
    """None: nothing is remembered about this chat any longer."""
    effects: tuple[Effect, ...] = ()
    hint: Hint | None = None
    about: Draft | None = None
    """The draft that the effects speak of; None: the one that comes back, or, without one, the one before."""
    ending: str = ""
    """If set, the one text left on the screen instead of the draft's own: "stopped", "sent-code", "withdrawn",
    "erased", "erased-unsent", "wiped"."""


@dataclass(frozen=True, slots=True)
class Table:
    """All that a step may look at."""

    questionnaire: Questionnaire
    fingerprint: str
    now: int
    fresh: Fresh


Handler = Callable[[Table, Draft, str], Step]
"""What a button does; the text is the action that was pressed."""


def begin(table: Table, language: str) -> Draft:
    """A new draft for somebody of whom nothing is remembered; `language` is what their app is set to ("en-GB")."""
    spoken = language.lower().partition("-")[0]
    known = spoken if spoken in table.questionnaire.languages else table.questionnaire.languages[0]
    # Screens are numbered from the clock on, so that no button left over from an earlier conversation fits.
    return Draft(language=known, serial=table.now, fingerprint=table.fingerprint, active_at=table.now)


def resume(table: Table, language: str, case: str, reference: str) -> Draft:
    """The conversation of somebody whose request was sent earlier and is open."""
    return replace(begin(table, language), place=Place.HOME, case=case, reference=reference)
