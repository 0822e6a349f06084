"""A real database in a file of its own."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from storage import migrate
from storage.database import Database
from storage.opening import open_database
from storage.server_key import ServerKey
from storage.vault import Vault


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite+aiosqlite:///{tmp_path / 'x.sqlite'}"


@pytest.fixture
def vault() -> Vault:
    key = ServerKey.generate()
    return Vault.open(key, Vault.new_secrets(key))


@pytest.fixture
async def db(url: str, vault: Vault) -> AsyncIterator[Database]:
    await migrate.upgrade(url)
    database = open_database(url, vault)
    yield database
    await database.close()
