"""How a call to Telegram can fail: one small tree, apart from the client so that it costs nothing to import.

None of these carries a server's own words: those may name a chat, and errors reach logs.
"""

from __future__ import annotations


class TelegramError(Exception):
    """A call has failed; the subclass says what to do about it."""


class TryLater(TelegramError):
    """Flood control: nothing was done; the same call may be made again after `seconds`."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"try again in {seconds:g} s")
        self.seconds = seconds


class Unreachable(TelegramError):
    """No answer, or no usable one. Whether the call took effect is unknown."""


class Gone(TelegramError):
    """The chat won't take messages from us: blocked, deactivated, deleted, or we were removed."""

    def __init__(self, why: str = "blocked") -> None:
        """`why`: "blocked", or "deleted" if there is nobody any more who could lift it."""
        super().__init__(why)
        self.why = why


class Moved(TelegramError):
    """The group has become a supergroup; it goes by another id from now on."""

    def __init__(self, chat: int) -> None:
        super().__init__("the group has a new id")
        self.chat = chat


class Refused(TelegramError):
    """The call can't be carried out, however often it is made. `reason` is one of a few fixed words."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Unauthorized(TelegramError):
    """The token is not, or no longer, a bot's."""


class Conflict(TelegramError):
    """Someone else fetches this bot's updates."""
