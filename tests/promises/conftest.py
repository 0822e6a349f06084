"""What the tests of the promises share."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.handlers.desk import World, make_world
from tests.promises.place import Quarter, quarter


@pytest.fixture
async def here(tmp_path: Path) -> AsyncIterator[Quarter]:
    """A running service with an admin and an operator, and a clock that the test moves."""
    async with quarter(tmp_path) as found:
        yield found


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    """A desk without a wire, where a whole life takes milliseconds."""
    async with make_world(tmp_path) as made:
        yield made
