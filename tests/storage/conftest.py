"""A real database of the test's own, on SQLite and on PostgreSQL."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from storage.database import Database
from storage.opening import open_database
from storage.server_key import ServerKey
from storage.vault import Vault


@pytest.fixture
def url(database_url: str) -> str:
    return database_url


@pytest.fixture
def vault() -> Vault:
    key = ServerKey.generate()
    return Vault.open(key, Vault.new_secrets(key))


@pytest.fixture
async def db(url: str, vault: Vault) -> AsyncIterator[Database]:
    database = open_database(url, vault)
    yield database
    await database.close()
