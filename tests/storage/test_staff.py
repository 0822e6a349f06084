"""Who may act, whose key opens new cases, and what is left of somebody who was revoked."""

from __future__ import annotations

from dataclasses import replace

import pytest
from nacl.public import PrivateKey

from intake.errors import WrongKey
from intake.lifecycle import Act, Status
from intake.roles import Role
from storage import cases, custody, locks, outbox, staff, traces
from storage.database import Database, Tx
from storage.outbox import Job, Task
from storage.sealing import Opener, make_lock
from storage.staff import INVITE_SECONDS
from storage.traces import Trace
from tests.storage.test_cases import case, stored

NOW = 1_700_000_000
RECOVERY = b"R" * 32


def member(
    tx: Tx, name: str, role: Role = Role.OPERATOR, key: bytes | None = None, chat: int = 0
) -> staff.Member:
    member_id = staff.add(tx, name, role, key, confirmed=key is not None)
    if chat:
        staff.enrol(tx, member_id, tx.vault.account(chat), chat, "en")
    found = staff.by_id(tx, member_id)
    assert found is not None
    return found


async def test_an_invitation_works_once_and_not_for_ever(db: Database) -> None:
    def work(tx: Tx) -> list[Role | None]:
        token, late = staff.invite(tx, Role.LEAD, NOW), staff.invite(tx, Role.ADMIN, NOW)
        return [
            staff.use_invite(tx, "x" * 32, NOW),
            staff.use_invite(tx, token, NOW + INVITE_SECONDS - 1),
            staff.use_invite(tx, token, NOW),
            staff.use_invite(tx, late, NOW + INVITE_SECONDS),
        ]

    assert await db.write(work) == [None, Role.LEAD, None, None]


async def test_a_member_is_found_by_account_name_and_key(db: Database) -> None:
    def work(tx: Tx) -> set[str]:
        one = member(tx, "Heron", key=b"k" * 32, chat=77)
        found = (
            staff.by_account(tx, tx.vault.account(77)),
            staff.by_name(tx, "Heron"),
            staff.by_key(tx, b"k" * 32),
        )
        assert found == (one, one, one)
        assert (one.chat, one.active) == (77, True)
        return {each.name for each in staff.everyone(tx)}

    assert await db.write(work) == {"Heron"}


async def test_only_confirmed_keys_of_those_who_open_cases_and_the_recovery_key_are_recipients(
    db: Database,
) -> None:
    def work(tx: Tx) -> list[list[bytes]]:
        one = member(tx, "Heron", key=b"a" * 32)
        found = [staff.recipients(tx, None), staff.recipients(tx, RECOVERY)]
        staff.set_key(tx, one.id, b"b" * 32)  # a new key, not confirmed
        found.append(staff.recipients(tx, RECOVERY))
        staff.confirm(tx, one.id)
        found.append(staff.recipients(tx, RECOVERY))
        staff.set_role(tx, one.id, Role.ADMIN)  # a role without cases
        found.append(staff.recipients(tx, RECOVERY))
        staff.set_role(tx, one.id, Role.LEAD)
        staff.forget_key(tx, one.id)
        return [*found, staff.recipients(tx, RECOVERY)]

    assert await db.write(work) == [
        [b"a" * 32],
        sorted([b"a" * 32, RECOVERY]),
        [RECOVERY],
        sorted([b"b" * 32, RECOVERY]),
        [RECOVERY],
        [RECOVERY],
    ]


def holding(tx: Tx, keys: dict[str, PrivateKey]) -> staff.Member:
    """Two members with slots in two cases, of which the first holds one, with a file in the chat."""
    publics = [bytes(key.public_key) for key in keys.values()]
    first = member(tx, "Heron", key=publics[0], chat=77)
    member(tx, "Ibis", key=publics[1], chat=78)
    for number in (1, 2):
        locks.add(tx, make_lock(bytes([number]) * 16, publics))
        cases.add(tx, case(number))
    cases.move(tx, stored(tx, 1), Act.CLAIM, holder=first.id)
    cases.save_facts(tx, stored(tx, 1), replace(stored(tx, 1).facts, documents=(40,), card=9))
    traces.leave(tx, Trace(77, 40, NOW + 9_999, NOW))
    traces.leave(tx, Trace(77, 41, NOW + 9_999, NOW))
    outbox.add(tx, Job(Task.SEND, NOW, case=(b"\x01" * 16).hex(), chat=77, text="what the requester wrote"))
    return first


@pytest.mark.parametrize("how", ["revoked", "made an admin"])
async def test_somebody_who_may_no_longer_open_cases_keeps_no_slot_no_case_and_no_file(
    db: Database, how: str
) -> None:
    keys = {"Heron": PrivateKey.generate(), "Ibis": PrivateKey.generate()}

    def work(tx: Tx) -> None:
        first = holding(tx, keys)
        if how == "revoked":
            assert custody.revoke(tx, first, NOW) == 2
        else:
            custody.change_role(tx, first, Role.ADMIN, NOW)

    await db.write(work)

    def look(tx: Tx) -> list[object]:
        freed = stored(tx, 1)
        due = sorted(trace.message for _, trace in traces.due(tx, NOW))
        refreshed = [job.tag for _, job in outbox.due(tx, NOW) if job.task is Task.CARD]
        return [freed.status, freed.holder, freed.facts.documents, due, refreshed]

    gone = [40, 41] if how == "revoked" else [40]  # of somebody revoked, everything in the chat goes
    assert await db.read(look) == [Status.OPEN, None, (), gone, ["refresh"]]
    for number in (1, 2):
        lock = await db.read(lambda tx, n=number: locks.get(tx, bytes([n]) * 16))  # type: ignore[misc]
        with pytest.raises(WrongKey):
            Opener(keys["Heron"]).unlock(lock.case, lock.public, lock.slots)
        Opener(keys["Ibis"]).unlock(lock.case, lock.public, lock.slots)
    assert bytes(keys["Heron"].public_key) not in await db.read(lambda tx: staff.recipients(tx, RECOVERY))


async def test_nothing_more_is_sent_to_somebody_who_was_revoked(db: Database) -> None:
    keys = {"Heron": PrivateKey.generate(), "Ibis": PrivateKey.generate()}
    await db.write(lambda tx: custody.revoke(tx, holding(tx, keys), NOW))
    assert await db.read(lambda tx: [job.chat for _, job in outbox.waiting(tx) if job.chat]) == []
    assert await db.read(lambda tx: staff.by_account(tx, tx.vault.account(77))) is None


async def test_a_closed_case_opens_for_leads_and_the_recovery_key_only(db: Database) -> None:
    keys = {name: PrivateKey.generate() for name in ("operator", "lead", "recovery")}
    publics = {name: bytes(key.public_key) for name, key in keys.items()}

    def work(tx: Tx) -> None:
        from storage import meta

        meta.put(tx, meta.RECOVERY_KEY, publics["recovery"])
        member(tx, "Heron", Role.OPERATOR, publics["operator"])
        member(tx, "Ibis", Role.LEAD, publics["lead"])
        locks.add(tx, make_lock(b"\x01" * 16, list(publics.values())))
        cases.add(tx, case(1))
        custody.narrow_slots(tx, stored(tx, 1))

    await db.write(work)
    lock = await db.read(lambda tx: locks.get(tx, b"\x01" * 16))
    for name in ("lead", "recovery"):
        Opener(keys[name]).unlock(lock.case, lock.public, lock.slots)
    with pytest.raises(WrongKey):
        Opener(keys["operator"]).unlock(lock.case, lock.public, lock.slots)
