"""How long a press takes while steps arrive at random, as they do when nobody waits for anybody."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median, quantiles

from benchmarks.contestants import Contestant
from benchmarks.tables import Table

A_SECOND = 50.0
WARM = 2.5


def measure(bots: Sequence[Contestant], rounds: int, seconds: float) -> list[list[dict[str, float]]]:
    """For each bot, the figures of each round."""
    found: list[list[dict[str, float]]] = [[] for _ in bots]
    for number in range(rounds):
        for place in range(len(bots)) if number % 2 == 0 else reversed(range(len(bots))):
            found[place].append(_round(bots[place], seconds))
    return found


def _round(bot: Contestant, seconds: float) -> dict[str, float]:
    result = bot.load.run("open", rate=A_SECOND, warm=WARM, seconds=seconds, pids=bot.pids)
    assert len(result["took"]) > 1, f"{bot.kind.name}: no step came back\n{bot.log()}"
    cuts = quantiles(result["took"], n=100)
    return {
        "p50": 1000 * cuts[49],
        "p99": 1000 * cuts[98],
        "cpu": 1000 * result["bot_cpu"] / result["cpu_steps"],
        "lost": result["lost"],
    }


def table(how: str, bots: Sequence[Contestant], found: Sequence[Sequence[dict[str, float]]]) -> Table:
    made = Table(
        f"Latency by {how}: {A_SECOND:g} steps a second arrive at random",
        ["bot", "p50 ms", "×", "p99 ms", "×", "CPU ms/step", "lost"],
    )
    for bot, rounds in zip(bots, found, strict=True):
        cells = [bot.kind.name]
        for name in ("p50", "p99"):
            cells.append(f"{median(each[name] for each in rounds):.1f}")
            ratios = [one[name] / other[name] for one, other in zip(rounds, found[0], strict=True)]
            cells.append(f"{median(ratios):.2f}")
        made.add(
            *cells, f"{median(each['cpu'] for each in rounds):.2f}", f"{sum(e['lost'] for e in rounds):.0f}"
        )
    made.notes.append(
        "From the update to the arrival of the screen's edit. × is to the first line, round by round."
    )
    return made
