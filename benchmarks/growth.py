"""Whether anything costs more because more is stored."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median

from benchmarks import turns
from benchmarks.contestants import Contestant
from benchmarks.filling import ADMIN, OPERATOR
from benchmarks.tables import Table

ASKING = 2.0
"""Seconds for which somebody asks for the same thing again and again."""


def table(bots: Sequence[Contestant], rounds: int, seconds: float) -> Table:
    """The first bot's database is the small one."""
    columns = ["a turn", "the first /queue", "/queue", "/stats"]
    made = Table("Cost as it grows: CPU ms", ["stored", *(text for name in columns for text in (name, "×"))])
    turns.measure(bots, 1, seconds)  # in which the first board is made, out of all cases that are open
    found = turns.measure(bots, rounds, seconds)
    base: list[float] = []
    for bot, results in zip(bots, found, strict=True):
        first = _asking(bot, OPERATOR, "/queue", 0.0)
        costs = [
            median(each.cpu for each in results),
            first,
            _asking(bot, OPERATOR, "/queue", ASKING),
            _asking(bot, ADMIN, "/stats", ASKING),
        ]
        base = base or costs
        made.add(
            bot.kind.name,
            *(
                text
                for cost, small in zip(costs, base, strict=True)
                for text in (f"{cost:.2f}", f"{cost / small:.2f}" if small else "")
            ),
        )
    made.notes.append(
        "The first /queue after a start is asked once: its CPU is counted in steps of 10 ms. Turns are counted after a "
        "first round, in which the operators' first board reads all open cases: 0.1 ms each, once a start."
    )
    return made


def _asking(bot: Contestant, chat: int, text: str, seconds: float) -> float:
    """Milliseconds of CPU for the answer to a command, asked for so long; once at least."""
    result = bot.load.run("say", chat=chat, text=text, seconds=seconds, pids=bot.pids)
    return float(1000 * result["bot_cpu"] / result["steps"])
