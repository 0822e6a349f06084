"""What was asked for, held against what was measured: a line each, reached or not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from benchmarks.tables import Table

SAME = 1.25
"""How far apart two medians may be and still count as the same."""


@dataclass(frozen=True)
class Demand:
    what: str
    table: str
    """The beginning of its title."""
    row: str
    column: int
    limit: float
    at_least: bool = False


_OWN_SESSION = "postern, aiogram's own HTTP session"
_POLLING, _WEBHOOK = "Turns by long polling", "Turns by webhook"
_GROWN = "1,000,000 cases"
DEMANDS: Sequence[Demand] = (
    Demand("steps/s, with aiogram's own session", _POLLING, _OWN_SESSION, 2, 1.2, at_least=True),
    Demand("steps/s, as it is deployed (the goal)", _POLLING, "postern", 2, 1.5, at_least=True),
    Demand("steps/s by webhook", _WEBHOOK, "postern", 2, 1.2, at_least=True),
    Demand("resident memory", _POLLING, "postern", 7, 1.4),
    Demand("p99 at 50 steps/s, long polling", "Latency by long polling", "postern", 4, 1.2),
    Demand("p99 at 50 steps/s, webhook", "Latency by webhook", "postern", 4, 1.2),
    Demand("kB an open conversation", "Memory", "postern", 3, 1.0),
    Demand("CPU of the start, × the bare import", "Starting", "postern", 2, 1.3),
    Demand("postern --help, × the bare import", "Commands", "postern --help", 2, 0.5),
    Demand("postern open, × the bare import", "Commands", "postern open", 2, 0.5),
    Demand("postern report, × the bare import", "Commands", "postern report --help", 2, 0.5),
    Demand("a turn with 10^6 cases stored", "Cost as it grows", _GROWN, 2, SAME),
    Demand("/queue with 10^6 cases stored", "Cost as it grows", _GROWN, 6, SAME),
    Demand("/stats with 10^6 cases stored", "Cost as it grows", _GROWN, 8, SAME),
    Demand("two processes, × one", "Processes", "two processes on PostgreSQL", 6, 1.7, at_least=True),
)


def judged(tables: Sequence[Table]) -> Table:
    """Demands of parts that did not run are left out."""
    made = Table("What was asked for", ["", "asked for", "measured", ""])
    for demand in DEMANDS:
        found = _cell(tables, demand)
        if found is None:
            continue
        holds = found >= demand.limit if demand.at_least else found <= demand.limit
        made.add(
            demand.what,
            f"{'at least' if demand.at_least else 'at most'} {demand.limit:g}",
            f"{found:.2f}",
            "reached" if holds else "NOT REACHED",
        )
    made.notes.append(
        "× the plain bot's in the same run, unless another measure is named. “The same” is taken as at most "
        f"{SAME:g} times. `report` is measured up to its help."
    )
    return made


def _cell(tables: Sequence[Table], demand: Demand) -> float | None:
    rows = [row for table in tables if table.title.startswith(demand.table) for row in table.rows]
    text = next((row[demand.column] for row in rows if row[0] == demand.row), "")
    return float(text) if text else None
