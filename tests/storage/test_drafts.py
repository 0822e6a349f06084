"""Drafts: kept under the server key, of one size, readable for their own account only."""

from __future__ import annotations

import pytest
from sqlalchemy import select, update

from intake.draft import Draft, Place
from intake.errors import Tampered
from intake.questionnaire_check import MAX_ANSWERS_BYTES, MAX_OPTIONS
from storage import drafts
from storage.database import Database, Tx
from storage.drafts import Conversation
from storage.schema import drafts as table

ANN, BEN = b"a" * 16, b"b" * 16
DRAFT = Draft(
    place=Place.QUESTION,
    language="ru",
    question="needs",
    picked=("lawyer",),
    answers={"where": ("held",), "needs": ()},
    texts={"more": 17},
    case="ab" * 16,
    active_at=1_700_000_000,
)


def box(tx: Tx, account: bytes) -> bytes:
    return bytes(tx.conn.execute(select(table.c.state).where(table.c.account == account)).scalar_one())


async def test_a_conversation_comes_back_as_it_was(db: Database) -> None:
    kept = Conversation(DRAFT, 77, 12)
    await db.write(lambda tx: drafts.save(tx, ANN, kept))
    assert await db.read(lambda tx: drafts.load(tx, ANN)) == kept
    await db.write(lambda tx: drafts.save(tx, ANN, Conversation(DRAFT, 77, 13)))
    assert (await db.read(lambda tx: drafts.load(tx, ANN))).screen == 13  # type: ignore[union-attr]
    assert await db.read(lambda tx: drafts.load(tx, BEN)) is None
    await db.write(lambda tx: drafts.drop(tx, ANN))
    assert await db.read(lambda tx: drafts.load(tx, ANN)) is None


def largest() -> Draft:
    """As much as a checked questionnaire allows: many short ids, which cost the most quotation marks."""
    answers: dict[str, tuple[str, ...]] = {}
    used = 2
    for number in range(19):
        name = f"q{number}"
        room = (MAX_ANSWERS_BYTES - used) // (19 - number) - len(name) - 8
        size = max(1, room // MAX_OPTIONS - 4)
        answers[name] = tuple(f"{chr(97 + i)}".ljust(size, "x") for i in range(MAX_OPTIONS))
        used += len(name) + 8 + MAX_OPTIONS * (size + 4)
    return Draft(
        place=Place.QUESTION,
        language="kk",
        question="q0",
        picked=tuple(f"{i}".ljust(64, "x") for i in range(MAX_OPTIONS)),
        answers=answers,
        texts={"w" * 32: 2800},
        case="f" * 32,
        reference="K7QM-4ZDP",
        fingerprint="f" * 32,
        serial=10**9,
        active_at=10**10,
    )


async def test_every_draft_takes_the_same_room_up_to_the_largest(db: Database) -> None:
    def work(tx: Tx) -> set[int]:
        drafts.save(tx, ANN, Conversation(Draft(), 1))
        drafts.save(tx, BEN, Conversation(largest(), 2**52, 2**31))
        return {len(box(tx, ANN)), len(box(tx, BEN))}

    assert len(await db.write(work)) == 1


async def test_a_state_that_was_moved_to_another_account_does_not_open(db: Database) -> None:
    def work(tx: Tx) -> None:
        drafts.save(tx, ANN, Conversation(DRAFT, 1))
        drafts.save(tx, BEN, Conversation(DRAFT, 2))
        tx.conn.execute(update(table).where(table.c.account == BEN).values(state=box(tx, ANN)))

    await db.write(work)
    with pytest.raises(Tampered):
        await db.read(lambda tx: drafts.load(tx, BEN))


async def test_conversations_are_gone_through_page_by_page_and_a_damaged_one_hides_no_other(
    db: Database,
) -> None:
    def work(tx: Tx) -> list[object]:
        for n in range(5):
            drafts.save(tx, bytes([n]) * 16, Conversation(Draft(active_at=n), 1))
        tx.conn.execute(update(table).where(table.c.account == bytes([1]) * 16).values(state=b"x"))
        first = drafts.after(tx, b"", 3)
        second = drafts.after(tx, bytes([2]) * 16, 3)
        chosen = drafts.these(tx, [bytes([4]) * 16, bytes([1]) * 16, b"nobody's"])
        return [
            [each.draft.active_at for each in first.rows.values()],
            first.damaged,
            [each.draft.active_at for each in second.rows.values()],
            [each.draft.active_at for each in chosen.rows.values()],
            chosen.damaged,
            drafts.accounts_after(tx, bytes([3]) * 16, 9),
        ]

    damaged = (bytes([1]) * 16,)
    assert await db.write(work) == [[0, 2], damaged, [3, 4], [4], damaged, [bytes([4]) * 16]]
