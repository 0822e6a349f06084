"""One running service for each process of the tests; each test brings people of its own."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from intake.roles import Role
from tests.service.desk import HOUR
from tests.service.desk import settings as desk_settings
from tests.service.town import GROUP, Town, webhook_settings
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


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def shared_desk(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Town]:
    """Two operators, a lead, and a clock that can be moved."""
    home = tmp_path_factory.mktemp("desk")
    async with open_town(home, desk_settings(home), operators=2, movable_clock=True) as found:
        await found.control.add_person(203, "Lead", role="operator")
        await found.control.set_member(GROUP, 203, True)
        await found.hire(203, Role.LEAD)
        yield found


@pytest_asyncio.fixture(loop_scope="session")
async def desk(shared_desk: Town) -> AsyncIterator[Town]:
    """An hour after whatever was before: the limits of that hour are over, and the group has room."""
    await shared_desk.later(HOUR)
    async for found in _unharmed(shared_desk):
        yield found
