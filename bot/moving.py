"""From the embedded database to PostgreSQL: what has to hold before, and the order of the steps."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Protocol

from bot.installation import database_errors, reaching, read_metas, server_keys
from bot.setting_types import POSTGRES
from bot.settings import Settings
from intake.errors import PosternError
from storage import meta, migrate, moving
from storage.database import MOVED, MOVED_AWAY
from storage.seat import open_seat
from storage.vault import Vault


class Progress(Protocol):
    def start(self, rows: int) -> None:
        """How many rows there are to copy and to compare: each counts twice."""

    def advance(self, rows: int) -> None:
        """So many more are done."""


async def move(settings: Settings, target: str, progress: Progress) -> dict[str, int]:
    """Move everything; how many rows there are of each table. Raises PosternError, and then nothing was moved."""
    if not target.startswith(f"{POSTGRES}://"):
        raise PosternError(f"The new address must begin with {POSTGRES}://")
    source = _embedded(settings)
    with database_errors(), reaching():
        async with _alone(source):
            await migrate.check(source)
            found = await read_metas(source, meta.VAULT_SECRETS, MOVED_AWAY)
            if MOVED_AWAY in found:
                raise PosternError(MOVED)
            secrets = found.get(meta.VAULT_SECRETS)
            if secrets is None:
                raise PosternError("The database was never finished: run `postern init`.")
            Vault.open(server_keys(settings), secrets)  # what nobody here can read should not be moved on
            await migrate.upgrade(target)
            progress.start(2 * sum((await moving.count(source)).values()))
            return await moving.move(source, target, progress.advance)


async def take_back(settings: Settings) -> bool:
    """Take the embedded database into use again. False: it was not moved."""
    source = _embedded(settings)
    with database_errors():
        async with _alone(source):
            await migrate.check(source)
            return await moving.take_back(source)


def _embedded(settings: Settings) -> str:
    url = settings.database()
    if migrate.sqlite_path(url) is None:
        raise PosternError(
            "POSTERN_DATABASE_URL is not SQLite: unset it to move the database that lies in DATA_DIR."
        )
    return url


@asynccontextmanager
async def _alone(source: str) -> AsyncIterator[None]:
    """While the service is down: what it sent meanwhile could not be recorded, and would be sent again afterwards."""
    seat = open_seat(source)
    if not await seat.take():
        raise PosternError(
            "The service is running: stop it first. Telegram keeps what people write meanwhile."
        )
    try:
        yield
    finally:
        await seat.leave()
