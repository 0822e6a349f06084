"""One running service for each process of the tests; each test brings people of its own."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.service.town import Town, webhook_settings
from tests.service.town import town as open_town


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def shared_town(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Town]:
    """Polling, two operators, an admin; cards at once and nothing withheld."""
    async with open_town(tmp_path_factory.mktemp("town"), operators=2) as found:
        yield found


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def shared_quiet_town(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Town]:
    """By webhook, and no card within half an hour: a group takes 20 messages a minute, fewer than these tests make."""
    settings = webhook_settings() | {"CARD_DELAY_MINUTES": "60", "ANONYMITY_K": "5", "THROTTLE": "3"}
    async with open_town(tmp_path_factory.mktemp("quiet"), settings) as found:
        yield found


@pytest_asyncio.fixture(loop_scope="session")
async def town(shared_town: Town) -> AsyncIterator[Town]:
    """The shared town, for a test that leaves it as it was and whose service logs no error."""
    async for found in _unharmed(shared_town):
        yield found


@pytest_asyncio.fixture(loop_scope="session")
async def quiet_town(shared_quiet_town: Town) -> AsyncIterator[Town]:
    """The same for the shared quiet town."""
    async for found in _unharmed(shared_quiet_town):
        yield found


async def _unharmed(shared: Town) -> AsyncIterator[Town]:
    shared.service.new_errors()
    yield shared
    await shared.control.clear_faults()
    errors = shared.service.new_errors()
    assert not errors, errors
