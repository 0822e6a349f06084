"""Updates as these people would send them: so that hell gets past the front door, into every room."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from random import Random
from typing import Any

from tests.hell.updates import FIRST_ID, PLANTED

GROUP = -1_007_731_000_001
OPERATOR, ADMIN, INVITED = FIRST_ID + 101, FIRST_ID + 102, FIRST_ID + 103
REQUESTERS = tuple(range(FIRST_ID + 200, FIRST_ID + 208))
_EVERYONE = (*REQUESTERS, OPERATOR, OPERATOR, ADMIN, INVITED)
# Not /pause: a closed intake is what it should be, and somebody sane walks through all this.
_COMMANDS = (
    "start help privacy verify status language stop wipe erase queue next mine stats people resume "
    "start@postern_test_bot queue@other_bot nothing_like_this"
)
_TEXTS = (
    "1234 5678 9012 3456",
    "\u0661" * 16,
    "postern-pub-1" + "a" * 56,
    "postern-key-1\nargon2id 3 268435456",
    "postern-slot-1 K7QM-4ZDP " + "a" * 224,
    "\U0001f600" * 1500,
    "\u0436" * 1401,
    "x" * 2801,
    "\x01" * 2800,
    '"\\' * 1400,
    " \n\t ",
    "\u202e\u2066\u200f",
    "%s %d {0} {text} $x <b>&amp;",
    "",
)
_DATA = (
    "1.l0", "2.ok", "3.o0", "4.t1", "5.done", "-1.x", "9.", ".", "", "begin", "0.begin", "1.stop", "9" * 20 + ".o0",
    "code.written.en", "code.longer.xx", "code.", "claim.K7QM-4ZDP", "claim.", "release.x", "file.", "close.",
    "outcome.x.y", "outcome.helped.K7QM-4ZDP", "key.yes.x.y", "key.no", "key...",
    "\u043a\u043b\u044e\u0447", "\x00", "x" * 64,
)  # fmt: skip
_CORE = frozenset({"message_id", "date", "chat", "from"})


@dataclass(slots=True)
class Seen:
    """What the bot has shown lately: buttons that can be pressed, messages that can be replied to."""

    buttons: deque[tuple[int, int, str]] = field(default_factory=lambda: deque(maxlen=200))
    """(chat, message, data)"""
    screens: dict[int, tuple[int, tuple[str, ...]]] = field(default_factory=dict)
    """The newest message with buttons of each chat: its id, and their data."""
    messages: deque[tuple[int, int]] = field(default_factory=lambda: deque(maxlen=100))
    """(chat, message)"""
    invitations: list[str] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)


class Cast:
    def __init__(self, random: Random, seen: Seen) -> None:
        self._random = random
        self._seen = seen

    def play(self, update: dict[str, Any]) -> dict[str, Any]:
        """The same update, or one of these people's with some of its fields."""
        kind = self._random.choice(
            ("message", "message", "callback_query", "callback_query", "edited_message", "as is")
        )
        if kind == "as is":
            return update
        known: dict[str, Any] = next(
            (update[k] for k in ("message", "edited_message") if isinstance(update.get(k), dict)), {}
        )
        if kind == "callback_query":
            return {"update_id": update["update_id"], kind: self._press()}
        return {"update_id": update["update_id"], kind: self._message(known)}

    def _message(self, known: dict[str, Any]) -> dict[str, Any]:
        person = self._random.choice(_EVERYONE)
        more = [name for name in known if name not in _CORE]
        message = {name: known[name] for name in self._random.sample(more, min(len(more), 2))}
        message |= self._envelope(person, person if self._random.random() < 0.85 else GROUP)
        if self._random.random() < 0.75:
            message["text"] = self._text()
        if self._seen.messages and self._random.random() < 0.3:
            chat, replied = self._random.choice(self._seen.messages)
            if chat in _EVERYONE and self._random.random() < 0.8:
                message |= self._envelope(chat, chat)
            message["reply_to_message"] = {"message_id": replied}
        return message

    def _press(self) -> dict[str, Any]:
        person = self._random.choice(_EVERYONE)
        chat, on, data = person, self._random.randrange(1, 500), self._random.choice(_DATA)
        if self._seen.buttons and self._random.random() < 0.9:
            chat, on, data = self._random.choice(self._seen.buttons)
            if (
                chat in self._seen.screens and self._random.random() < 0.8
            ):  # what is there to be pressed just now
                on, offered = self._seen.screens[chat]
                data = self._random.choice(offered)
            if chat in _EVERYONE and self._random.random() < 0.9:
                person = chat
        message = self._envelope(1, chat) | {"message_id": on}
        return {
            "id": str(self._random.randrange(10**18)),
            "from": self._sender(person),
            "chat_instance": "1",
            "data": data,
            "message": message,
        }

    def _text(self) -> str:
        drawn = self._random.random()
        if drawn < 0.45:
            return "/" + self._random.choice(_COMMANDS.split())
        if drawn < 0.55 and self._seen.invitations:
            return "/start " + self._random.choice(self._seen.invitations)
        if drawn < 0.6 and self._seen.keys:
            return self._random.choice(self._seen.keys)
        if drawn < 0.75:
            return f"{PLANTED} {self._random.randrange(10**6)}"
        return self._random.choice(_TEXTS)

    def _envelope(self, person: int, chat: int) -> dict[str, Any]:
        where = {
            "id": chat,
            "type": "private" if chat > 0 else "supergroup",
            "first_name": PLANTED,
            "title": PLANTED,
        }
        number = self._random.randrange(1, 10**6)
        return {"message_id": number, "date": 1_790_000_000, "chat": where, "from": self._sender(person)}

    def _sender(self, person: int) -> dict[str, Any]:
        language = self._random.choice(("en", "ru", "uk", "kk", "xx", "pt-br", ""))
        return {
            "id": person,
            "is_bot": person == 1,
            "first_name": PLANTED,
            "username": PLANTED.lower(),
            "language_code": language,
        }
