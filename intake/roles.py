"""Who may do what. One table; whoever is not in it may do nothing."""

from __future__ import annotations

from enum import StrEnum


class Role(StrEnum):
    OPERATOR = "operator"
    LEAD = "lead"
    ADMIN = "admin"


class Right(StrEnum):
    SEE_QUEUE = "see-queue"
    HOLD_CASES = "hold-cases"
    SEE_ALL_CASES = "see-all-cases"
    CONFIRM_EXCLUSION = "confirm-exclusion"
    CONFIRM_KEYS = "confirm-keys"
    SEE_COUNTS = "see-counts"
    PAUSE = "pause"
    SEE_PEOPLE = "see-people"


RIGHTS: dict[Role, frozenset[Right]] = {
    Role.OPERATOR: frozenset({Right.SEE_QUEUE, Right.HOLD_CASES}),
    Role.LEAD: frozenset(
        {Right.SEE_QUEUE, Right.HOLD_CASES, Right.SEE_ALL_CASES, Right.SEE_PEOPLE, Right.CONFIRM_EXCLUSION}
    ),
    Role.ADMIN: frozenset({Right.CONFIRM_KEYS, Right.SEE_COUNTS, Right.PAUSE, Right.SEE_PEOPLE}),
}


def may(role: Role | None, right: Right) -> bool:
    return role is not None and right in RIGHTS[role]


def needs_key(role: Role) -> bool:
    """Whoever may hold cases must be able to open them."""
    return may(role, Right.HOLD_CASES)
