"""What can happen in a conversation, and what must be done about it: the words of `intake.conversation`."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class Pressed:
    serial: int
    action: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Typed:
    text: str = field(repr=False)
    sent: int = field(default=0, repr=False)
    """When, in Unix seconds by Telegram's clock."""
    message: int = field(default=0, repr=False)
    """The id of the message, by which it can be deleted later."""
    edited: bool = False
    """An earlier message, corrected."""


@dataclass(frozen=True, slots=True)
class Command:
    name: str


class Odd(StrEnum):
    """Something the conversation has no use for; the value names the hint that answers it."""

    CONTACT = "contact"
    LOCATION = "location"
    FILE = "file"
    OTHER = "other"
    EDITED = "edited"


@dataclass(frozen=True, slots=True)
class Unexpected:
    kind: Odd


@dataclass(frozen=True, slots=True)
class CodeTyped:
    """A text that reads as a return code, or that begins with one."""

    code: str = field(repr=False)
    words: str = field(repr=False)
    """What stands behind the code; "" if it stands alone."""
    typed: Typed = field(repr=False)
    """The whole of it, where it is no code but an answer."""


Event = Pressed | Typed | CodeTyped | Command | Unexpected

MAX_TEXT_BYTES = 2_800
"""Room of one sealed text, in bytes of UTF-8."""


class Channel(StrEnum):
    """How the requester hears back."""

    CHAT = "chat"
    CODE = "code"


@dataclass(frozen=True, slots=True)
class MakeLock:
    """Make the case lock: consent was given."""


@dataclass(frozen=True, slots=True)
class KeepAnswers:
    """Seal the closed answers as they stand now."""


@dataclass(frozen=True, slots=True)
class KeepText:
    """Seal this text as the answer to this question; an earlier one is replaced."""

    question: str
    text: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class OpenCase:
    """The request is sent: case, tally and card are written."""

    reference: str
    channel: Channel


@dataclass(frozen=True, slots=True)
class Complete:
    """An emergency, sent before, has been answered to the end: renew its summary, fix its channel."""

    channel: Channel


@dataclass(frozen=True, slots=True)
class AddText:
    """Seal this to the case that is open for this chat."""

    text: str = field(repr=False)
    asked: bool = False
    """Whether to leave it out is still being asked: meanwhile nobody is told of it."""


@dataclass(frozen=True, slots=True)
class TellAdded:
    """What was added last is to be kept: tell whoever holds the case."""


@dataclass(frozen=True, slots=True)
class TakeBack:
    """Erase what was added last."""


@dataclass(frozen=True, slots=True)
class LookUp:
    """Show what a return code opens."""

    code: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class AddByCode:
    """Seal this to the request that the code opens."""

    code: str = field(repr=False)
    text: str = field(repr=False)
    noticed: tuple[str, ...] = ()
    """Kinds of `intake.sensitive` in it."""


@dataclass(frozen=True, slots=True)
class TakeBackByCode:
    """Erase what was added last to the request that the code opens, unless it has been answered since."""

    code: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class WithdrawByCode:
    code: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class EraseByCode:
    code: str = field(repr=False)


CodeAct = LookUp | AddByCode | TakeBackByCode | WithdrawByCode | EraseByCode
"""What is done with a code. Whether the code was right, only the answer tells."""


@dataclass(frozen=True, slots=True)
class WithdrawCase:
    """Close the case that is open for this chat: its requester needs no help any more."""


@dataclass(frozen=True, slots=True)
class EraseCase:
    """Erase the case that is open for this chat."""


@dataclass(frozen=True, slots=True)
class Drop:
    """Forget what was not sent: lock, boxes, draft."""


@dataclass(frozen=True, slots=True)
class Wipe:
    """Delete every message of this chat that can be deleted."""


@dataclass(frozen=True, slots=True)
class Remove:
    """Delete the message that brought the event."""


@dataclass(frozen=True, slots=True)
class RemoveSoon:
    """Delete the message that brought the event when the draft's time is over: until then it can be corrected."""


@dataclass(frozen=True, slots=True)
class RemoveEarlier:
    """Delete this message, which came before."""

    message: int = field(repr=False)


Effect = (
    MakeLock
    | KeepAnswers
    | KeepText
    | OpenCase
    | Complete
    | AddText
    | TellAdded
    | TakeBack
    | CodeAct
    | WithdrawCase
    | EraseCase
    | Drop
    | Wipe
    | Remove
    | RemoveSoon
    | RemoveEarlier
)
