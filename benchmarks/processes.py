"""Two processes on one PostgreSQL, next to one, and to one on SQLite."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median

from benchmarks.contestants import Contestant
from benchmarks.tables import Table
from benchmarks.turns import PEOPLE, WARM

OPTIONS = {"fsync": "on", "full_page_writes": "on", "shared_buffers": "128MB", "autovacuum": "on"}
"""Of PostgreSQL: a commit is on the disk, as on SQLite."""


def table(bots: Sequence[Contestant], rounds: int, seconds: float, database: int) -> Table:
    """`database`: PostgreSQL's process. Each bot has twice as many people as elsewhere: enough for two."""
    found: list[list[dict[str, float]]] = [[] for _ in bots]
    for number in range(rounds):
        for place in range(len(bots)) if number % 2 == 0 else reversed(range(len(bots))):
            found[place].append(_round(bots[place], seconds, database))
    made = Table(
        "Processes on PostgreSQL, by webhook",
        ["bot", "steps/s", "×", "CPU ms/step: bots", "PostgreSQL", "load", "on cores of their own ×"],
    )
    one = found[0]
    for bot, each in zip(bots, found, strict=True):
        ratios = [mine["rate"] / other["rate"] for mine, other in zip(each, one, strict=True)]
        cheap = [other["bots"] / mine["bots"] for mine, other in zip(each, one, strict=True)]
        made.add(
            bot.kind.name,
            f"{median(row['rate'] for row in each):.0f}",
            f"{median(ratios):.2f}",
            *(f"{median(row[name] for row in each):.2f}" for name in ("bots", "database", "load")),
            f"{bot.kind.processes * median(cheap):.2f}" if bot.kind.database else "",
        )
    made.notes.append(
        "Load generator, PostgreSQL and the bots share two cores, so two bots don't get one each. The last column is "
        "what they would carry on a core each, beside a database that isn't the limit: their number × CPU a step of "
        "the first line's one / of each of theirs."
    )
    return made


def _round(bot: Contestant, seconds: float, database: int) -> dict[str, float]:
    result = bot.load.run(
        "closed", people=2 * PEOPLE, warm=WARM, seconds=seconds, pids=bot.pids, beside=database
    )
    steps = result["cpu_steps"]
    assert steps, f"{bot.kind.name}: not one step\n{bot.log()}"
    times = {"bots": result["bot_cpu"], "database": result["beside_cpu"], "load": result["own_cpu"]}
    return {"rate": result["steps"] / result["seconds"]} | {
        name: 1000 * spent / steps for name, spent in times.items()
    }
