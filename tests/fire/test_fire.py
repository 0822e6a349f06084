"""A sample of each scenario, with a fixed seed. The whole of it: make fire FULL=1."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.fire.counts import table
from tests.fire.run import run_part
from tests.fire.scenarios import SCENARIOS, Scenario


@pytest.mark.asyncio(loop_scope="session")
@pytest.mark.parametrize(
    "scenario", [s for s in SCENARIOS if s.sample is not None], ids=lambda scenario: scenario.name
)
async def test_nothing_is_lost_and_nothing_is_doubled(scenario: Scenario, tmp_path: Path) -> None:
    counts = await run_part(scenario, 0, full=False, home=tmp_path)
    print(table([(scenario.name, counts)]))
    assert counts.sound, "\n" + table([(scenario.name, counts)])


def test_every_scenario_has_a_name_of_its_own() -> None:
    assert len({scenario.name for scenario in SCENARIOS}) == len(SCENARIOS)
