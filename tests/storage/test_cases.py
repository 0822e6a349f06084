"""Cases: one holder at a time, rows of one size, and no part of a row that could be exchanged unnoticed."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace

import pytest
from sqlalchemy import select, update

from intake.errors import Tampered
from intake.lifecycle import Act, Outcome, Status
from intake.questionnaire import Level
from storage import cases, locks, outbox, thread
from storage.cases import Case
from storage.database import Database, Tx
from storage.envelope import Who
from storage.facts import Contact, Facts
from storage.opening import open_database
from storage.outbox import Job, Task
from storage.schema import cases as table
from storage.sealing import Sealer, make_lock
from storage.vault import Vault
from tests.storage.test_locks import KEYS, rows

FACTS = Facts(Level.URGENT, 1_700_000_000 // 3600 * 3600, "ru", ("Place: At home",), ("ab" * 16,), 19_675)


def case(number: int = 1, **changes: object) -> Case:
    made = Case(
        case=bytes([number]) * 16,
        reference=f"K7QM-{number:04}",
        status=Status.OPEN,
        holder=None,
        facts=FACTS,
        received_day=19_675,
        contact=Contact(70_000 + number, "ru"),
        account=bytes([100 + number]) * 16,
    )
    return replace(made, **changes)  # type: ignore[arg-type]


def by_code(number: int) -> Case:
    tag, key = bytes([150 + number]) * 16, bytes([200 + number]) * 32
    return case(number, contact=None, account=None, code_tag=tag, code_key=key)


def stored(tx: Tx, number: int = 1) -> Case:
    found = cases.by_id(tx, bytes([number]) * 16)
    assert found is not None
    return found


async def test_a_case_is_found_by_each_of_its_names_and_comes_back_as_it_was(db: Database) -> None:
    chat, code = case(1), by_code(2)

    def work(tx: Tx) -> list[Case | None]:
        cases.add(tx, chat)
        cases.add(tx, code)
        return [
            cases.by_id(tx, chat.case),
            cases.by_reference(tx, chat.reference),
            cases.by_account(tx, chat.account or b""),
            cases.by_code(tx, code.code_tag or b""),
            cases.by_code(tx, b"?" * 16),
        ]

    assert await db.write(work) == [chat, chat, chat, code, None]


async def test_a_step_is_taken_by_the_first_and_refused_to_whoever_saw_it_earlier(db: Database) -> None:
    def work(tx: Tx) -> list[object]:
        cases.add(tx, case())
        seen = stored(tx)
        first = cases.move(tx, seen, Act.CLAIM, holder="heron")
        second = cases.move(tx, seen, Act.CLAIM, holder="ibis")
        closed_unclaimed = cases.move(tx, seen, Act.CLOSE, holder=None)
        return [first, second, closed_unclaimed, stored(tx).holder, stored(tx).status]

    assert await db.write(work) == [True, False, False, "heron", Status.CLAIMED]


async def test_what_was_seen_under_another_holder_or_before_the_end_changes_nothing(db: Database) -> None:
    def work(tx: Tx) -> list[object]:
        cases.add(tx, case())
        open_once = stored(tx)
        cases.move(tx, open_once, Act.CLAIM, holder="heron")
        herons = stored(tx)
        cases.move(tx, herons, Act.RELEASE, holder=None)
        cases.move(tx, stored(tx), Act.CLAIM, holder="ibis")
        found: list[object] = [cases.close(tx, herons, Outcome.HELPED, 19_700), stored(tx).holder]
        cases.close(tx, stored(tx), Outcome.REFERRED, 19_700)
        return [*found, cases.move(tx, open_once, Act.CLAIM, holder="heron"), stored(tx).status]

    assert await db.write(work) == [False, "ibis", False, Status.CLOSED]


async def test_a_new_holder_does_not_inherit_the_messages_of_the_last(db: Database) -> None:
    def work(tx: Tx) -> tuple[int, ...]:
        cases.add(tx, case())
        cases.move(tx, stored(tx), Act.CLAIM, holder="heron")
        cases.save_facts(tx, stored(tx), replace(stored(tx).facts, documents=(4, 5)))
        cases.move(tx, stored(tx), Act.RELEASE, holder=None)
        return stored(tx).facts.documents

    assert await db.write(work) == ()


async def test_a_closed_case_leads_back_to_no_account(db: Database) -> None:
    def work(tx: Tx) -> Case:
        cases.add(tx, case())
        cases.move(tx, stored(tx), Act.CLAIM, holder="heron")
        assert cases.close(tx, stored(tx), Outcome.HELPED, 19_700)
        return stored(tx)

    closed = await db.write(work)
    assert (closed.status, closed.outcome, closed.holder) == (Status.CLOSED, Outcome.HELPED, None)
    assert (closed.account, closed.contact) == (None, None)
    assert closed.facts.card_lines == FACTS.card_lines


async def test_an_unclaimed_case_cannot_be_closed(db: Database) -> None:
    def work(tx: Tx) -> bool:
        cases.add(tx, case())
        return cases.close(tx, stored(tx), Outcome.HELPED, 19_700)

    assert not await db.write(work)
    assert (await db.read(stored)).account is not None


async def test_changing_to_a_return_code_forgets_the_chat(db: Database) -> None:
    def work(tx: Tx) -> Case:
        cases.add(tx, case())
        cases.answer_by_code(tx, stored(tx), b"t" * 16, b"k" * 32)
        return stored(tx)

    changed = await db.write(work)
    assert (changed.account, changed.contact) == (None, None)
    assert (changed.code_tag, changed.code_key) == (b"t" * 16, b"k" * 32)


async def test_rows_are_of_one_size_whatever_they_say(db: Database) -> None:
    full = replace(
        FACTS,
        card_lines=("Ж" * 2_399,),
        counted=tuple(f"{i:032x}" for i in range(64)),
        card=2**31,
        documents=tuple(range(2**31, 2**31 + 60)),
        labels="f" * 32,
    )

    def work(tx: Tx) -> tuple[set[int], set[int]]:
        cases.add(tx, case(1, facts=Facts(Level.EMERGENCY, 0, "en")))
        cases.add(tx, case(2, facts=full, contact=Contact(2**52, "kk")))
        found = tx.conn.execute(select(table.c.facts, table.c.contact)).all()
        return {len(row.facts) for row in found}, {len(row.contact) for row in found}

    facts, contacts = await db.write(work)
    assert len(facts) == len(contacts) == 1


@pytest.mark.parametrize("column", ["account", "code_tag", "code_key", "reference", "facts", "contact"])
async def test_a_row_whose_owner_was_exchanged_does_not_open(db: Database, column: str) -> None:
    """With another's account, code, or key in its row, a case would go to the wrong person."""

    def work(tx: Tx) -> None:
        for number in (1, 2):
            cases.add(tx, by_code(number) if column.startswith("code") else case(number))
        value = tx.conn.execute(select(table.c[column]).where(table.c.case_id == b"\x02" * 16)).scalar_one()
        tx.conn.execute(update(table).where(table.c.case_id == b"\x02" * 16).values(**{column: _free(value)}))
        tx.conn.execute(update(table).where(table.c.case_id == b"\x01" * 16).values(**{column: value}))

    await db.write(work)
    with pytest.raises(Tampered):
        await db.read(stored)


