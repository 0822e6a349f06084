"""What was given up is counted by day and kind, for thirty days, in one size, and readable with the server key only."""

from __future__ import annotations

from storage import given_up, meta
from storage.database import Database, Tx

DAY = 86_400
NOW = 20_000 * DAY


async def test_kinds_are_counted_and_forgotten_after_thirty_days(db: Database) -> None:
    def work(tx: Tx) -> list[dict[str, int]]:
        found = [given_up.lately(tx, NOW)]
        for kind, when, count in (("reply", NOW, 1), ("reply", NOW + DAY, 2), ("update", NOW + DAY, 1)):
            given_up.note(tx, kind, when, count)
        found.append(given_up.lately(tx, NOW + DAY))
        found.append(given_up.lately(tx, NOW + 30 * DAY))
        given_up.note(tx, "board", NOW + 40 * DAY)
        return [*found, given_up.lately(tx, NOW + 40 * DAY), given_up.lately(tx, NOW + 99 * DAY)]

    assert await db.write(work) == [
        {},
        {"reply": 3, "update": 1},
        {"reply": 2, "update": 1},
        {"board": 1},
        {},
    ]


async def test_a_stolen_file_does_not_tell_how_much_it_was(db: Database) -> None:
    def work(tx: Tx) -> set[int]:
        sizes = set()
        for day in range(35):
            for kind in [f"some kind {number}" for number in range(12)]:
                given_up.note(tx, kind, NOW + day * DAY, 99_999)
            sizes.add(len(meta.get(tx, meta.GIVEN_UP) or b""))
        return sizes

    assert len(await db.write(work)) == 1
