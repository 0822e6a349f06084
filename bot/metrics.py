"""What the metrics page shows, and when: numbers about the service that tell nothing about one requester.

Whoever reads the page reads it every few seconds for years. A counter that follows every press would tell, on a quiet
bot, the second in which somebody wrote. So what moves with people is published in steps (docs/decisions/0011):

- turns, latency, redeliveries: anew when ten minutes have gone by *and* so many turns, a hundred or somewhat more;
- what waits: every ten minutes, rounded down to tens, ages to ten minutes;
- what failed: every ten minutes, rounded down to tens; what was given up, exactly: that was days ago, or is a defect;
- the degraded states: as they are.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from time import monotonic
from typing import TYPE_CHECKING, Any, Protocol

from bot.counts import LATENCY_BOUNDS, Counts
from bot.give_up import KEPT_TRYING
from bot.states import State, States

if TYPE_CHECKING:
    from prometheus_client.core import Metric

EVERY_SECONDS = 600.0
LEAST_TURNS = 100
"""And up to as many again, drawn anew each time: who presses to see when the numbers move learns nothing."""
STEP = 10
KINDS = (*KEPT_TRYING, "update")


class Owed(Protocol):
    """The part of `bot.sender.Sender` that is shown."""

    def depth(self) -> int: ...

    def oldest_seconds(self) -> int: ...


@dataclass(slots=True)
class _Waiting:
    messages: int = 0
    oldest_seconds: int = 0
    lanes: int = 0


@dataclass(slots=True)
class _Shown:
    """What was published last."""

    crowd: Counts = field(default_factory=Counts)
    failures: Counts = field(default_factory=Counts)
    waiting: _Waiting = field(default_factory=_Waiting)


class Metrics:
    def __init__(
        self,
        counts: Counts,
        states: States,
        owed: Owed,
        lanes: Callable[[], int],
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self._counts = counts
        self._states = states
        self._owed = owed
        self._lanes = lanes
        self._clock = clock
        self._shown = _Shown()
        self._renewed_at = clock()
        self._enough = _enough()

    def page(self) -> bytes:
        """In Prometheus's text format, from a registry of its own: the library's default one holds other things."""
        from prometheus_client import CollectorRegistry, generate_latest

        self._renew()
        registry = CollectorRegistry(auto_describe=False)
        registry.register(self)
        return generate_latest(registry)

    def _renew(self) -> None:
        now = self._clock()
        if now - self._renewed_at >= EVERY_SECONDS:
            self._renewed_at = now
            self._shown.failures = deepcopy(self._counts)
            self._shown.waiting = _Waiting(
                _rounded(self._owed.depth()),
                _rounded(self._owed.oldest_seconds(), int(EVERY_SECONDS)),
                _rounded(self._lanes()),
            )
            if self._counts.turns - self._shown.crowd.turns >= self._enough:
                self._shown.crowd = deepcopy(self._counts)
                self._enough = _enough()

    def collect(self) -> Iterator[Metric]:
        """Called by the library."""
        from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily

        def counter(name: str, text: str, value: float) -> Metric:
            return CounterMetricFamily(f"postern_{name}", text, value=value)

        def by_kind(name: str, text: str, values: Mapping[str, int], step: int) -> Metric:
            family = CounterMetricFamily(f"postern_{name}", text, labels=["kind"])
            shown = {kind: _rounded(value, step) for kind, value in values.items()}
            shown = {kind: value for kind, value in shown.items() if value}
            # All kinds from the beginning: that one appears would tell of the first.
            for kind, value in sorted({**dict.fromkeys(KINDS, 0), **shown}.items()):
                family.add_metric([kind], value)
            return family

        crowd, failures, waiting = self._shown.crowd, self._shown.failures, self._shown.waiting
        degraded = GaugeMetricFamily(
            "postern_degraded", "Whether the service is in this state", labels=["state"]
        )
        for state in State:
            degraded.add_metric([state.value], float(state in self._states))
        yield degraded
        yield counter("turns", "Updates dealt with; moves in steps of a hundred or more", crowd.turns)
        yield counter("turn_failures", "Tries that failed; moves with the turns", crowd.turns_failed)
        yield counter("redelivered", "Updates that came once more; moves with the turns", crowd.redelivered)
        seconds = HistogramMetricFamily(
            "postern_turn_seconds", "From a turn's beginning to its commit; moves with the turns"
        )
        seconds.add_metric([], list(_cumulated(crowd)), crowd.turn_seconds)
        yield seconds
        for name, text, number in (
            ("outbox_messages", "Messages owed to Telegram, by tens", waiting.messages),
            (
                "outbox_oldest_seconds",
                "Since when the oldest of them is due, by ten minutes",
                waiting.oldest_seconds,
            ),
            ("lanes", "Chats with updates to be dealt with, by tens", waiting.lanes),
        ):
            yield GaugeMetricFamily(f"postern_{name}", text, value=number)
        yield counter("slowed_down", "Calls answered with 429, by tens", _rounded(failures.slowed_down))
        yield counter("unreachable", "Calls without an answer, by tens", _rounded(failures.unreachable))
        trouble = _rounded(failures.database_trouble)
        yield counter("database_trouble", "Times that the database could not be used, by tens", trouble)
        yield by_kind("retries", "Messages put off, by tens", failures.retries, STEP)
        yield by_kind("given_up", "Given up for good, see postern check", failures.given_up, 1)


def _enough() -> int:
    return LEAST_TURNS + secrets.randbelow(LEAST_TURNS)


def _rounded(number: int, step: int = STEP) -> int:
    return number // step * step


def _cumulated(counts: Counts) -> Iterator[tuple[str, float]]:
    total = 0
    bounds: list[Any] = [*LATENCY_BOUNDS, "+Inf"]
    for bound, number in zip(bounds, counts.latency, strict=True):
        total += number
        yield str(bound), float(total)
