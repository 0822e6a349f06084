"""What all tests share: how long Hypothesis may take, and the two databases."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from storage import migrate
from tests.postgres import PostgresServer, postgres_server

# Examples take as long as they take: the machine may be busy. What must not happen is tested, not how fast.
settings.register_profile("postern", deadline=None, print_blob=True)
settings.load_profile("postern")

BACKENDS = ("sqlite", "postgresql")
LONGEST = ("service", "fire", "browser", "promises", "bot")
"""Rooms whose tests wait for real time, for whole seconds or a minute."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What takes longest comes first: left for the end, it would run in one process while the others are through."""
    rooms = {name: place for place, name in enumerate(LONGEST)}
    items.sort(key=lambda item: rooms.get(item.path.parent.name, len(LONGEST)))


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Whatever needs a database runs on both, unless it says `only_on`."""
    if "backend" in metafunc.fixturenames:
        only = metafunc.definition.get_closest_marker("only_on")
        metafunc.parametrize("backend", only.args if only else BACKENDS)


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """One server for each process of the tests."""
    with postgres_server() as server:
        yield server


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder for a file with all tables, of which each test gets a copy."""
    return tmp_path_factory.mktemp("template")


@pytest.fixture
async def database_url(
    backend: str, tmp_path: Path, sqlite_template: Path, request: pytest.FixtureRequest
) -> AsyncIterator[str]:
    """A database of the test's own with all tables; on SQLite it is `tmp_path / "x.sqlite"`."""
    if backend == "sqlite":
        made = sqlite_template / "x.sqlite"
        await migrate.upgrade(f"sqlite+aiosqlite:///{made}")  # does nothing but for the first
        shutil.copy(made, tmp_path / "x.sqlite")
        yield f"sqlite+aiosqlite:///{tmp_path / 'x.sqlite'}"
        return
    server: PostgresServer = request.getfixturevalue("postgres")
    url = await server.lend()
    yield url
    await server.give_back(url)
