"""Faults that can be switched on: what a bot must live with when the network or Telegram fails."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

Kind = Literal["429", "500", "timeout_after_effect", "drop", "slow"]


@dataclass(slots=True)
class Fault:
    """429 and 500: refused before any effect. timeout_after_effect: the call takes effect, then no answer
    comes, and the connection breaks after `seconds`. drop: the connection breaks before any effect.
    slow: `seconds` pass before the call is carried out."""

    method: str
    """A method's name, or "*" for every method but getUpdates."""
    kind: Kind
    times: int = 1
    retry_after: int = 1
    chat_id: int | None = None
    seconds: float = 1.0

    def strikes(self, method: str, chat_id: int | None) -> bool:
        named = self.method.lower() == method.lower() or (self.method == "*" and method != "getUpdates")
        return named and self.chat_id in (None, chat_id)


@dataclass(slots=True)
class Faults:
    waiting: list[Fault] = field(default_factory=list)

    def take(self, method: str, chat_id: int | None) -> Fault | None:
        """The first fault that strikes this call; used up after `times`."""
        for fault in self.waiting:
            if fault.strikes(method, chat_id):
                fault.times -= 1
                if fault.times <= 0:
                    self.waiting.remove(fault)
                return fault
        return None
