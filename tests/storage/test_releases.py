"""The register of releases: what was shown is kept for ever, once, and nobody reads it without the server key."""

from __future__ import annotations

import pytest
from sqlalchemy import select, update

from intake.disclosure import protect
from intake.errors import Tampered
from intake.tables import Cell, Protected, Table
from storage import releases
from storage.database import Database, Tx
from storage.opening import open_database
from storage.schema import releases as table
from storage.server_key import ServerKey
from storage.vault import Vault

MONTHS = ("2026-01", "2026-02", "2026-03")
COUNTS: dict[Cell, int] = {
    (month, "kind", option): n
    for month in MONTHS
    for option, n in (("a", 40), ("b", 30), ("c", 4), ("d", 20))
} | {(month, "", ""): 94 for month in MONTHS}


def asked(*months: str) -> Table:
    columns = tuple((option,) for option in "abcd")
    return Table(tuple((month,) for month in months), COUNTS, "kind", columns)


def shown(*months: str) -> Protected:
    return protect(asked(*months), (), 10)


async def test_what_was_shown_comes_back_as_it_was(db: Database) -> None:
    both = shown(*MONTHS[:2]), shown(MONTHS[2])
    assert both[0].release.facts
    assert both[0].release.hidden
    assert await db.write(lambda tx: releases.add(tx, both[0], ()))
    assert await db.write(lambda tx: releases.add(tx, both[1], (both[0].release,)))
    assert set(await db.read(releases.everything)) == {each.release for each in both}


async def test_the_same_table_is_kept_once(db: Database) -> None:
    first = shown(*MONTHS)
    assert await db.write(lambda tx: releases.add(tx, first, ()))
    assert await db.write(lambda tx: releases.add(tx, first, (first.release,)))
    assert await db.read(releases.everything) == (first.release,)
    part = shown(MONTHS[1])
    assert await db.write(lambda tx: releases.add(tx, part, (first.release,)))
    assert await db.read(releases.everything) == (first.release,)  # nobody learns anything from it
    assert await db.write(lambda tx: releases.remember(tx, [part.release], (first.release,)))
    assert await db.read(releases.everything) == (first.release,)


async def test_a_table_that_was_checked_before_another_was_recorded_is_not_recorded(db: Database) -> None:
    one, other = shown(MONTHS[0]), shown(MONTHS[1])
    assert await db.write(lambda tx: releases.add(tx, one, ()))
    assert not await db.write(lambda tx: releases.add(tx, other, ()))
    assert await db.read(releases.everything) == (one.release,)


async def test_a_refused_table_is_never_recorded(db: Database) -> None:
    empty = Table(((MONTHS[0],),), {(MONTHS[0], "", ""): 9, (MONTHS[0], "kind", "a"): 9}, "kind", (("a",),))
    with pytest.raises(ValueError, match="refused"):
        await db.write(lambda tx: releases.add(tx, protect(empty, (), 10), ()))


async def test_a_row_is_wrapped_bound_to_its_place_and_says_its_size_in_steps(db: Database) -> None:
    def sizes(tx: Tx) -> set[int]:
        assert releases.add(tx, shown(*MONTHS[:2]), ())
        assert releases.add(tx, shown(*MONTHS), releases.everything(tx))
        boxes = list(tx.conn.execute(select(table.c.shown)).scalars())
        assert not any(b"2026" in box or b"kind" in box for box in boxes)
        return {len(box) for box in boxes}

    assert len(await db.write(sizes)) == 1

    def swap(tx: Tx) -> None:
        one, other = tx.conn.execute(select(table)).all()
        tx.conn.execute(update(table).where(table.c.id == one.id).values(shown=other.shown))

    await db.write(swap)
    with pytest.raises(Tampered):
        await db.read(releases.everything)


async def test_rounding_is_the_same_under_another_server_key(db: Database, url: str, vault: Vault) -> None:
    before = await db.read(lambda tx: releases.rounding(tx, 5))
    new = ServerKey.generate()
    other = open_database(url, Vault.open(new, vault.rewrap_secrets(new)))
    try:
        assert await other.read(lambda tx: releases.rounding(tx, 5)) == before
    finally:
        await other.close()
