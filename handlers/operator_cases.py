"""What several of an operator's acts have in common."""

from __future__ import annotations

from storage import cases
from storage.cases import Case
from storage.database import Tx
from storage.staff import Member


def own_case(tx: Tx, member: Member, reference: str) -> Case | None:
    """The case, if this member holds it."""
    case = cases.by_reference(tx, reference)
    return case if case is not None and case.holder == member.id else None
