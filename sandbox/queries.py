"""Pressed buttons and inline questions that wait for the bot's answer."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field

from sandbox.clock import Clock
from sandbox.errors import bad_request
from sandbox.signals import Signal
from sandbox.world import Json

ANSWER_WITHIN_SECONDS = 30
"""Telegram publishes no number; answers later than about this are refused."""


@dataclass(slots=True)
class Query:
    id: str
    user_id: int
    at: int
    answer: Json | None = None
    answered: Signal = field(default_factory=Signal)


class Queries:
    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._open: dict[str, Query] = {}

    def ask(self, user_id: int) -> Query:
        self._forget_old()
        query = Query(str(secrets.randbits(62)), user_id, self._clock.now())
        self._open[query.id] = query
        return query

    def answer(self, query_id: str, answer: Json) -> None:
        """Answer once and in time."""
        self._forget_old()
        query = self._open.pop(query_id, None)
        if query is None:
            raise bad_request("query is too old and response timeout expired or query ID is invalid")
        query.answer = answer
        query.answered.fire()

    def waiting_people(self) -> set[int]:
        """Those whose button still spins."""
        self._forget_old()
        return {query.user_id for query in self._open.values()}

    def _forget_old(self) -> None:
        oldest = self._clock.now() - ANSWER_WITHIN_SECONDS
        for query in [q for q in self._open.values() if q.at < oldest]:
            del self._open[query.id]
