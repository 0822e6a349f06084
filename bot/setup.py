"""Making an installation: folder, server key, database, recovery key. What is there already is left alone."""

from __future__ import annotations

import os
from pathlib import Path

from sqlalchemy import Connection, insert, select

from bot.installation import database_errors, has_secrets, key_lies_with_data, server_keys
from bot.settings import Settings
from intake.errors import PosternError
from storage import meta, migrate
from storage.database import connect
from storage.keywords import key_words
from storage.schema import meta as meta_table
from storage.server_key import KeyRing, ServerKey
from storage.vault import Vault


async def create(settings: Settings, recovery: bytes | None) -> list[str]:
    """Make what is missing, and return one line for each thing made.

    `recovery` is the recovery key's public half; None leaves that for later. Raises PosternError where going
    on would lose something: there is another recovery key, or data whose server key is gone.
    """
    if key_lies_with_data(settings):
        raise PosternError(
            f"{settings.server_key_file} lies inside {settings.data_dir}, so every copy of the data would "
            "hold its key: set POSTERN_SERVER_KEY_FILE to a path outside."
        )
    url = settings.database()
    made = _make_folder(settings.data_dir)
    with database_errors():
        if settings.server_key_file.exists():
            keys = server_keys(settings)
        elif await has_secrets(url):
            raise PosternError(
                f"{settings.server_key_file} is missing, and the database cannot be read without it: "
                "restore your copy of the server key."
            )
        else:
            keys = KeyRing(ServerKey.create(settings.server_key_file))
            made.append(
                f"Made the server key: {settings.server_key_file}. Keep a copy apart from the backups."
            )
        made += await _make_database(url)
        made += await _fill(url, keys, recovery)
    return made


def _make_folder(folder: Path) -> list[str]:
    if folder.is_dir():
        return []
    try:
        folder.mkdir(mode=0o700, parents=True)
    except OSError as error:
        raise PosternError(f"{folder}, the data folder, cannot be made: {error.strerror}.") from None
    return [f"Made the data folder: {folder}"]


async def _make_database(url: str) -> list[str]:
    path = migrate.sqlite_path(url)
    new = path is not None and not path.exists()
    if path is not None and new:
        # SQLite gives its other files the mode of this one.
        os.close(os.open(path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600))
    if not await migrate.upgrade(url):
        return []
    return [f"Made the database: {path}" if new else "Brought the database up to date."]


async def _fill(url: str, keys: KeyRing, recovery: bytes | None) -> list[str]:
    engine = connect(url)
    try:
        async with engine.connect() as conn:
            if conn.dialect.name == "sqlite":
                await conn.exec_driver_sql("BEGIN IMMEDIATE")
            made = await conn.run_sync(_first_rows, keys, recovery)
            await conn.commit()
            return made
    finally:
        await engine.dispose()


def _first_rows(conn: Connection, keys: KeyRing, recovery: bytes | None) -> list[str]:
    rows = {row.name: row.value for row in conn.execute(select(meta_table)).all()}
    if meta.VAULT_SECRETS in rows:
        Vault.open(
            keys, rows[meta.VAULT_SECRETS]
        )  # raises when this isn't the key that the data were made with
    else:
        conn.execute(insert(meta_table).values(name=meta.VAULT_SECRETS, value=Vault.new_secrets(keys.newest)))
    known = rows.get(meta.RECOVERY_KEY)
    if recovery is None or known == recovery:
        return []
    if known is None:
        conn.execute(insert(meta_table).values(name=meta.RECOVERY_KEY, value=recovery))
        return [f"Recovery key in place; its public half in words: {' '.join(key_words(recovery))}"]
    raise PosternError(
        "This installation has another recovery key already, in words: "
        f"{' '.join(key_words(known))}. Nothing was changed."
    )
