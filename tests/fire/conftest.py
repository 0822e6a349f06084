"""One preloaded parent for all lives that the tests of this folder begin in one process."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest_asyncio

from tests.fire.lives import Launcher, one_launcher


@pytest_asyncio.fixture(scope="session", loop_scope="session", autouse=True)
async def launcher() -> AsyncIterator[Launcher]:
    async with one_launcher() as found:
        yield found