def _free(value: bytes | str) -> bytes | str:
    """Another value of the same kind: the column is unique."""
    return f"{value[1:]}9" if isinstance(value, str) else value[1:] + b"\0"


async def test_erasing_takes_everything_of_these_cases_and_nothing_of_others(db: Database) -> None:
    def work(tx: Tx) -> None:
        for number in (1, 2):
            made = case(number)
            lock = make_lock(made.case, KEYS)
            locks.add(tx, lock)
            sealer = Sealer(made.case, lock.public)
            locks.put_block(tx, made.case, 0, sealer.dummy("answers", 0))
            box = sealer.seal(Who.REQUESTER.question, 1, b"more")
            thread.add(tx, made.case, thread.Entry(1, Who.REQUESTER, 19_675, box))
            cases.add(tx, made)
            outbox.add(tx, Job(Task.CARD, 5, case=made.case.hex()))
        outbox.add(tx, Job(Task.SEND, 5, chat=3, text="about nobody"))
        cases.erase(tx, [b"\x01" * 16])

    await db.write(work)
    assert await db.read(rows) == (1, 1, 1, 1)
    left = await db.read(lambda tx: [job.case for _, job in outbox.waiting(tx)])
    assert sorted(left) == ["", "02" * 16]


async def test_counts_and_lists_go_by_status_and_holder(db: Database) -> None:
    def work(tx: Tx) -> tuple[int, int, list[str]]:
        for number in (1, 2, 3):
            cases.add(tx, case(number))
        cases.move(tx, stored(tx, 2), Act.CLAIM, holder="heron")
        held = [each.reference for each in cases.held_by(tx, "heron")]
        return cases.count(tx, Status.OPEN), len(cases.with_status(tx, Status.OPEN)), held

    assert await db.write(work) == (2, 2, ["K7QM-0002"])


