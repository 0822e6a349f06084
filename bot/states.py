"""The degraded states that the service can be in: a line in the log when one begins and one when it ends."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import StrEnum
from time import monotonic

import structlog


class State(StrEnum):
    TELEGRAM = "telegram"
    """It can't be reached."""
    FLOOD = "flood"
    """It asks us to slow down."""
    DATABASE = "database"
    """It can't be written (or not even read)."""
    GROUP = "group"
    """The operators' group takes nothing from us."""
    OUTBOX = "outbox"
    """Something has been waiting there for long."""
    ADMISSION = "admission"
    """More newcomers than can be served."""


QUIET_SECONDS: Mapping[State, float] = {
    State.TELEGRAM: 5,
    State.FLOOD: 60,
    State.DATABASE: 5,
    State.GROUP: 0,
    State.OUTBOX: 0,
    State.ADMISSION: 60,
}
"""For so long nothing may have failed before a state counts as over: what comes and goes is one state, not many."""


class States:
    def __init__(
        self, quiet: Mapping[State, float] = QUIET_SECONDS, clock: Callable[[], float] = monotonic
    ) -> None:
        self._quiet = quiet
        self._clock = clock
        self._failed_at: dict[State, float] = {}
        """Those that last, and when they were last noticed."""
        self._log = structlog.get_logger()

    def __contains__(self, state: State) -> bool:
        return state in self._failed_at

    def begin(self, state: State, kind: str = "") -> None:
        """It is so, or it is so once more. `kind`: one word for the log, which says nothing of a requester."""
        begins = state not in self._failed_at
        self._failed_at[state] = self._clock()
        if begins:
            self._say_begin(state, {"kind": kind} if kind else {})

    def end(self, state: State) -> None:
        """Something has worked that would not have. Costs nothing while all is well."""
        failed_at = self._failed_at.get(state)
        if failed_at is not None and self._clock() - failed_at >= self._quiet[state]:
            del self._failed_at[state]
            self._say_end(state)

    def leave(self, *states: State) -> None:
        """Another process has to do with these from now on, and says when they are over."""
        for state in states:
            self._failed_at.pop(state, None)

    def _say_begin(self, state: State, more: Mapping[str, str]) -> None:
        match state:
            case State.TELEGRAM:
                self._log.warning("telegram can't be reached: trying on", **more)
            case State.FLOOD:
                self._log.warning("telegram asks to slow down: messages wait", **more)
            case State.DATABASE:
                self._log.error("the database can't be used: updates wait, none is lost", **more)
            case State.GROUP:
                self._log.error("the bot can't write in the operators' group: see postern check", **more)
            case State.OUTBOX:
                self._log.warning("messages have been waiting for long: see postern check", **more)
            case State.ADMISSION:
                self._log.warning("more newcomers than can be served: they are told to wait", **more)

    def _say_end(self, state: State) -> None:
        match state:
            case State.TELEGRAM:
                self._log.info("telegram can be reached again")
            case State.FLOOD:
                self._log.info("telegram takes messages at the usual pace again")
            case State.DATABASE:
                self._log.info("the database can be used again")
            case State.GROUP:
                self._log.info("the bot can write in the operators' group again")
            case State.OUTBOX:
                self._log.info("no message is late any more")
            case State.ADMISSION:
                self._log.info("newcomers are served at once again")
