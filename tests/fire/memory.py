"""What a requester was shown, and may rely on from then on."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass
class Addition:
    text: str
    update: int
    taken_away: bool = False
    """The bot deleted it from the chat, which it does only when it has been sealed."""


@dataclass
class Request:
    """One request of one person's, from the first question to the end."""

    answers: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """Question -> options, as the person last chose and the screen then moved on."""
    texts: dict[str, str] = field(default_factory=dict)
    additions: list[Addition] = field(default_factory=list)
    by_code: bool = False
    sending: bool = False
    """The button that sends was pressed."""
    sent: bool = False
    """It was shown, in whatever words, that the request was sent."""
    references: set[str] = field(default_factory=set)
    codes: set[str] = field(default_factory=set)
    erased: bool = False
    """It was shown that everything of it is erased."""


@dataclass
class Memory:
    requests: list[Request] = field(default_factory=list)
    confirmed_in_vain: list[str] = field(default_factory=list)
    """Presses and messages that Telegram was told are dealt with, and that changed nothing."""
    forgotten: list[str] = field(default_factory=list)
    """Screens that show less than was accepted before."""
    pressed_again: int = 0
    finished: bool = False
    where: str = ""
    """What the person was doing last; says where somebody got stuck."""
    waits: list[tuple[float, float]] = field(default_factory=list)
    """Seconds from a press to the screen it brought."""
    knocks: list[int] = field(default_factory=list)
    """Updates with a /start before there was any screen."""
    began: float = 0.0
    first_screen: float = 0.0
    """When they first wrote, and when there first was a screen; by the loop's clock."""

    @property
    def current(self) -> Request:
        return self.requests[-1]
