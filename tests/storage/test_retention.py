"""What is past its time goes, category by category, and nothing else."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import pytest
from nacl.public import PrivateKey
from sqlalchemy import text

from intake.draft import Draft, Place
from intake.errors import WrongKey
from intake.lifecycle import Act, Outcome, Status
from intake.questionnaire import Level
from intake.roles import Role
from storage import (
    blocked,
    cases,
    combinations,
    custody,
    drafts,
    locks,
    meta,
    outbox,
    staff,
    thread,
    traces,
)
from storage.blocked import Block
from storage.cases import Case
from storage.database import Database, Tx
from storage.drafts import Conversation
from storage.envelope import Who
from storage.facts import Facts
from storage.opening import open_database
from storage.outbox import Task
from storage.retention import DAY, count, purge
from storage.sealing import Lock, Sealer, make_lock
from storage.server_key import ServerKey
from storage.thread import Entry
from storage.traces import Trace
from storage.vault import Vault

TODAY = 20_000
NOW = TODAY * DAY + 3_600
RECIPIENT = bytes(PrivateKey.generate().public_key)
NOTHING = dict.fromkeys(
    (
        *("open cases", "closed cases", "replies", "drafts", "handled updates", "expired invitations"),
        *("ended blocks", "counts of combinations", "people of earlier months", "stray locks"),
        *("states of replies", "notes of what was given up", "rows of the audit trail"),
        "files of cases",
    ),
    0,
)


@dataclass(frozen=True)
class Days:
    draft: int = 1
    open: int = 180
    closed: int = 30
    replies: int = 90
    audit: int = 365


def add_lock(tx: Tx, case_id: bytes) -> Lock:
    lock = make_lock(case_id, [RECIPIENT])
    locks.add(tx, lock)
    locks.put_block(tx, case_id, 0, Sealer(case_id, lock.public).dummy("answers", 0))
    return lock


def add_case(tx: Tx, number: int, *, received: int, closed: int | None = None, **facts: Any) -> bytes:
    case_id = number.to_bytes(2, "big") * 8
    add_lock(tx, case_id)
    case = Case(
        case_id,
        f"CASE-{number:04}",
        Status.OPEN,
        None,
        Facts(Level.STANDARD, received * DAY, "en", **facts),
        received,
    )
    cases.add(tx, case)
    if closed is not None:
        claim(tx, case_id, "somebody")
        assert cases.close(tx, stored(tx, case_id), Outcome.HELPED, closed)
    return case_id


def claim(tx: Tx, case_id: bytes, holder: str) -> None:
    assert cases.move(tx, stored(tx, case_id), Act.CLAIM, holder=holder)


def stored(tx: Tx, case_id: bytes) -> Case:
    found = cases.by_id(tx, case_id)
    assert found is not None
    return found


def write(tx: Tx, case_id: bytes, day: int, said: str = "", who: Who = Who.REQUESTER) -> int:
    number = thread.next_sequence(tx, case_id)
    box = Sealer(case_id, locks.get(tx, case_id).public).seal(who.question, number, said.encode())
    thread.add(tx, case_id, Entry(number, who, day, box))
    return number


def add_draft(tx: Tx, number: int, draft: Draft) -> bytes:
    account = tx.vault.account(number)
    drafts.save(tx, account, Conversation(draft, number, 7))
    return account


def ids(tx: Tx, table: str) -> set[bytes]:
    return set(tx.conn.execute(text(f"SELECT case_id FROM {table}")).scalars())  # noqa: S608


async def purged(db: Database, **expected: int) -> None:
    """What a purge counts beforehand and does is this, and a second one finds nothing more."""
    wanted = NOTHING | {name.replace("_", " "): number for name, number in expected.items()}
    assert await db.read(lambda tx: count(tx, Days(), NOW)) == wanted
    assert await purge(db, Days(), NOW) == wanted
    assert await purge(db, Days(), NOW) == NOTHING


# Each category.


async def test_cases_past_their_retention_are_erased_with_their_locks(db: Database) -> None:
    def fill(tx: Tx) -> set[bytes]:
        add_case(tx, 1, received=TODAY - 180)
        add_case(tx, 3, received=TODAY - 400, closed=TODAY - 30)
        kept = [
            add_case(tx, 2, received=TODAY - 179),
            add_case(tx, 4, received=TODAY - 400, closed=TODAY - 29),
        ]
        return set(kept)

    kept = await db.write(fill)
    await purged(db, open_cases=1, closed_cases=1)
    for table in ("cases", "locks", "blocks"):
        assert await db.read(lambda tx, table=table: ids(tx, table)) == kept  # type: ignore[misc]


async def test_what_was_written_goes_after_its_days_though_the_case_stays(db: Database) -> None:
    def fill(tx: Tx) -> bytes:
        case = add_case(tx, 1, received=TODAY - 100)
        for age, who in ((95, Who.REQUESTER), (90, Who.ORGANISATION), (89, Who.ORGANISATION)):
            write(tx, case, TODAY - age, who=who)
        return case

    case = await db.write(fill)
    await purged(db, replies=2)
    left = await db.read(lambda tx: thread.entries(tx, case))
    assert [(e.sequence, e.who, e.day) for e in left] == [(3, Who.ORGANISATION, TODAY - 89)]
    assert await db.read(lambda tx: cases.by_id(tx, case)) is not None
    assert len(await db.read(lambda tx: locks.get_blocks(tx, case))) == 1


async def test_a_number_is_never_given_twice_so_that_no_old_box_fits_again(db: Database) -> None:
    """Otherwise a copy of an erased message could be put in the place of a later one, and its MAC would be right."""

    def fill(tx: Tx) -> tuple[bytes, list[Entry]]:
        case = add_case(tx, 1, received=TODAY - 100)
        for _ in range(3):
            write(tx, case, TODAY - 95)
        return case, thread.entries(tx, case)

    case, _ = await db.write(fill)
    await purged(db, replies=3)
    assert await db.read(lambda tx: thread.entries(tx, case)) == []
    assert await db.read(lambda tx: len(ids(tx, "thread"))) == 1
    assert await db.write(lambda tx: write(tx, case, TODAY)) == 4
    assert [e.sequence for e in await db.read(lambda tx: thread.entries(tx, case))] == [4]

    def take_back(tx: Tx) -> int:
        thread.drop_last(tx, case, Who.REQUESTER)
        thread.drop_last(tx, case, Who.REQUESTER)  # there is none any more
        return write(tx, case, TODAY)

    assert await db.write(take_back) == 5


async def test_an_entry_cannot_be_passed_off_as_erased(db: Database) -> None:
    def tamper(tx: Tx) -> bytes:
        case = add_case(tx, 1, received=TODAY)
        write(tx, case, TODAY)
        tx.conn.execute(text("UPDATE thread SET author = 'nobody', box = :none"), {"none": b""})
        return case

    case = await db.write(tamper)
    with pytest.raises(Exception, match=r"thread|altered|changed"):
        await db.read(lambda tx: thread.entries(tx, case))


async def test_conversations_go_after_their_days_unless_an_open_case_stands_behind_them(db: Database) -> None:
    old, fresh = NOW - DAY - 1, NOW - DAY

    def fill(tx: Tx) -> set[bytes]:
        unsent, others = b"u" * 16, b"o" * 16
        add_lock(tx, unsent)
        add_lock(tx, others)
        still_open = add_case(tx, 1, received=TODAY)
        closed = add_case(tx, 2, received=TODAY, closed=TODAY)
        home = Draft(Place.HOME, "en", reference="CASE-0001", active_at=old)
        add_draft(tx, 41, Draft(Place.QUESTION, "en", case=unsent.hex(), active_at=old))
        add_draft(tx, 42, replace(home, case=closed.hex()))
        add_draft(tx, 43, replace(home, case=b"g".hex() * 16))  # erased meanwhile
        add_draft(tx, 44, Draft(Place.LANGUAGE, active_at=old))
        return {
            add_draft(tx, 51, replace(home, case=still_open.hex())),
            add_draft(tx, 52, Draft(Place.QUESTION, "en", case=others.hex(), active_at=fresh)),
        }

    kept = await db.write(fill)
    await purged(db, drafts=4)
    left = await db.read(lambda tx: set(tx.conn.execute(text("SELECT account FROM drafts")).scalars()))
    assert left == kept
    assert b"u" * 16 not in await db.read(lambda tx: ids(tx, "locks"))
    assert {b"o" * 16} < await db.read(lambda tx: ids(tx, "locks"))


async def test_a_lock_that_nothing_leads_to_goes_and_no_other(db: Database) -> None:
    """As it is left by a draft that can't be read any more."""

    def fill(tx: Tx) -> set[bytes]:
        add_lock(tx, b"unread" * 2 + b"able")
        spoilt = add_draft(
            tx, 42, Draft(Place.QUESTION, "en", case=(b"unread" * 2 + b"able").hex(), active_at=NOW)
        )
        state = tx.conn.execute(text("SELECT state FROM drafts WHERE account = :whose"), {"whose": spoilt})
        ruin = text("UPDATE drafts SET state = :state WHERE account = :whose")
        tx.conn.execute(ruin, {"whose": spoilt, "state": state.scalar_one()[:99] + bytes(6000)})
        for first in (0, 7, 254, 255):
            add_lock(tx, bytes([first]) + b"stray" * 3)
        add_lock(tx, b"\xffheld" * 3 + b"!")
        add_draft(tx, 41, Draft(Place.QUESTION, "en", case=(b"\xffheld" * 3 + b"!").hex(), active_at=NOW))
        return {add_case(tx, 1, received=TODAY), b"\xffheld" * 3 + b"!"}

    kept = await db.write(fill)
    await purged(db, stray_locks=5)
    assert await db.read(lambda tx: ids(tx, "locks")) == await db.read(lambda tx: ids(tx, "blocks")) == kept


