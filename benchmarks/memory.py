"""What an open conversation costs in memory, while it is open."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from benchmarks.contestants import BOT_CORE, LOAD_CORE, Contestant, pin
from benchmarks.tables import Table

FIRST = 1_000
"""Conversations that are opened before the first look: what a bot needs once, it has by then."""
PRESSES = 1
"""After /start: the conversation has something to remember."""
AT_ONCE = 16


@dataclass(frozen=True)
class Held:
    first: float
    """Megabytes resident with FIRST open conversations."""
    last: float
    more: int
    """Conversations that were opened between the two."""


def measure(bots: Sequence[Contestant], more: int) -> list[Held]:
    """All at the same time, each on a core of its own: memory doesn't hang on the clock."""
    for bot, core in zip(bots, (LOAD_CORE, BOT_CORE), strict=True):
        pin(bot.pids[0], core)
    with ThreadPoolExecutor() as threads:
        return list(threads.map(lambda bot: _hold(bot, more), bots))


def _hold(bot: Contestant, more: int) -> Held:
    def hold(count: int) -> float:
        result = bot.load.run("hold", count=count, presses=PRESSES, at_once=AT_ONCE)
        assert not result["lost"], (
            f"{bot.kind.name}: {result['lost']} of {count} were not answered\n{bot.log()}"
        )
        return bot.resident

    return Held(hold(FIRST), hold(more), more)


def table(bots: Sequence[Contestant], found: Sequence[Held]) -> Table:
    made = Table(
        "Memory: conversations that stay open",
        ["bot", f"MB with {FIRST:,} open", f"MB with {FIRST + found[0].more:,} open", "kB a conversation"],
    )
    for bot, held in zip(bots, found, strict=True):
        made.add(
            bot.kind.name,
            f"{held.first:.0f}",
            f"{held.last:.0f}",
            f"{1024 * (held.last - held.first) / held.more:.2f}",
        )
    return made
