"""Which database an address means."""

from __future__ import annotations

from sqlalchemy.engine import make_url

from storage.database import Database
from storage.vault import Vault


def open_database(url: str, vault: Vault) -> Database:
    """Nothing is connected to yet. Only the one that is used is imported."""
    if make_url(url).get_backend_name() == "sqlite":
        from storage.sqlite import SqliteDatabase

        return SqliteDatabase(url, vault)
    from storage.postgres import PostgresDatabase

    return PostgresDatabase(url, vault)
