"""What the handlers ask to be done in Telegram, as plain values.

No value here shows its content in its `repr`: a value that ends up in an error or a log tells its
kind and nothing else. Texts are sent as they stand, never with a parse mode.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Protocol

MAX_TEXT = 4096
"""Characters in a message, counted as UTF-16 units, which is how Telegram counts."""
MAX_CAPTION = 1024
MAX_BUTTON_DATA = 64
"""Bytes of UTF-8."""
MAX_DELETED_AT_ONCE = 100


@dataclass(frozen=True, slots=True)
class Button:
    """A button under a message: it carries either `data` for the bot, or a `url` to open."""

    text: str = field(repr=False)
    data: str = field(default="", repr=False)
    url: str = field(default="", repr=False)


Keyboard = tuple[tuple[Button, ...], ...]


@dataclass(frozen=True, slots=True)
class Send:
    chat: int = field(repr=False)
    text: str = field(repr=False)
    keyboard: Keyboard = field(default=(), repr=False)
    reply_to: int | None = field(default=None, repr=False)
    silent: bool = False
    protect: bool = True
    """Neither forwarded nor saved by the apps that honour it."""
    note: str = field(default="", repr=False)
    """Means nothing here: the sender recognises by it which message has got an id."""
    again: str = field(default="", repr=False)
    """The text of a second copy, if Telegram may have taken the first without our hearing of it."""
    urgent: bool = False
    """Overtakes what waits."""


@dataclass(frozen=True, slots=True)
class SendDocument:
    chat: int = field(repr=False)
    file_name: str = field(repr=False)
    content: bytes = field(default=b"", repr=False)
    caption: str = field(default="", repr=False)
    keyboard: Keyboard = field(default=(), repr=False)
    protect: bool = True
    note: str = field(default="", repr=False)
    again: str = field(default="", repr=False)
    """The caption of a second copy, as in `Send`."""
    load: Callable[[], Awaitable[bytes | None]] | None = field(default=None, repr=False)
    """Gives the content when the call is made, so that what waits holds no file in memory; None: it is gone."""


@dataclass(frozen=True, slots=True)
class SendPhoto:
    chat: int = field(repr=False)
    content: bytes = field(repr=False)
    """PNG."""
    caption: str = field(default="", repr=False)
    keyboard: Keyboard = field(default=(), repr=False)
    protect: bool = True
    note: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class EditPhoto:
    """Another picture and caption in the place of those of a message that has a picture."""

    chat: int = field(repr=False)
    message: int = field(repr=False)
    content: bytes = field(repr=False)
    caption: str = field(default="", repr=False)
    keyboard: Keyboard = field(default=(), repr=False)


@dataclass(frozen=True, slots=True)
class Edit:
    """Replace a message's text and keyboard; `()` takes the keyboard away."""

    chat: int = field(repr=False)
    message: int = field(repr=False)
    text: str = field(repr=False)
    keyboard: Keyboard = field(default=(), repr=False)
    resend: bool = True
    """Send it as a new message if the old one is gone."""


@dataclass(frozen=True, slots=True)
class Buttons:
    """Replace the buttons under a message, whose text stays; `()` takes them away."""

    chat: int = field(repr=False)
    message: int = field(repr=False)
    keyboard: Keyboard = field(default=(), repr=False)


@dataclass(frozen=True, slots=True)
class Delete:
    chat: int = field(repr=False)
    messages: tuple[int, ...] = field(repr=False)
    """1 to 100 message ids."""


@dataclass(frozen=True, slots=True)
class Answer:
    """Answer a press: nothing, a passing line, or (`alert`) a box to be closed. At most 200 characters."""

    query: str = field(repr=False)
    text: str = field(default="", repr=False)
    alert: bool = False


@dataclass(frozen=True, slots=True)
class Pin:
    """Without a notification."""

    chat: int = field(repr=False)
    message: int = field(repr=False)
    note: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Remove:
    """Put somebody out of a group. They may come back if somebody invites them."""

    chat: int = field(repr=False)
    user: int = field(repr=False)
    note: str = field(default="", repr=False)


class Sink(Protocol):
    """Where a file's bytes go."""

    def restart(self) -> None:
        """Forget what came: it comes again from the start."""

    def feed(self, part: bytes) -> None: ...


@dataclass(frozen=True, slots=True)
class Fetch:
    """Fetch a file that somebody sent, straight into `into`."""

    chat: int = field(repr=False)
    file: str = field(repr=False)
    """Telegram's id of it."""
    into: Sink = field(repr=False)
    note: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Menu:
    """The commands that the app lists in this chat: (name, description). None: those that everybody sees."""

    chat: int = field(repr=False)
    commands: tuple[tuple[str, str], ...] = field(repr=False)


Outgoing = (
    Send
    | SendDocument
    | SendPhoto
    | EditPhoto
    | Edit
    | Buttons
    | Delete
    | Answer
    | Pin
    | Menu
    | Remove
    | Fetch
)
