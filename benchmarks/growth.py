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
    made = Table("Cost as it grows: CPU ms", ["stored", "a turn", "×", "/queue", "×", "/stats", "×"])
    found = turns.measure(bots, rounds, seconds)
    base: list[float] = []
    for bot, results in zip(bots, found, strict=True):
        costs = [
            median(each.cpu for each in results),
            _asking(bot, OPERATOR, "/queue"),
            _asking(bot, ADMIN, "/stats"),
        ]
        base = base or costs
        cells = [
            text
            for cost, first in zip(costs, base, strict=True)
            for text in (f"{cost:.2f}", f"{cost / first:.2f}")
        ]
        made.add(bot.kind.name, *cells)
    return made


def _asking(bot: Contestant, chat: int, text: str) -> float:
    """Milliseconds of CPU for the answer to a command."""
    result = bot.load.run("say", chat=chat, text=text, seconds=ASKING, pids=bot.pids)
    return float(1000 * result["bot_cpu"] / result["steps"])
