"""What a month's table costs, however many requests there were: from the month's row, and from a table of requests.

    make bench-counts          10^4 to 10^6 requests; FULL=1 adds 10^7, which takes minutes and a gigabyte

Ours is measured whole: the database's read, the box unwrapped, the months' counts, the cells of one breakdown. Beside
it stands what one would write without a thought, `SELECT option, COUNT(*) … GROUP BY option` over a table with a row a
request, with and without an index that covers the question. Each figure is the best of several, because other programs
only ever add to one. The month's row comes about in the service's own way, by pending rows and `fold`, up to 10^4
requests; for more, the same row is written with larger numbers: folding ten million one by one proves nothing new.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import sqlite3
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from time import perf_counter

from intake.breakdowns import Breakdown, cells
from intake.counts import REQUESTS, answer_name
from storage import migrate, tallies
from storage.database import Database, Tx
from storage.opening import open_database
from storage.server_key import ServerKey
from storage.vault import Vault

MONTH, NOW = "2023-11", 1_705_000_000
OPTIONS = tuple(f"option-{number}" for number in range(9))
BY = Breakdown("status", OPTIONS)
FOLDED = 10_000
SIZES, FULL = (10_000, 100_000, 1_000_000), (10_000_000,)
TIMES = 200
AT_ONCE = 1_000


async def ours(folder: Path, size: int) -> tuple[float, int]:
    """Milliseconds of a report, the best; and the requests it counted."""
    url = f"sqlite+aiosqlite:///{folder / f'ours-{size}.sqlite'}"
    await migrate.upgrade(url)
    key = ServerKey.generate()
    db = open_database(url, Vault.open(key, Vault.new_secrets(key)))
    try:
        await _count(db, min(size, FOLDED))
        if size > FOLDED:
            found = await db.read(tallies.settled)
            times = size // FOLDED
            month = {name: number * times for (_, name), number in found.items()}
            await db.write(lambda tx: tallies.restore(tx, {MONTH: month}))
        taken = []
        for _ in range(TIMES):
            begun = perf_counter()
            counts = await db.read(lambda tx: tallies.settled(tx, [MONTH]))
            table = cells(counts, BY)
            taken.append(1_000 * (perf_counter() - begun))
        return min(taken), table[MONTH, "", ""]
    finally:
        await db.close()


async def _count(db: Database, size: int) -> None:
    dice = random.Random(size)  # noqa: S311 - a made-up month
    for start in range(0, size, AT_ONCE):
        chosen = [dice.choice(OPTIONS) for _ in range(min(AT_ONCE, size - start))]

        def work(tx: Tx, chosen: list[str] = chosen) -> None:
            for option in chosen:
                tallies.add(tx, MONTH, [REQUESTS, answer_name(BY.id, option)])

        await db.write(work)
        while await db.write(lambda tx: tallies.fold(tx, NOW - 40 * 86_400, 5)):
            pass
    while await db.write(lambda tx: tallies.fold(tx, NOW, 5)):
        pass


def grouped(folder: Path, size: int) -> tuple[float, float]:
    """Milliseconds of COUNT(*) … GROUP BY without an index, and with one."""
    path = folder / f"rows-{size}.sqlite"
    conn = sqlite3.connect(path)
    conn.execute("CREATE TABLE requests (id BLOB PRIMARY KEY, month TEXT, status TEXT) WITHOUT ROWID")
    dice = random.Random(size)  # noqa: S311 - a made-up month
    for start in range(0, size, 100_000):
        rows = (
            (number.to_bytes(16), MONTH, dice.choice(OPTIONS))
            for number in range(start, min(start + 100_000, size))
        )
        conn.executemany("INSERT INTO requests VALUES (?, ?, ?)", rows)
        conn.commit()

    def ask() -> None:
        found = conn.execute(
            "SELECT status, COUNT(*) FROM requests WHERE month = ? GROUP BY status", (MONTH,)
        )
        assert sum(number for _, number in found) == size

    without = _measured(ask)
    conn.execute("CREATE INDEX by_month ON requests (month, status)")
    conn.commit()
    with_index = _measured(ask)
    conn.close()
    path.unlink()
    return without, with_index


def _measured(ask: Callable[[], None]) -> float:
    taken = []
    for _ in range(3):
        begun = perf_counter()
        ask()
        taken.append(1_000 * (perf_counter() - begun))
    return min(taken)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--full", action="store_true")
    parser.add_argument("--largest", type=int, default=None, help="leave out sizes above this")
    chosen = parser.parse_args()
    sizes = [
        size
        for size in SIZES + (FULL if chosen.full else ())
        if chosen.largest is None or size <= chosen.largest
    ]
    print(f"{'requests':>12} {'a month of ours':>16} {'GROUP BY':>12} {'with an index':>14}   (ms, the best)")
    measured = []
    with tempfile.TemporaryDirectory(prefix="postern-counts-") as folder:
        for size in sizes:
            milliseconds, counted = asyncio.run(ours(Path(folder), size))
            assert counted == size
            without, with_index = grouped(Path(folder), size)
            measured.append(milliseconds)
            print(f"{size:12,} {milliseconds:16.3f} {without:12.2f} {with_index:14.2f}")
            sys.stdout.flush()
    print(f"slowest month to fastest: {max(measured) / min(measured):.2f}")


if __name__ == "__main__":
    main()
