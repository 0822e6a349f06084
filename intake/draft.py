"""A request in progress: everything the server must remember between two presses, and nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum

import orjson

from intake.questionnaire import Answers

FORMAT = 1


class Place(StrEnum):
    """Which screen the requester is looking at."""

    LANGUAGE = "language"
    NOTICE = "notice"
    QUESTION = "question"
    REVIEW = "review"
    CHANNEL = "channel"
    HOME = "home"
    """The request was sent, and this chat is where the answer will come."""
    ERASE = "erase"
    """Whether to withdraw or to erase what was sent."""
    CODE = "code"
    """A return code is asked for, to read its request or to add to it."""
    CODE_TAKE_BACK = "code-take-back"
    """The return code is asked for once more, to take back what was added last."""
    CODE_WITHDRAW = "code-withdraw"
    """The return code is asked for once more, to withdraw its request."""
    CODE_ERASE = "code-erase"
    """The return code is asked for once more, to erase its request."""


class Page(StrEnum):
    """A page laid over the screen; "back" returns to what lies under it."""

    HELP = "help"
    PRIVACY = "privacy"
    VERIFY = "verify"
    STATUS = "status"
    LANGUAGE = "language"
    """The choice of languages, later than the first time."""


@dataclass(frozen=True, slots=True)
class LongText:
    """A text so long that Telegram's app may have cut it in parts, and what became of it; see `intake.writing`.

    Kept until the next event. The text is not in it.
    """

    sent: int = field(repr=False)
    """When its last part was sent, in Unix seconds by Telegram's clock."""
    message: int = field(default=0, repr=False)
    """Id of its message, if that still lies in the chat, where it can be shortened by editing."""
    taken: str = field(default="", repr=False)
    """The question that it was taken as the answer to, or `ADDED`; "" if it was refused."""


ADDED = "+"
"""Taken as an addition to the request; no question's id looks like this."""


@dataclass(frozen=True, slots=True)
class Draft:
    """`repr` shows the place only: answers never reach a log by accident."""

    place: Place = Place.LANGUAGE
    language: str = field(default="", repr=False)
    serial: int = field(default=1, repr=False)
    """Number of the screen shown. A button carries it, so a press on an older screen is recognised."""
    moved_by: int = field(default=0, repr=False)
    """Number of the last update that brought a screen; 0: not known. A later one that comes again changed nothing."""
    page: Page | None = field(default=None, repr=False)
    question: str = field(default="", repr=False)
    picked: tuple[str, ...] = field(default=(), repr=False)
    """Boxes ticked so far in a `choices` question."""
    answers: Answers = field(default_factory=dict, repr=False)
    texts: Mapping[str, int] = field(default_factory=dict, repr=False)
    """Text questions dealt with: id -> bytes sealed; 0 for "prefer not to say". The text itself is not here."""
    noticed: tuple[str, ...] = field(default=(), repr=False)
    """Kinds of `intake.sensitive` in the text just sealed, while it is asked whether to leave it out."""
    from_review: bool = field(default=False, repr=False)
    """Changing one answer: afterwards return to the review."""
    aside_from: Place | None = field(default=None, repr=False)
    """Where a side path (to erase, to type a code) was entered, and leads back to."""
    case: str = field(default="", repr=False)
    """Hexadecimal id of the case lock made at consent."""
    reference: str = field(default="", repr=False)
    """Set once the case exists: for an emergency, before the questions are finished."""
    fingerprint: str = field(default="", repr=False)
    """The questionnaire this was begun with."""
    long: LongText | None = field(default=None, repr=False)
    active_at: int = field(default=0, repr=False)
    """Unix seconds of the last event."""

    def moved(self, place: Place, **changes: object) -> Draft:
        """The same draft on another screen, with any page closed and what was asked about a text left as it is."""
        return replace(self, place=place, page=None, noticed=(), **changes)  # type: ignore[arg-type]

    def to_json(self) -> bytes:
        return orjson.dumps({"v": FORMAT, **{name: getattr(self, name) for name in self.__slots__}})

    @classmethod
    def from_json(cls, data: bytes) -> Draft:
        values = orjson.loads(data)
        del values["v"]
        values["place"] = Place(values["place"])
        values["page"] = Page(values["page"]) if values["page"] else None
        values["aside_from"] = Place(values["aside_from"]) if values["aside_from"] else None
        values["picked"] = tuple(values["picked"])
        values["noticed"] = tuple(values.get("noticed", ()))
        long = values.get("long")
        values["long"] = LongText(**long) if long else None
        values["answers"] = {q: tuple(options) for q, options in values["answers"].items()}
        return cls(**values)
