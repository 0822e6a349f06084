"""The life of a case: what can be done to it in which status, and how it ends."""

from __future__ import annotations

from enum import StrEnum

from intake.questionnaire import Level


class Status(StrEnum):
    OPEN = "open"
    CLAIMED = "claimed"
    CLOSED = "closed"


class Act(StrEnum):
    CLAIM = "claim"
    RELEASE = "release"
    CLOSE = "close"
    HAND_OVER = "hand-over"
    """The receiver has accepted; or a lead has decided."""
    EXPIRE = "expire"
    """Nobody's act: the holder did nothing for too long."""
    RAISE = "raise"
    LOWER = "lower"
    """Of the level. An emergency is lowered by two persons."""
    WITHDRAW = "withdraw"
    """The requester's own act: whoever holds the case, or nobody."""


class Outcome(StrEnum):
    """How a case ended; the texts name them for people."""

    HELPED = "helped"
    REFERRED = "referred"
    NO_ANSWER = "no-answer"
    OUT_OF_SCOPE = "out-of-scope"
    DUPLICATE = "duplicate"
    TEST = "test"
    WITHDRAWN = "withdrawn"
    """The requester needs no help any more."""


class RaisedFor(StrEnum):
    """Why a level is raised: a closed set, because the card and the trail must hold nothing that a requester told."""

    TIME = "time"
    DANGER = "danger"
    HEALTH = "health"


RAISED_TO = {Level.STANDARD: Level.URGENT, Level.URGENT: Level.EMERGENCY}

SECOND_PERSON = frozenset({Outcome.OUT_OF_SCOPE})
"""Outcomes that one person alone must not decide on: "we can't help you" is confirmed by a lead."""

BY_OPERATORS = tuple(outcome for outcome in Outcome if outcome is not Outcome.WITHDRAWN)
"""How an operator can close a case: only the requester withdraws."""


TRANSITIONS: dict[tuple[Status, Act], Status] = {
    (Status.OPEN, Act.CLAIM): Status.CLAIMED,
    (Status.CLAIMED, Act.RELEASE): Status.OPEN,
    (Status.CLAIMED, Act.EXPIRE): Status.OPEN,
    (Status.CLAIMED, Act.HAND_OVER): Status.CLAIMED,
    (Status.CLAIMED, Act.RAISE): Status.CLAIMED,
    (Status.CLAIMED, Act.LOWER): Status.CLAIMED,
    (Status.CLAIMED, Act.CLOSE): Status.CLOSED,
    (Status.OPEN, Act.WITHDRAW): Status.CLOSED,
    (Status.CLAIMED, Act.WITHDRAW): Status.CLOSED,
}


def after(status: Status, act: Act) -> Status | None:
    """The status that follows; None: this cannot be done to a case in that status."""
    return TRANSITIONS.get((status, act))
