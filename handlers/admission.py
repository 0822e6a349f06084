"""Who may begin when more arrive than can be served: a line, and who is called in from it.

Those who are being served are never in it; they don't notice it. A newcomer who comes while there is more to do than is
done stands in line, is told so if it lasts, and is called in when there is room, without having to come again. Whoever
waits quietly is called before those who press on and on, because that is what tells a person from a flood. Held in
memory, and gone with it: whoever was told and hears nothing writes again.

Where this ends: accounts that each press as seldom as a person are people, as far as anybody can see. They are called
in one after another like everybody else, and met by operators, who can block, and by `handlers.throttle`.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from handlers.incoming import Incoming, Kind
from handlers.rates import Bucket, Pace

PER_SECOND = 100.0
"""New conversations; a busy day of such an organisation has as many in ten minutes."""
BURST = 200
"""As many may begin at once after a quiet time."""
HELD_UP_PER_SECOND, HELD_UP_BURST = 1.0, 12
"""The same while work waits for other work."""
NEWCOMERS_A_TURN = 1 / 3
"""For each turn of somebody served, so much of a newcomer more: a full day has one among ten presses, a flood has
nothing else. By a webhook, which brings forty updates at a time, this is what a flood is noticed by."""
TELL_AFTER = 3.0
"""Seconds. Who is called in sooner sees their first screen, and never hears that there was a line."""
ALERTS_PER_SECOND = 20.0
"""Presses that are answered so. These are no messages."""
LINES_PER_SECOND = 5.0
"""Newcomers that are told to wait. Telegram takes 30 messages a second, and those being served need them."""
MOST_WAITING = 50_000
"""Places in the line. Whoever comes when it is full has to try their luck."""
PACE = 20.0
"""As many are called in a second from a long line, if there is room."""
LOOKING = frozenset({"status", "help", "privacy", "verify", "language"})
"""Commands that are remembered of somebody who waits: they want to look, and not to begin."""
MOST_MESSAGES = 10
"""Messages of one who waits that are remembered, so that they can be deleted with the rest of the conversation."""
SOON_SECONDS = 5.0
"""Who knocks again within this time is in a hurry ..."""
HURRIES = 2
"""... and who does so more often than this, is let wait until there is nobody else,"""
QUIET_SECONDS = 10.0
"""or until they have been quiet for so long."""
SHORT = 256
"""A line of so many is people. A longer one is a flood."""


@dataclass(slots=True)
class _Place:
    knock: Incoming = field(repr=False)
    knocked_at: float
    hurries: int = 0
    untold: bool = False
    """They pressed on before they could be told that they have to wait."""
    messages: list[int] = field(default_factory=list, repr=False)
    """Theirs, after the first."""


class Admission:
    """`now` is always seconds of a monotonic clock; accounts are keyed hashes."""

    def __init__(self, rate: float = PER_SECOND, burst: int = BURST) -> None:
        self._new = Bucket(rate, burst)
        self._held_up = Bucket(HELD_UP_PER_SECOND, HELD_UP_BURST)
        self._lines = Bucket(LINES_PER_SECOND, LINES_PER_SECOND * 4)
        self._pace = Pace()
        """At which they are called in."""
        self._line: OrderedDict[bytes, _Place] = OrderedDict()
        """In the order of coming."""
        self._hurried: OrderedDict[bytes, _Place] = OrderedDict()
        """Those who pressed on, in the order of their last knock."""
        self._alerts = Bucket(ALERTS_PER_SECOND, ALERTS_PER_SECOND * 2)
        self._untold: OrderedDict[bytes, float] = OrderedDict()
        """Those in the line who wrote, and when they should hear that they have to wait."""

    def __len__(self) -> int:
        return len(self._line) + len(self._hurried)

    def __contains__(self, account: bytes) -> bool:
        return account in self._line or account in self._hurried

    def lets_in(self, now: float, *, busy: bool, held_up: bool = False) -> bool:
        """Whether a newcomer may begin at once. While somebody waits, nobody who comes later goes first."""
        if busy or len(self):
            return False
        return self._new.takes(now) and (not held_up or self._held_up.takes(now))

    def served(self) -> None:
        """Somebody has had their turn."""
        self._held_up.gives_back(NEWCOMERS_A_TURN)

    def earned(self) -> int:
        """How many may be called in because others have had their turns, however much there is to do."""
        return self._held_up.room()

    def line_up(self, account: bytes, incoming: Incoming, now: float) -> bool:
        """A newcomer's first knock, or one more. Whether they have a place."""
        if not self.knocks_again(account, now, incoming):
            if len(self) >= MOST_WAITING:
                return False
            if not len(self):
                self._pace.begin(now)
            self._line[account] = _Place(_knock(incoming), now)
        if incoming.kind is not Kind.PRESS:
            self._untold.setdefault(account, now + TELL_AFTER)
        return True

    def knocks_again(self, account: bytes, now: float, incoming: Incoming | None = None) -> bool:
        """Whether this one is in the line already; then it is noted that they knock, and with what."""
        if incoming is not None:
            self._note(account, incoming)
        place = self._line.get(account)
        if place is None:
            place = self._hurried.get(account)
            if place is not None:
                place.knocked_at = now
                self._hurried.move_to_end(account)
            return place is not None
        place.hurries += now - place.knocked_at < SOON_SECONDS
        place.knocked_at = now
        if place.hurries > HURRIES:
            self._hurried[account] = self._line.pop(account)
        return True

    def _note(self, account: bytes, incoming: Incoming) -> None:
        place = self._place(account)
        if place is None:
            return
        knock = _knock(incoming)
        if knock.message_id is not None and len(place.messages) < MOST_MESSAGES:
            place.messages.append(knock.message_id)
        if incoming.kind is Kind.COMMAND:
            place.knock = replace(place.knock, command=knock.command)

    def _place(self, account: bytes) -> _Place | None:
        return self._line.get(account) or self._hurried.get(account)

    def leave(self, account: bytes) -> None:
        """Somebody who need not wait after all."""
        self._line.pop(account, None)
        self._hurried.pop(account, None)
        self._untold.pop(account, None)

    def call(self, now: float) -> tuple[bytes, Incoming, Sequence[int]] | None:
        """The next one's account, knock, and their messages after it; None if nobody may be called now.

        They are in the line no more.
        """
        while self._hurried:
            account, place = next(iter(self._hurried.items()))
            if now - place.knocked_at < QUIET_SECONDS:
                break
            del self._hurried[account]
            place.hurries = 0
            self._line[account] = place
            if place.untold:
                place.untold = False
                self._untold[account] = now
                self._untold.move_to_end(account, last=False)
        line = self._line or (self._hurried if len(self) <= SHORT else None)
        if not line:
            return None
        account, place = line.popitem(last=False)
        self._untold.pop(account, None)
        self._pace.note(now)
        self._held_up.takes(now)
        return account, place.knock, place.messages

    def minutes(self, now: float) -> float | None:
        """For about how long whoever comes last has to wait, if it goes on as it went of late; None: who knows.

        Those who press on are called after them.
        """
        pace = self._pace.a_second(now)
        return len(self._line) / pace / 60 if pace else None

    def to_tell(self, now: float) -> Iterator[Incoming]:
        """The knocks of those who should have heard by now that they have to wait, as far as there is room."""
        while self._untold:
            account, due = next(iter(self._untold.items()))
            hurried = self._hurried.get(account)
            if due > now or not (hurried or self.may_tell(now)):
                return
            del self._untold[account]
            if hurried:  # told when they have become quiet
                hurried.untold = True
            else:
                yield self._line[account].knock

    def may_tell(self, now: float) -> bool:
        """Whether there is room for a line to one who has to wait."""
        return self._lines.takes(now)

    def may_alert(self, account: bytes, now: float) -> bool:
        """Whether a press of one who has to wait is answered with words."""
        return account not in self._hurried and self._alerts.takes(now)


def _knock(incoming: Incoming) -> Incoming:
    """What is kept of it: nothing that was written. Whoever is called in begins at the beginning, or with what they
    wanted to look at: who came for an earlier request must not find a new one on the screen.
    """
    return Incoming(
        incoming.update_id,
        Kind.COMMAND,
        chat_id=incoming.chat_id,
        chat_type=incoming.chat_type,
        user_id=incoming.user_id,
        language_code=incoming.language_code,
        message_id=None if incoming.kind is Kind.PRESS else incoming.message_id,
        sent=incoming.sent,
        command=incoming.command if incoming.command in LOOKING else "start",
    )