async def test_a_damaged_case_is_named_and_does_not_hide_the_others(db: Database) -> None:
    def work(tx: Tx) -> tuple[list[str], list[str], Case | None]:
        for number in (1, 2, 3):
            cases.add(tx, case(number))
        tx.conn.execute(update(table).where(table.c.case_id == b"\x02" * 16).values(account=b"?" * 16))
        waiting = sorted(each.reference for each in cases.with_status(tx, Status.OPEN))
        return waiting, cases.damaged(tx), cases.sound(tx, b"\x02" * 16)

    assert await db.write(work) == (["K7QM-0001", "K7QM-0003"], ["K7QM-0002"], None)


async def test_retention_counts_days_from_receiving_and_from_closing(db: Database) -> None:
    def work(tx: Tx) -> tuple[set[bytes], set[bytes]]:
        for number, received in ((1, 99), (2, 100), (3, 1), (4, 1)):
            cases.add(tx, case(number, received_day=received))
        for number, closed in ((3, 199), (4, 200)):
            cases.move(tx, stored(tx, number), Act.CLAIM, holder="heron")
            cases.close(tx, stored(tx, number), Outcome.REFERRED, closed)
        ids = select(table.c.case_id)
        unfinished = tx.conn.execute(ids.where(cases.unfinished_since(99))).scalars()
        finished = tx.conn.execute(ids.where(cases.finished_since(199))).scalars()
        return set(unfinished), set(finished)

    assert await db.write(work) == ({b"\x01" * 16}, {b"\x03" * 16})


async def test_of_fifty_who_claim_at_the_same_instant_in_two_processes_one_gets_it(
    db: Database, url: str, vault: Vault
) -> None:
    """Each has seen it open, and writes in a lane of its own, so that on PostgreSQL they really meet.

    (In the service an operator's work is alone; the claim does not lean on that.)
    """
    await db.write(lambda tx: cases.add(tx, case()))
    second = open_database(url, vault)
    seen = await second.read(stored)

    def claim(name: str) -> Callable[[Tx], bool]:
        return lambda tx: cases.move(tx, seen, Act.CLAIM, holder=name)

    names = [f"{n:016}" for n in range(50)]
    try:
        works = [(db, second)[n % 2].write(claim(name), bytes([n]) * 16) for n, name in enumerate(names)]
        got = await asyncio.gather(*works)
        found = await second.read(stored)
    finally:
        await second.close()
    assert got.count(True) == 1
    assert (found.status, found.holder) == (Status.CLAIMED, names[got.index(True)])
