"""Who may do what. Whoever has no role may do nothing."""

from __future__ import annotations

import pytest

from intake.roles import RIGHTS, Right, Role, may, needs_key


@pytest.mark.parametrize("right", Right)
def test_without_a_role_nothing_is_allowed(right: Right) -> None:
    assert not may(None, right)


def test_every_role_and_every_right_is_in_the_table() -> None:
    assert set(RIGHTS) == set(Role)
    assert set().union(*RIGHTS.values()) == set(Right)


def test_admins_see_neither_the_queue_nor_any_case() -> None:
    assert RIGHTS[Role.ADMIN].isdisjoint({Right.SEE_QUEUE, Right.HOLD_CASES})
    assert not needs_key(Role.ADMIN)


@pytest.mark.parametrize("role", [Role.OPERATOR, Role.LEAD])
def test_who_holds_cases_needs_a_key_and_neither_confirms_keys_nor_reads_counts(role: Role) -> None:
    assert may(role, Right.HOLD_CASES)
    assert needs_key(role)
    assert not may(role, Right.CONFIRM_KEYS)
    assert not may(role, Right.SEE_COUNTS)
    assert not may(role, Right.PAUSE)


def test_operators_do_not_see_who_else_is_on_the_staff() -> None:
    assert not may(Role.OPERATOR, Right.SEE_PEOPLE)
