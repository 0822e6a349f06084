"""The table of what the service goes through: a scenario a line, its sample for every change, its full run."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tests.fire import clocks, database_faults, floods, kills, postgres_faults, soaks, telegram_faults
from tests.fire.counts import Counts

Run = Callable[..., Awaitable[Counts]]
Given = Mapping[str, Any]


@dataclass(frozen=True)
class Scenario:
    name: str
    run: Run
    sample: Given | None
    """Its arguments when it runs for every change, in seconds; None: it is part of the full run only."""
    full: Given
    parts: int = 1
    """The full run is made of so many parts, each with a seed of its own; a part that is done is not repeated."""
    postgres: bool = False
    """On a PostgreSQL server of its own; otherwise on SQLite."""
    server: bool = False
    """It is given that server, to do something to it."""
    common: Given = field(default_factory=dict)

    def arguments(self, *, full: bool) -> Given:
        chosen = self.full if full else self.sample
        assert chosen is not None
        return {**self.common, **chosen}


def _storm(kind: str, people: int) -> Scenario:
    return Scenario(
        f"telegram: {kind}", telegram_faults.storm, None, {"people": people}, parts=2, common={"kind": kind}
    )


def _moment(name: str, moment: str) -> Scenario:
    return Scenario(f"clock: {name}", clocks.at, None, {"people": 10}, common={"moment": moment})


FLOOD: Given = {"accounts": 10_000, "seconds": 60.0, "people": 50, "rate": 1000.0}

SCENARIOS: Sequence[Scenario] = (
    Scenario("kill -9: polling", kills.run, {"kills": 12, "people": 8}, {"kills": 50}, parts=5),
    Scenario(
        "kill -9: webhook",
        kills.run,
        {"kills": 12, "people": 8},
        {"kills": 50},
        parts=5,
        common={"webhook": True},
    ),
    Scenario(
        "kill -9: polling, PostgreSQL",
        kills.run,
        None,
        {"kills": 50},
        parts=5,
        postgres=True,
    ),
    Scenario(
        "kill -9: webhook, PostgreSQL",
        kills.run,
        {"kills": 6, "people": 6},
        {"kills": 50},
        parts=5,
        postgres=True,
        common={"webhook": True},
    ),
    Scenario(
        "kill -9: one of three processes, PostgreSQL",
        kills.several,
        None,
        {"kills": 50, "processes": 3},
        parts=2,
        postgres=True,
    ),
    Scenario(
        "telegram: all at once",
        telegram_faults.storm,
        {"people": 6, "slow_seconds": 2.0},
        {"people": 40},
        parts=3,
        common={"kind": "all at once"},
    ),
    *(_storm(kind, 20) for kind in telegram_faults.STORMS if kind != "all at once"),
    Scenario("telegram: a day away", telegram_faults.away, {"people": 4}, {"people": 20, "seconds": 12.0}),
    Scenario(
        "telegram: out of order, twice", telegram_faults.disorder, {"people": 6}, {"people": 40}, parts=2
    ),
    Scenario("telegram: messages vanish", telegram_faults.vanishing, {"people": 5}, {"people": 30}, parts=2),
    Scenario("telegram: half block the bot", telegram_faults.blocked, None, {"people": 40}, parts=2),
    Scenario(
        "database: locked",
        database_faults.locked,
        {"people": 5, "seconds": 2.0},
        {"people": 10, "seconds": 12.0, "times": 3},
    ),
    Scenario("database: locked for long", database_faults.locked, None, {"people": 8, "seconds": 50.0}),
    Scenario(
        "database: disk full",
        database_faults.disk_full,
        {"people": 5, "seconds": 2.0},
        {"people": 10, "seconds": 5.0, "times": 5},
    ),
    Scenario("database: disk full for long", database_faults.disk_full, None, {"people": 8, "seconds": 60.0}),
    Scenario(
        "database: writes fail",
        database_faults.cannot_write,
        {"people": 5, "seconds": 2.0},
        {"people": 10, "seconds": 4.0, "times": 5},
    ),
    Scenario("database: read-only", database_faults.read_only, None, {"people": 8}),
    Scenario(
        "PostgreSQL: connections dropped",
        postgres_faults.dropped,
        None,
        {"people": 10, "times": 12},
        postgres=True,
        server=True,
    ),
    Scenario(
        "PostgreSQL: stopped and started",
        postgres_faults.restarted,
        None,
        {"people": 10, "times": 5},
        postgres=True,
        server=True,
    ),
    Scenario(
        "clock: steps of an hour and a year",
        clocks.steps,
        {"people": 5, "seconds": 5.0},
        {"people": 20, "seconds": 60.0},
    ),
    Scenario("clock: a dead battery", clocks.dead_battery, None, {"people": 12}),
    _moment("a month's end", "2026-11-30T23:59:58"),
    _moment("a leap day", "2028-02-28T23:59:58"),
    _moment("a year's end", "2026-12-31T23:59:58"),
    Scenario(
        "flood",
        floods.run,
        {"accounts": 300, "seconds": 3.0, "people": 3, "rate": 200.0},
        FLOOD,
    ),
    Scenario(
        "flood: webhook",
        floods.run,
        None,
        FLOOD,
        common={"webhook": True},
    ),
    Scenario(
        "flood: webhook, PostgreSQL",
        floods.run,
        None,
        FLOOD,
        postgres=True,
        common={"webhook": True},
    ),
    Scenario("soak", soaks.run, None, {"minutes": 60.0, "rate": 30.0}),
)
