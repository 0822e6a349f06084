"""The audit trail: whatever is done to it outside Postern is noticed, and what is purged leaves the rest whole."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest
from sqlalchemy import delete, select, update

from intake.roles import Role
from intake.trail import By, Event
from storage import audit, meta, rotation, staff
from storage.audit import BOX_BYTES, DAY, HOUR, Wanted, latest, note, purge, verify
from storage.database import Database, Tx
from storage.opening import open_database
from storage.schema import audit as table
from storage.server_key import KeyRing, ServerKey
from storage.staff import Member
from storage.vault import WRAP_OVERHEAD, Vault

NOW = 20_000 * DAY + 13 * HOUR + 1_234
HERON = Member("0123456789abcdef", "Heron", Role.OPERATOR, None, False)
CASE = bytes(range(16))


async def filled(db: Database, rows: int = 5) -> None:
    """With the first row, which says that the trail begins, there are `rows` + 1."""

    def work(tx: Tx) -> None:
        for number in range(rows):
            note(tx, Event.CLAIMED if number % 2 else Event.CLOSED, HERON, NOW + number * DAY, case=CASE)

    await db.write(work)


async def test_a_row_says_who_what_which_case_and_the_hour(db: Database) -> None:
    await db.write(lambda tx: note(tx, Event.CLOSED, HERON, NOW, case=CASE, whom="Ibis", detail="helped"))
    entry, first = await db.read(lambda tx: latest(tx, 10))
    assert (entry.event, entry.name, entry.who, entry.case) == (Event.CLOSED, "Heron", HERON.id, CASE)
    assert (entry.whom, entry.detail, entry.hour) == ("Ibis", "helped", NOW - 1_234)
    assert (first.event, first.who) == (Event.BEGUN, By.ITSELF)
    assert (await db.read(verify)).fault == ""


async def test_every_row_has_one_size_and_the_clear_columns_tell_a_day(db: Database) -> None:
    await db.write(lambda tx: note(tx, Event.PAUSED, None, NOW))
    widest = Member("f" * 16, "\U0001f426" * 32, Role.LEAD, None, False)
    longest = max(Event, key=len)
    await db.write(lambda tx: note(tx, longest, widest, NOW, case=CASE, whom=widest.name, detail="d" * 32))
    rows = await db.read(lambda tx: tx.conn.execute(select(table)).all())
    assert {len(row.box) for row in rows} == {BOX_BYTES + 4 + WRAP_OVERHEAD}
    assert {row.day for row in rows} == {NOW // DAY}


def _box_of_another(tx: Tx) -> None:
    other = tx.conn.execute(select(table).where(table.c.number == 3)).one()
    tx.conn.execute(update(table).where(table.c.number == 4).values(box=other.box, link=other.link))


def _renumbered(tx: Tx) -> None:
    """The row before the last one is taken out, and the last one moves up."""
    tx.conn.execute(delete(table).where(table.c.number == 5))
    tx.conn.execute(update(table).where(table.c.number == 6).values(number=5))


def _written_anew_without_the_key(tx: Tx) -> None:
    key = ServerKey.generate()
    stranger = Vault.open(key, Vault.new_secrets(key))
    row = audit.place(6)
    plain = b'{"hour":1,"event":"paused","who":"itself"}'
    tx.conn.execute(
        update(table)
        .where(table.c.number == 6)
        .values(
            link=stranger.mac(audit.LINK, row, plain),
            box=tx.vault.wrap_padded(audit.BOX, row, plain, BOX_BYTES),
        )
    )


SPOILT: dict[str, tuple[Callable[[Tx], object], str]] = {
    "a link": (
        lambda tx: tx.conn.execute(update(table).where(table.c.number == 3).values(link=bytes(16))),
        "number 3",
    ),
    "a day": (lambda tx: tx.conn.execute(update(table).where(table.c.number == 3).values(day=1)), "number 3"),
    "a row in the middle": (
        lambda tx: tx.conn.execute(delete(table).where(table.c.number == 3)),
        "2 and number 4",
    ),
    "the first row": (lambda tx: tx.conn.execute(delete(table).where(table.c.number == 1)), "0 and number 2"),
    "the last row": (lambda tx: tx.conn.execute(delete(table).where(table.c.number == 6)), "behind number 5"),
    "all rows": (lambda tx: tx.conn.execute(delete(table)), "behind number 0"),
    "a box of another row": (_box_of_another, "number 4"),
    "a row moved up": (_renumbered, "number 5"),
    "a row by somebody without the key": (_written_anew_without_the_key, "number 6"),
    "the note of the end": (lambda tx: meta.drop(tx, audit.HEAD), "where it ends"),
    "the note of the end, altered": (lambda tx: meta.put(tx, audit.HEAD, b"\1" * 60), "where it ends"),
}


@pytest.mark.parametrize("what", SPOILT)
async def test_whatever_is_changed_is_noticed_and_goes_on_being_noticed(db: Database, what: str) -> None:
    await filled(db)
    assert (await db.read(verify)).fault == ""
    spoil, said = SPOILT[what]
    await db.write(spoil)
    assert said in (await db.read(verify)).fault
    await db.write(lambda tx: note(tx, Event.PAUSED, None, NOW + 9 * DAY))  # the operators go on
    assert (await db.read(verify)).fault != ""
    assert (await db.read(lambda tx: latest(tx, 1)))[0].event is Event.PAUSED


async def test_a_purged_trail_can_still_be_followed(db: Database) -> None:
    await filled(db)
    before = await db.read(verify)
    first = NOW // DAY
    assert await db.read(lambda tx: audit.past(tx, first + 2)) == 3
    assert await db.write(lambda tx: purge(tx, first + 2, 2)) == 2
    assert await db.write(lambda tx: purge(tx, first + 2, 2)) == 1
    assert await db.write(lambda tx: purge(tx, first + 2, 2)) == 0
    after = await db.read(verify)
    assert (after.rows, after.fault, after.link) == (3, "", before.link)
    await db.write(lambda tx: tx.conn.execute(delete(table).where(table.c.number == 4)))
    assert "between number 3 and number 5" in (await db.read(verify)).fault


async def test_a_whole_purge_leaves_the_end_to_go_on_from(db: Database) -> None:
    await filled(db)
    await db.write(lambda tx: purge(tx, 30_000, 1_000))
    await db.write(lambda tx: note(tx, Event.RESUMED, HERON, NOW + 400 * DAY))
    assert [e.number for e in await db.read(lambda tx: latest(tx, 9))] == [7]
    assert (await db.read(verify)).fault == ""


async def test_a_rotation_changes_no_link(url: str) -> None:
    old, new = ServerKey.generate(), ServerKey.generate()
    secrets = Vault.new_secrets(old)
    db = open_database(url, Vault(KeyRing(old, new), secrets))
    await db.write(lambda tx: meta.put(tx, meta.VAULT_SECRETS, secrets))
    await filled(db)
    before = await db.read(verify)
    await db.write(lambda tx: rotation.switch(tx, new))
    await rotation.rewrap_all(db, lambda _: None)
    in_force = await db.read(lambda tx: meta.get(tx, meta.VAULT_SECRETS))
    assert in_force is not None
    await db.close()
    db = open_database(url, Vault(KeyRing(new), in_force))
    assert await db.read(verify) == before
    await db.close()


async def test_of_many_processes_at_once_each_row_follows_one_row(url: str, vault: Vault) -> None:
    """Also with a lane, where on PostgreSQL works run beside each other."""
    houses = [open_database(url, vault) for _ in range(3)]

    async def work(number: int) -> None:
        lane = bytes([number]) * 16 if number % 2 else None
        await houses[number % 3].write(lambda tx: note(tx, Event.REPLIED, HERON, NOW, case=CASE), lane)

    await asyncio.gather(*map(work, range(24)))
    found = await houses[0].read(verify)
    assert (found.rows, found.last, found.fault) == (25, 25, "")
    for house in houses:
        await house.close()


async def test_it_can_be_searched(db: Database) -> None:
    await filled(db)

    def work(tx: Tx) -> None:
        ibis = staff.by_id(tx, staff.add(tx, "Ibis", Role.OPERATOR))
        note(tx, Event.OFFERED, HERON, NOW, case=bytes(16), whom="Ibis")
        note(tx, Event.REPLIED, ibis, NOW, case=bytes(16))

    await db.write(work)

    async def found(wanted: Wanted, most: int = 50, before: int | None = None) -> list[int]:
        return [entry.number for entry in await db.read(lambda tx: latest(tx, most, before, wanted))]

    assert await found(Wanted(name="Ibis")) == [8, 7]
    assert await found(Wanted(name="Heron"), most=2) == [7, 6]
    assert await found(Wanted(event="claimed")) == [5, 3]
    assert await found(Wanted(case=bytes(16))) == [8, 7]
    assert await found(audit.ALL, most=3, before=5) == [4, 3, 2]
