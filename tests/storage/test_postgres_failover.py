"""A standby takes over: what was committed is there, what was under way is done once, and nobody restarts."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

import pytest

from storage import meta
from storage.database import Tx, hold_counts
from storage.opening import open_database
from storage.seat import open_seat
from storage.vault import Vault
from tests.postgres import ROLE, PostgresServer, database_of, postgres_server, standby_of
from tests.service.town import free_port
from tests.storage.test_seat import until


@dataclass(frozen=True)
class Servers:
    primary: PostgresServer
    standby: PostgresServer
    hosts: str
    """Of both, as an address names them."""

    async def failover(self) -> None:
        """The machine of the primary is gone, and somebody notices after a moment."""
        await asyncio.to_thread(self.primary.crash)
        await asyncio.sleep(0.5)
        await self.standby.sql("SELECT pg_promote()")


@pytest.fixture
def servers() -> Iterator[Servers]:
    ports = free_port(), free_port()
    listening = [{"listen_addresses": "127.0.0.1", "port": str(port)} for port in ports]
    with postgres_server(**listening[0]) as primary, standby_of(primary, **listening[1]) as standby:
        hosts = "&".join(f"host=127.0.0.1:{port}" for port in ports)
        yield Servers(primary, standby, f"{hosts}&target_session_attrs=primary")


def once(number: int, tx: Tx) -> None:
    """As a turn does it: what has happened already does not happen again."""
    hold_counts(tx)
    if meta.first_time(tx, number, 19_000):
        meta.put(tx, "count", str(int(meta.get(tx, "count") or b"0") + 1).encode())


async def test_what_was_under_way_is_done_once_by_the_server_that_took_over(
    servers: Servers, vault: Vault
) -> None:
    made = await servers.primary.fresh()
    arrived = "SELECT 1 FROM pg_database WHERE datname = $1"
    await until(lambda: servers.standby.sql(arrived, database_of(made)))
    # A commit waits until the standby has it.
    await servers.primary.sql("ALTER SYSTEM SET synchronous_standby_names = '*'")
    await servers.primary.sql("SELECT pg_reload_conf()")
    url = f"postgresql+asyncpg://{ROLE}@/{database_of(made)}?{servers.hosts}"
    db, seat = open_database(url, vault), open_seat(url)
    try:
        assert await seat.take()
        works = [asyncio.create_task(db.write(partial(once, n), bytes([n]) * 16)) for n in range(20)]
        await asyncio.gather(*works[:5])
        late = [asyncio.create_task(db.write(partial(once, n), bytes([n]) * 16)) for n in range(20, 40)]
        await asyncio.sleep(0)
        await servers.failover()
        await asyncio.gather(*works, *late)
        await db.write(partial(once, 0))
        counted = await db.read(lambda tx: meta.get(tx, "count"))
        assert counted == b"40"
        await until(seat.take, within=10)
    finally:
        await seat.leave()
        await db.close()
