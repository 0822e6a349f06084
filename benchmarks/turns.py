"""Steps a second and CPU a step, bot by bot, in alternating rounds."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from statistics import median

from benchmarks.contestants import Contestant
from benchmarks.tables import Table

PEOPLE = 32
WARM = 1.0


@dataclass(frozen=True)
class Round:
    """One bot's figures in one round."""

    steps_a_second: float
    cpu: float
    """Milliseconds a step, of the bot's whole process."""
    load_share: float
    """Of one core, that the load generator took: near 1 it would be what is measured."""
    calls: float
    """To the Bot API, a step."""
    lost: int
    ended: int
    resident: float
    """Megabytes, at the end of the round."""


def measure(bots: Sequence[Contestant], rounds: int, seconds: float) -> list[list[Round]]:
    """For each bot its rounds. Every other round goes the other way, so that a drift of the machine evens out."""
    found: list[list[Round]] = [[] for _ in bots]
    for number in range(rounds):
        for place in range(len(bots)) if number % 2 == 0 else reversed(range(len(bots))):
            found[place].append(_round(bots[place], seconds))
    return found


def _round(bot: Contestant, seconds: float) -> Round:
    found = bot.load.run("closed", people=PEOPLE, warm=WARM, seconds=seconds, pids=bot.pids)
    assert found["cpu_steps"], f"{bot.kind.name}: not one step\n{bot.log()}"
    return Round(
        steps_a_second=found["steps"] / found["seconds"],
        cpu=1000 * found["bot_cpu"] / found["cpu_steps"],
        load_share=found["own_cpu"] / found["cpu_steps"] * found["steps"] / found["seconds"],
        calls=sum(found["calls"].values()) / found["cpu_steps"],
        lost=found["lost"],
        ended=found["ended"],
        resident=bot.resident,
    )


def table(how: str, bots: Sequence[Contestant], found: Sequence[Sequence[Round]]) -> Table:
    """The first bot is the one that the others are compared with, round by round."""
    made = Table(
        f"Turns by {how}: {PEOPLE} people at once",
        ["bot", "steps/s", "×", "CPU ms/step", "less CPU ×", "calls/step", "MB", "×", "load core", "lost"],
    )
    plain = found[0]
    for bot, rounds in zip(bots, found, strict=True):
        pairs = list(zip(rounds, plain, strict=True))
        made.add(
            bot.kind.name,
            f"{median(one.steps_a_second for one in rounds):.0f}",
            f"{median(one.steps_a_second / other.steps_a_second for one, other in pairs):.2f}",
            f"{median(one.cpu for one in rounds):.2f}",
            f"{median(other.cpu / one.cpu for one, other in pairs):.2f}",
            f"{median(one.calls for one in rounds):.1f}",
            f"{rounds[-1].resident:.0f}",
            f"{rounds[-1].resident / plain[-1].resident:.2f}",
            f"{max(one.load_share for one in rounds):.0%}",
            str(sum(one.lost for one in rounds)),
        )
        if bot.kind.postern:
            made.notes.append(_kept(bot, rounds[-1].ended))
    return made


def _kept(bot: Contestant, ended: int) -> str:
    """Each conversation that came to its end must be a case; those who were about to end theirs have one too."""
    with closing(
        sqlite3.connect(f"file:{bot.home / 'data' / 'postern.sqlite'}?mode=ro", uri=True)
    ) as database:
        (stored,) = database.execute("SELECT count(*) FROM cases").fetchone()
    assert ended <= stored <= ended + PEOPLE, f"{bot.kind.name}: {ended} were sent, and {stored} stored"
    return (
        f"{bot.kind.name}: {ended:,} conversations came to their end; {stored:,} cases are in the database."
    )