async def test_nothing_counts_as_stray_because_the_drafts_are_under_another_key(
    db: Database, url: str
) -> None:
    def fill(tx: Tx) -> None:
        add_lock(tx, b"h" * 16)
        add_draft(tx, 41, Draft(Place.QUESTION, "en", case=(b"h" * 16).hex(), active_at=NOW))

    await db.write(fill)
    key = ServerKey.generate()
    stranger = open_database(url, Vault.open(key, Vault.new_secrets(key)))
    try:
        with pytest.raises(WrongKey):
            await purge(stranger, Days(), NOW)
    finally:
        await stranger.close()
    assert await db.read(lambda tx: ids(tx, "locks")) == {b"h" * 16}


async def test_updates_invitations_blocks_and_counts_go_when_they_can_no_longer_matter(db: Database) -> None:
    def fill(tx: Tx) -> tuple[str, str]:
        for number, day in enumerate((TODAY, TODAY - 1, TODAY - 2, TODAY - 3)):
            meta.first_time(tx, number, day)
        for number, day in enumerate((TODAY, TODAY - 30, TODAY - 31)):
            combinations.count(tx, day, [bytes([number]) * 16], since=0)
        for number, until in ((1, TODAY), (2, TODAY + 1)):
            blocked.add(tx, Block(bytes([number]) * 16, "CASE-0001", until))
        return (
            staff.invite(tx, Role.LEAD, NOW - staff.INVITE_SECONDS),
            staff.invite(tx, Role.LEAD, NOW - staff.INVITE_SECONDS + 1),
        )

    expired, fresh = await db.write(fill)
    await purged(db, handled_updates=1, expired_invitations=1, ended_blocks=1, counts_of_combinations=1)
    assert await db.write(lambda tx: staff.use_invite(tx, expired, NOW)) is None
    assert await db.write(lambda tx: staff.use_invite(tx, fresh, NOW)) is Role.LEAD


