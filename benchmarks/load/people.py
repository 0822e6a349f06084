"""People who know nothing: they read the last keyboard they were shown, and press the button that leads on.

The rule, the same for every bot: of a long list (four or more buttons that stand alone in their row) the middle one,
then those below it; of any other keyboard the first button; never the same place on the same text twice. A
conversation is over when there is at most one button (it begins anew) or when a press changed nothing.
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable
from typing import Any

from benchmarks.load.api import Api, Keyboard, message
from benchmarks.load.feed import Feed

LONG_LIST = 4
FIRST_PERSON = 5_000_000_000


class Person:
    __slots__ = (
        "awaits_answer",
        "awaits_screen",
        "before",
        "chat",
        "keyboard",
        "number",
        "pressed",
        "since",
        "text",
    )

    def __init__(self, chat: int) -> None:
        self.chat = chat
        self.number = 0
        """Of the message that is the screen."""
        self.text = ""
        self.keyboard: Keyboard = []
        self.before: tuple[str, Keyboard] = ("", [])
        """What the screen was when this step began."""
        self.pressed: set[tuple[str, int]] = set()
        self.awaits_screen = self.awaits_answer = False
        self.since = 0.0
        """When this step's update was there for the bot to take, by the monotonic clock."""

    @property
    def is_waiting(self) -> bool:
        return self.awaits_screen or self.awaits_answer

    def next_button(self) -> str | None:
        """What the next press sends; None when the conversation is over."""
        places = [(button, place) for place, button in enumerate(itertools.chain(*self.keyboard))]
        if len(places) <= 1 or (self.text, self.keyboard) == self.before:
            return None
        alone = [row[0] for row in self.keyboard if len(row) == 1]
        middle = len(alone) // 2 if len(alone) >= LONG_LIST else 0
        start = next(place for button, place in places if button is alone[middle]) if middle else 0
        for button, place in (*places[start:], *places[:start]):
            data = button.get("callback_data")
            if data is not None and (self.text, place) not in self.pressed:
                self.pressed.add((self.text, place))
                return str(data)
        return None


class Crowd:
    """All people of one bot, and what is under way with each."""

    def __init__(self, feed: Feed) -> None:
        self._feed = feed
        self.api = Api(feed, self)
        self.done: Callable[[Person, float], None] = lambda _person, _took: None
        """Told of each finished step: who, and seconds until the screen had changed."""
        self.waiting: dict[int, Person] = {}
        """Chat -> those for whom the bot has something to do."""
        self._queries: dict[str, Person] = {}
        self._ids = itertools.count(FIRST_PERSON, 7)
        self._took: dict[int, float] = {}

    def start(self, person: Person | None = None, text: str = "/start") -> Person:
        """Somebody new (or known) writes to the bot."""
        person = person or Person(next(self._ids))
        entities = [{"type": "bot_command", "offset": 0, "length": len(text.split()[0])}]
        body = {
            "message_id": self.api.next_number(),
            "from": _from(person.chat),
            "chat": {"id": person.chat, "first_name": "Somebody", "type": "private"},
            "date": int(time.time()),
            "text": text,
        }
        self._begin(person, {"message": body | {"entities": entities} if text.startswith("/") else body})
        return person

    def press(self, person: Person, data: str) -> None:
        query = str(next(self._ids))
        self._queries[query] = person
        person.awaits_answer = True
        body = {
            "id": query,
            "from": _from(person.chat),
            "message": message(person.chat, person.number, person.text, person.keyboard),
            "chat_instance": str(person.chat * 31),
            "data": data,
        }
        self._begin(person, {"callback_query": body})

    def forget(self, person: Person) -> None:
        self.api.forget(person.chat)
        self.waiting.pop(person.chat, None)
        person.awaits_screen = person.awaits_answer = False

    def _begin(self, person: Person, update: dict[str, Any]) -> None:
        person.awaits_screen = True
        person.before = person.text, person.keyboard
        person.since = time.monotonic()
        self.waiting[person.chat] = person
        self._feed.put(update)

    def shown(self, chat: int, number: int, text: str, keyboard: Keyboard) -> None:
        person = self.waiting.get(chat)
        if person is None:
            return
        if keyboard or number == person.number or not person.number:
            person.number, person.text, person.keyboard = number, text, keyboard
        if person.awaits_screen:
            person.awaits_screen = False
            self._took[chat] = time.monotonic() - person.since
            self._finish(person)

    def answered(self, query: str) -> None:
        person = self._queries.pop(query, None)
        if person is not None and person.awaits_answer:
            person.awaits_answer = False
            self._finish(person)

    def _finish(self, person: Person) -> None:
        if not person.is_waiting:
            del self.waiting[person.chat]
            self.done(person, self._took.pop(person.chat))


def _from(user: int) -> dict[str, Any]:
    return {"id": user, "is_bot": False, "first_name": "Somebody", "language_code": "en"}
