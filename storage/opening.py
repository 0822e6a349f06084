"""Which database an address means."""

from __future__ import annotations

from sqlalchemy.engine import make_url

from storage.database import Database
from storage.postgres import PostgresDatabase
from storage.sqlite import SqliteDatabase
from storage.vault import Vault


def open_database(url: str, vault: Vault) -> Database:
    """Nothing is connected to yet."""
    kind = SqliteDatabase if make_url(url).get_backend_name() == "sqlite" else PostgresDatabase
    return kind(url, vault)