# What a case leaves in chats.


async def test_files_and_card_of_a_purged_case_go_from_the_chats(db: Database) -> None:
    def fill(tx: Tx) -> None:
        for number, role in ((77, Role.OPERATOR), (78, Role.LEAD)):
            member = staff.add(tx, f"name-{number}", role, bytes([number]) * 32, confirmed=True)
            staff.enrol(tx, member, tx.vault.account(number), number, "en")
        holder = staff.by_account(tx, tx.vault.account(77))
        assert holder is not None
        case = add_case(tx, 1, received=TODAY - 180, card=9, grouped=True)
        claim(tx, case, holder.id)
        found = stored(tx, case)
        cases.save_facts(tx, found, replace(found.facts, documents=(40,)))
        add_case(tx, 2, received=TODAY - 300, closed=TODAY - 30, card=10)
        far = NOW + 9_999
        for trace in (
            Trace(77, 40, far, NOW),
            Trace(77, 41, far, NOW),
            Trace(78, 50, far, NOW, case=case.hex()),
            Trace(78, 51, far, NOW, case="ab" * 16),
            Trace(78, 52, far, NOW),
        ):
            traces.leave(tx, trace)

    await db.write(fill)
    await purge(db, Days(), NOW)
    assert await db.read(lambda tx: sorted(t.message for _, t in traces.due(tx, NOW))) == [40, 50]
    waiting = [job for _, job in await db.read(outbox.waiting)]
    cards = [(job.text, job.tag) for job in waiting if job.task is Task.CARD_GONE]
    assert cards == [("CASE-0001", "9")]  # the other one said no more than how it ended
    assert [job.task for job in waiting if job.task is not Task.CARD_GONE] == [Task.BOARD]
    assert all(NOW <= job.due < NOW + custody.CARDS_GO_WITHIN for job in waiting)
