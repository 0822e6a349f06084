"""What `postern check` asks a PostgreSQL server: whether it keeps what was committed, and what it lets others see."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from sqlalchemy import text
from sqlalchemy.engine import URL, make_url

from bot.finding import Finding, note, problem
from bot.installation import database_errors, reaching
from bot.settings import Settings
from intake.errors import PosternError
from storage.database import connect

LEAST_VERSION = 13
"""Since then a transaction's fate can be asked for, see `storage.postgres`."""
LOCAL = frozenset({"localhost", "127.0.0.1", "::1"})
ASKED = (
    "archive_mode",
    "fsync",
    "full_page_writes",
    "log_min_duration_sample",
    "log_min_duration_statement",
    "log_statement",
    "synchronous_commit",
    "track_commit_timestamp",
)


@dataclass(frozen=True, slots=True)
class Facts:
    version: int
    """The major one."""
    local: bool
    """It is on this machine: what goes over the line stays here."""
    encrypted: bool
    verified: bool
    """The address demands that the server proves who it is."""
    superuser: bool
    settings: Mapping[str, str]


async def postgres(settings: Settings) -> list[Finding]:
    """Nothing for the embedded database, nor if the server can't be asked: that is said elsewhere."""
    url = settings.database()
    if url.startswith("sqlite"):
        return []
    try:
        with database_errors(), reaching():
            return list(judge(await ask(url)))
    except PosternError:
        return []


async def ask(url: str) -> Facts:
    engine = connect(url)
    try:
        async with engine.connect() as conn:
            version = (await conn.execute(text("SHOW server_version_num"))).scalar_one()
            encrypted = (
                await conn.execute(text("SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()"))
            ).scalar()
            superuser = (await conn.execute(text("SELECT current_setting('is_superuser')"))).scalar_one()
            rows = await conn.execute(text("SELECT name, setting FROM pg_settings"))
            found = {row.name: row.setting for row in rows}
    finally:
        await engine.dispose()
    return Facts(
        version=int(version) // 10_000,
        local=is_local(url),
        encrypted=bool(encrypted),
        verified=is_verified(url),
        superuser=superuser == "on",
        settings={name: found[name] for name in ASKED if name in found},
    )


def is_local(url: str) -> bool:
    return all(host in LOCAL or host.startswith("/") for host in _hosts(make_url(url)))


def is_verified(url: str) -> bool:
    return str(make_url(url).query.get("ssl", "")).startswith("verify")


def _hosts(address: URL) -> Iterator[str]:
    """Those of the address: one before the path, or several in its query, each perhaps with its port."""
    if address.host:
        yield address.host
    listed = address.query.get("host", ())
    for each in (listed,) if isinstance(listed, str) else listed:
        yield each if each.startswith("/") else each.partition(":")[0]


def judge(facts: Facts) -> Iterator[Finding]:
    if facts.version < LEAST_VERSION:
        yield problem(
            f"PostgreSQL is version {facts.version}, and Postern needs {LEAST_VERSION} or newer: update it."
        )
    yield from _line(facts)
    yield from _durability(facts.settings)
    yield from _traces(facts.settings)
    if facts.superuser:
        yield note(
            "Postern comes to PostgreSQL as a superuser: give it a role that owns its database and no more."
        )
    yield note(
        "On PostgreSQL, older versions of rows (drafts among them) stay in the server's files for up to a day, and in "
        "its log (WAL) for as long as it is kept: see docs/threat-model.md, and keep its disk encrypted."
    )


def _line(facts: Facts) -> Iterator[Finding]:
    if facts.local:
        return
    if not facts.encrypted:
        yield problem(
            "The line to PostgreSQL on another machine is not encrypted: add ?ssl=verify-full to POSTERN_DATABASE_URL, "
            "and give the server a certificate."
        )
    elif not facts.verified:
        yield note(
            "The line to PostgreSQL is encrypted, but nobody makes sure that it ends at the right server: add "
            "?ssl=verify-full to POSTERN_DATABASE_URL."
        )


def _durability(settings: Mapping[str, str]) -> Iterator[Finding]:
    off = [
        name for name in ("fsync", "full_page_writes", "synchronous_commit") if settings.get(name) == "off"
    ]
    if off:
        yield problem(
            f"PostgreSQL may lose, in a crash, what it said was committed ({', '.join(off)} is off): turn it on."
        )


def _traces(settings: Mapping[str, str]) -> Iterator[Finding]:
    every = [
        name
        for name in ("log_min_duration_statement", "log_min_duration_sample")
        if settings.get(name) == "0"
    ]
    if settings.get("log_statement") in {"mod", "all"}:
        every.append("log_statement")
    if every:
        yield problem(
            f"PostgreSQL writes statements and their values into its log ({', '.join(every)}). They are sealed or "
            "keyed hashes, but with the second beside them: turn it off for this database (ALTER DATABASE … SET …)."
        )
    elif any(
        settings.get(name, "-1") != "-1" for name in ("log_min_duration_statement", "log_min_duration_sample")
    ):
        yield note(
            "PostgreSQL writes slow statements and their values into its log, with the second beside them: set "
            "log_parameter_max_length = 0 to leave the values out."
        )
    if settings.get("track_commit_timestamp") == "on":
        yield problem(
            "PostgreSQL keeps the moment of every transaction (track_commit_timestamp), so whoever takes its files "
            "learns when each case came: turn it off."
        )
    if settings.get("archive_mode", "off") != "off":
        yield note(
            "PostgreSQL archives its log: what was erased can be read there, as sealed as it was, for as long as you "
            "keep the archive. Keep it no longer than POSTERN_RETENTION_DAYS promises."
        )
