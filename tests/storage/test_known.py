"""Whom the service knows: staff, drafts and open cases, on both databases."""

from __future__ import annotations

import pytest

from storage import drafts, known
from storage.database import Database, Tx
from tests.storage.filled import PEOPLE, fill

CASE, DRAFT, BY_CODE = PEOPLE[0], PEOPLE[1], PEOPLE[3]
"""Whose case is answered in the chat; whose draft is left, whose case is by code; and of whom nothing is left."""
STRANGERS = [bytes([number]) * 16 for number in range(1, 200)]


def leave_one_draft(tx: Tx) -> None:
    for number in PEOPLE:
        if number != DRAFT:
            drafts.drop(tx, tx.vault.account(number))


@pytest.mark.parametrize("strangers", [STRANGERS[:0], STRANGERS[:1], STRANGERS])
async def test_those_are_served_who_are_staff_or_have_a_draft_or_an_open_case(
    db: Database, strangers: list[bytes]
) -> None:
    await db.write(fill)
    await db.write(leave_one_draft)

    def served(tx: Tx) -> tuple[set[bytes], set[bytes]]:
        account = tx.vault.account
        theirs = {account(CASE), account(DRAFT), account(-BY_CODE)}  # the last one is of the staff
        return known.served_among(tx, {*theirs, account(BY_CODE), *strangers}), theirs

    found, expected = await db.read(served)
    assert found == expected


async def test_nobody_asked_for_is_nobody_served(db: Database) -> None:
    assert await db.read(lambda tx: known.served_among(tx, ())) == set()
