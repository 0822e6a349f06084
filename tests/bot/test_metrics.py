"""The metrics page shows how the service is and never what one person did; it is on loopback, or nowhere."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from itertools import pairwise

import aiohttp
import pytest
from prometheus_client.parser import text_string_to_metric_families

from bot.counts import LATENCY_BOUNDS, Counts
from bot.metrics import EVERY_SECONDS, LEAST_TURNS, Metrics
from bot.metrics_page import serving
from bot.setting_types import Listen
from bot.settings import load_settings
from bot.states import State, States
from bot.telegram_errors import Unreachable
from intake.errors import SettingsError
from storage import outbox
from storage.outbox import Job, Task
from tests.bot.background import background
from tests.bot.trouble import AT_ONCE
from tests.handlers.desk import World
from tests.service.town import free_port

Values = dict[str, float]


@dataclass
class Owed:
    messages: int = 0
    seconds: int = 0

    def depth(self) -> int:
        return self.messages

    def oldest_seconds(self) -> int:
        return self.seconds


@dataclass
class Service:
    counts: Counts
    states: States
    owed: Owed
    metrics: Metrics
    now: float = 1_000.0
    lanes: int = 0

    def values(self) -> Values:
        """name{labels} -> value, as a Prometheus reads the page."""
        return {
            sample.name + "".join(f" {key}={value}" for key, value in sample.labels.items()): sample.value
            for family in text_string_to_metric_families(self.metrics.page().decode())
            for sample in family.samples
        }


@pytest.fixture
def service() -> Service:
    counts, states, owed = Counts(), States(AT_ONCE), Owed()
    made = Service(counts, states, owed, None)  # type: ignore[arg-type]
    made.metrics = Metrics(counts, states, owed, lambda: made.lanes, lambda: made.now)
    return made


def test_one_turn_and_what_it_leaves_are_not_visible_at_any_moment_of_a_day(service: Service) -> None:
    """Somebody reads the page every fifteen seconds, and knows each of its bytes."""
    before = service.metrics.page()
    service.now += 100
    service.counts.turn(0.7)
    service.counts.redelivered += 1
    service.counts.turns_failed += 1
    service.counts.slowed_down += 1
    service.counts.retries["reply"] += 1
    service.owed.messages, service.lanes = 1, 1
    pages = set()
    for second in range(0, 86_400, 15):
        service.now = 1_100 + second
        service.owed.seconds = min(second, 540)
        pages.add(service.metrics.page())
    assert pages == {before}


def test_what_moves_with_people_moves_together_in_steps_of_many_and_not_within_ten_minutes(
    service: Service,
) -> None:
    seen = [service.values()["postern_turns_total"]]
    moved_at = [service.now]
    for _ in range(4_000):
        service.now += 7
        service.counts.turn(0.003)
        values = service.values()
        turns = values["postern_turns_total"]
        assert values["postern_turn_seconds_count"] == values["postern_turn_seconds_bucket le=0.005"] == turns
        if turns != seen[-1]:
            assert turns - seen[-1] >= LEAST_TURNS
            assert service.now - moved_at[-1] >= EVERY_SECONDS
            seen.append(turns)
            moved_at.append(service.now)
    assert len(seen) > 10
    assert len({after - before for before, after in pairwise(seen)}) > 1, "by chance"


def test_a_crowd_within_ten_minutes_shows_nothing_before_they_are_over(service: Service) -> None:
    service.values()
    for _ in range(10_000):
        service.counts.turn(0.1)
    service.now += EVERY_SECONDS - 1
    assert service.values()["postern_turns_total"] == 0
    service.now += 1
    values = service.values()
    assert values["postern_turns_total"] == 10_000
    assert values["postern_turn_seconds_sum"] == pytest.approx(1_000)
    buckets = [values[f"postern_turn_seconds_bucket le={bound}"] for bound in (*LATENCY_BOUNDS, "+Inf")]
    assert buckets == [0] * 4 + [10_000] * 8


def test_what_waits_and_what_failed_is_rounded_down_and_ten_minutes_old(service: Service) -> None:
    service.owed.messages, service.owed.seconds, service.lanes = 57, 4_000, 19
    service.counts.retries["card"], service.counts.given_up["reply"] = 34, 1
    service.counts.slowed_down = service.counts.unreachable = service.counts.database_trouble = 29
    assert service.values()["postern_outbox_messages"] == 0
    service.now += EVERY_SECONDS
    values = service.values()
    service.owed.messages = 0
    assert values == service.values()
    shown = {name.removeprefix("postern_"): value for name, value in values.items()}
    assert [shown[name] for name in ("outbox_messages", "outbox_oldest_seconds", "lanes")] == [50, 3_600, 10]
    assert [shown[f"{name}_total"] for name in ("slowed_down", "unreachable", "database_trouble")] == [20] * 3
    assert shown["retries_total kind=card"] == 30
    assert shown["given_up_total kind=reply"] == 1, "each one that is lost is worth a look"


@pytest.mark.parametrize("state", State)
def test_degraded_states_are_shown_as_they_are(service: Service, state: State) -> None:
    name = f"postern_degraded state={state.value}"
    assert service.values()[name] == 0
    service.states.begin(state)
    assert service.values()[name] == 1
    assert sum(value for each, value in service.values().items() if "degraded" in each) == 1
    service.states.end(state)
    assert service.values()[name] == 0


def test_the_page_comes_from_a_registry_of_its_own(service: Service) -> None:
    assert all(name.startswith("postern_") for name in service.values())


async def test_the_page_is_served_on_its_address_and_nothing_else_is(service: Service) -> None:
    address = Listen("127.0.0.1", free_port())
    async with serving(service.metrics, address), aiohttp.ClientSession() as client:
        async with client.get(f"http://{address}/metrics") as answer:
            assert answer.status == 200
            assert answer.headers["Content-Type"].startswith("text/plain")
            assert await answer.read() == service.metrics.page()
        for path in ("/", "/health", "/metrics/x"):
            async with client.get(f"http://{address}{path}") as answer:
                assert answer.status == 404
        with pytest.raises(SettingsError, match=f"POSTERN_METRICS: can't listen on {address}"):
            async with serving(service.metrics, address):
                pass


async def test_without_an_address_nothing_listens(service: Service) -> None:
    async with serving(service.metrics, None):
        assert not [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]


@pytest.mark.parametrize("value", ["127.0.0.1:9464", "[::1]:9464", "localhost:9464", "127.0.0.9:1"])
def test_an_address_of_this_machine_is_taken(value: str) -> None:
    assert str(load_settings({"POSTERN_METRICS": value}).metrics) == value


@pytest.mark.parametrize(
    "value", ["0.0.0.0:9464", "[::]:9464", "10.0.0.1:9464", "monitor.example:9464", "9464", ":1"]
)
def test_any_other_is_refused_with_one_line(value: str) -> None:
    with pytest.raises(SettingsError, match=r"POSTERN_METRICS can't be .* of this machine only") as refused:
        load_settings({"POSTERN_METRICS": value})
    assert "\n" not in str(refused.value)


async def test_the_background_tells_how_much_is_owed_and_since_when(world: World) -> None:
    await world.write(
        lambda tx: [outbox.add(tx, Job(Task.SEND, world.now + 60 * n, chat=5)) for n in range(3)]
    )
    async with background(world) as here:
        here.fails = Unreachable()
        await here.round()
        assert here.sender.depth() == 3
        world.wait(900)
        await here.round()
        assert here.sender.oldest_seconds() == 900
        assert State.OUTBOX in here.states
        here.fails = None
        world.wait(900)
        await here.round(2)
        assert (here.sender.depth(), here.sender.oldest_seconds()) == (0, 0)
        world.wait(600)
        await here.round()
        assert State.OUTBOX not in here.states
