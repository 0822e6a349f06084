"""A town whose service takes updates over a webhook, one for each process of the tests."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.service.town import Town, webhook_settings
from tests.service.town import town as open_town


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def webhook_town(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Town]:
    async with open_town(tmp_path_factory.mktemp("hell"), webhook_settings()) as found:
        yield found
