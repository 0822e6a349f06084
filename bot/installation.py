"""Opening an installation: settings -> server key -> vault -> database."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.exc import DBAPIError

from bot.settings import Settings
from intake.canned import CannedReply
from intake.errors import CannedRepliesError, DataFileError, PosternError, QuestionnaireError
from intake.questionnaire import Questionnaire
from intake.referrals import Referral
from storage import meta, migrate
from storage.database import MOVED, MOVED_AWAY, Database, connect
from storage.opening import open_database
from storage.schema import meta as meta_table
from storage.server_key import KeyRing
from storage.trouble import what_is_wrong
from storage.vault import Vault

QUESTIONNAIRES = Path(__file__).parent.parent / "questionnaires"
"""Those that come with Postern, found by name."""


@dataclass(frozen=True, slots=True)
class Installation:
    db: Database
    vault: Vault


@asynccontextmanager
async def opened(settings: Settings, *, upgrade: bool = False) -> AsyncIterator[Installation]:
    """Open what `postern init` made, and close it at the end.

    `upgrade`: bring an older database up to date first, as the service does when it starts. Raises
    PosternError, one line, for a key or a database that is missing, damaged, or from another version.
    """
    keys = server_keys(settings)
    url = settings.database()
    with database_errors():
        vault = Vault.open(keys, await _secrets(url, upgrade=upgrade))
        db = open_database(url, vault)
        try:
            yield Installation(db, vault)
        finally:
            await db.close()


async def _secrets(url: str, *, upgrade: bool) -> bytes:
    with reaching():
        found = await read_metas(url, meta.VAULT_SECRETS, MOVED_AWAY)
        secrets = found.get(meta.VAULT_SECRETS)
        if upgrade and secrets is not None:
            await migrate.upgrade(url)
        await migrate.check(url)
        if MOVED_AWAY in found:
            raise PosternError(MOVED)
    if secrets is None:
        raise PosternError("The database was never finished: run `postern init`.")
    return secrets


def server_keys(settings: Settings) -> KeyRing:
    """The server's own key; two of them while one is exchanged. Raises KeyFileError or PosternError."""
    path = settings.server_key_file
    if not path.exists():
        raise PosternError(
            f"{path}, the server key, is missing: run `postern init`, or restore your copy of the key."
        )
    return KeyRing.load(path, credentials_folder())


def credentials_folder() -> Path | None:
    """Where systemd puts this service's credentials, if it does."""
    folder = os.environ.get("CREDENTIALS_DIRECTORY")
    return Path(folder) if folder else None


def is_credential(path: Path) -> bool:
    """Whether systemd handed this file to the service: a copy, which never changes while the service runs."""
    folder = credentials_folder()
    return folder is not None and path.resolve().is_relative_to(folder.resolve())


def key_lies_with_data(settings: Settings) -> bool:
    """Whether the server key lies inside the data folder, so that every copy of the data holds it as well."""
    return settings.server_key_file.resolve().is_relative_to(settings.data_dir.resolve())


async def read_meta(url: str, name: str) -> bytes | None:
    """A value of `meta` before there is a vault; None if it, the table or the file is missing. Makes none."""
    return (await read_metas(url, name)).get(name)


async def read_metas(url: str, *names: str) -> dict[str, bytes]:
    """Those of several that there are."""
    path = migrate.sqlite_path(url)
    if path is not None and not path.exists():
        return {}
    engine = connect(url)
    try:
        with database_errors():
            async with engine.connect() as conn:
                if not await conn.run_sync(lambda sync: sync.dialect.has_table(sync, meta_table.name)):
                    return {}
                found = await conn.execute(select(meta_table).where(meta_table.c.name.in_(names)))
                return {row.name: row.value for row in found}
    finally:
        await engine.dispose()


async def has_secrets(url: str) -> bool:
    """Whether the database was made for some server key already."""
    return await read_meta(url, meta.VAULT_SECRETS) is not None


def load_questionnaire(settings: Settings) -> Questionnaire:
    """The one in force: it comes with Postern and has this name, or is a file. Raises QuestionnaireError."""
    name = settings.questionnaire
    shipped = {path.stem: path for path in QUESTIONNAIRES.glob("*.yaml")}
    path = shipped.get(name) or Path(name).expanduser()
    if not path.is_file():
        names = ", ".join(sorted(shipped))
        raise QuestionnaireError(
            [f"POSTERN_QUESTIONNAIRE: {name} is neither a file nor one that comes with Postern ({names})"]
        )
    return read_questionnaire(path)


def read_questionnaire(path: Path) -> Questionnaire:
    """The questionnaire in a file. Raises QuestionnaireError with one line for each fault."""
    from intake.questionnaire_file import load

    return load(_text_of(path), str(path))


def load_referrals(settings: Settings, questionnaire: Questionnaire) -> tuple[Referral, ...]:
    """Whom a request can be referred to; none unless it is set. Raises QuestionnaireError as above."""
    from intake.referrals import load_referrals as load

    path = settings.referrals
    return load(_text_of(path), str(path), questionnaire.languages) if path is not None else ()


def _text_of(path: Path, kind: type[DataFileError] = QuestionnaireError, setting: str = "") -> str:
    """Raises `kind`; `setting`: what names the path, to be told if it leads nowhere."""
    try:
        return path.read_text("utf-8")
    except OSError as error:
        raise kind([f"{setting}{path} cannot be read: {error.strerror}"]) from None
    except UnicodeDecodeError:
        raise kind([f"{path} is not text in UTF-8: save it as UTF-8"]) from None


def load_canned_replies(settings: Settings) -> tuple[CannedReply, ...]:
    """The prepared replies in force. Raises CannedRepliesError with one line for each fault."""
    from intake.canned import load_canned

    path = settings.canned_replies
    if path is None:
        return ()
    return load_canned(_text_of(path, CannedRepliesError, "POSTERN_CANNED_REPLIES: "), str(path))


@contextmanager
def reaching() -> Iterator[None]:
    """Around the first steps to a database: PostgreSQL may not be there at all."""
    try:
        yield
    except OSError as error:
        raise PosternError(f"The database can't be reached: {error.strerror or 'no answer'}.") from None


@contextmanager
def database_errors() -> Iterator[None]:
    """Turn what the database says into one line. PostgreSQL may quote a row: only SQLite's words are kept."""
    try:
        yield
    except DBAPIError as error:
        said = error.orig if type(error.orig).__module__ == "sqlite3" else what_is_wrong(error.orig)
        raise PosternError(f"The database can't be used: {said}.") from None
    except Exception as error:
        if not type(error).__module__.startswith("asyncpg."):
            raise
        raise PosternError(f"The database can't be used: {what_is_wrong(error)}.") from None  # at connecting
