"""PostgreSQL goes away and comes back: the service waits, and nobody's answer is lost."""

from __future__ import annotations

import asyncio
import signal
from pathlib import Path

from tests.fire.counts import Counts
from tests.fire.database_faults import through
from tests.fire.field import Field
from tests.postgres import PostgresServer


async def dropped(
    home: Path, *, seed: int, people: int, times: int, database: str, server: PostgresServer
) -> Counts:
    """Every connection is cut, in whatever state it is."""

    async def drop(_: Field) -> None:
        await server.drop_connections(database)
        await asyncio.sleep(0.5)

    return await through(home, seed, people, times, drop, database)


async def restarted(
    home: Path, *, seed: int, people: int, times: int, database: str, server: PostgresServer
) -> Counts:
    """The server is stopped, or crashes, and is there again some seconds later, as in a failover."""

    async def restart(field: Field) -> None:
        how = field.random.choice([signal.SIGINT, signal.SIGQUIT])
        await asyncio.to_thread(server.stop, how)
        await asyncio.sleep(1.0 + 4.0 * field.random.random())
        await asyncio.to_thread(server.start)

    return await through(home, seed, people, times, restart, database)
