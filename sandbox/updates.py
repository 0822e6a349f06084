"""The queue of updates: numbered, kept for a day, handed out again until they are confirmed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sandbox.clock import Clock
from sandbox.signals import Signal
from sandbox.world import Json

KEPT_SECONDS = 24 * 3600
NOT_BY_DEFAULT = frozenset({"chat_member", "message_reaction", "message_reaction_count"})
FIRST_ID = 500_000_001
"""Telegram begins somewhere; a bot that takes ids for small numbers should notice."""


@dataclass(frozen=True, slots=True)
class Update:
    id: int
    at: int
    kind: str
    body: Json
    lane: int
    """Updates of one lane (a chat, or a person who asked inline) are delivered to a webhook in order."""

    def json(self) -> Json:
        return {"update_id": self.id, self.kind: self.body}


class Updates:
    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._waiting: dict[int, Update] = {}
        self._next_id = FIRST_ID
        self.allowed: frozenset[str] | None = None
        """Kinds asked for; None: Telegram's default. Applies to updates created from now on."""
        self.arrived = Signal()

    def add(self, kind: str, body: Json, lane: int) -> None:
        if kind in NOT_BY_DEFAULT if self.allowed is None else kind not in self.allowed:
            return
        self.add_as_it_is(kind, body, lane)

    def add_as_it_is(self, kind: str, body: Json, lane: int) -> int:
        """Past the filter; returns the update's id."""
        update = Update(self._next_id, self._clock.now(), kind, body, lane)
        self._next_id += 1
        self._waiting[update.id] = update
        self.arrived.fire()
        return update.id

    def allow(self, kinds: Iterable[str]) -> None:
        """An empty list brings the default back."""
        self.allowed = frozenset(kinds) or None

    def pending(self) -> list[Update]:
        """Unconfirmed updates, oldest first; those older than a day are lost."""
        oldest = self._clock.now() - KEPT_SECONDS
        for update in list(self._waiting.values()):
            if update.at > oldest:
                break
            del self._waiting[update.id]
        return list(self._waiting.values())

    def is_pending(self, update_id: int) -> bool:
        return any(u.id == update_id for u in self.pending())

    def confirm_below(self, offset: int) -> None:
        """Forget updates with smaller ids. A negative offset keeps only that many of the latest."""
        if offset < 0:
            kept = self.pending()[offset:]
            offset = kept[0].id if kept else self._next_id
        for update_id in [i for i in self._waiting if i < offset]:
            del self._waiting[update_id]
        self.arrived.fire()

    def confirm(self, update_id: int) -> None:
        self._waiting.pop(update_id, None)
        self.arrived.fire()

    def drop_all(self) -> None:
        self._waiting.clear()
        self.arrived.fire()
