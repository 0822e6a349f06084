"""The sender's seat on PostgreSQL: a lock that one session holds, on a connection of its own.

The same connection tells the server that this process is there, and carries rings between processes. A ring says
nothing but that it rang.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine
from sqlalchemy.pool import NullPool

from storage.advisory import SINGLE, Single

ANSWER_SECONDS = 4.0
"""How long the server may take for an answer; then the connection is given up, and the seat with it."""
CHANNEL = "postern_due"

_SETTINGS = {
    "application_name": "postern seat",
    # The server notices within 6 s that our machine or the network is gone.
    "tcp_keepalives_idle": "3",
    "tcp_keepalives_interval": "1",
    "tcp_keepalives_count": "3",
}
_ARRIVE = f"SELECT pg_advisory_lock_shared({SINGLE}, {Single.PRESENT})"
_TAKE = f"SELECT pg_try_advisory_lock({SINGLE}, {Single.SEAT})"
_STILL = "SELECT true"
_RING = f"NOTIFY {CHANNEL}"
_PRESENT = f"""
SELECT count(*) FROM pg_locks
WHERE locktype = 'advisory' AND classid = {SINGLE} AND objid = {Single.PRESENT} AND granted
AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
"""  # noqa: S608 - numbers of our own


class SessionSeat:
    def __init__(self, url: str) -> None:
        self.heard: Callable[[], None] | None = None
        self.lost: Callable[[], None] | None = None
        self._engine = create_async_engine(
            url,
            poolclass=NullPool,
            hide_parameters=True,
            isolation_level="AUTOCOMMIT",
            connect_args={"timeout": ANSWER_SECONDS, "server_settings": _SETTINGS},
        )
        self._conn: AsyncConnection | None = None
        self._raw: Any = None
        self._has = False
        self._owes_ring = False
        self._asking = asyncio.Lock()

    async def take(self) -> bool | None:
        answer = await self._ask(lambda: _STILL if self._has else _TAKE)
        self._has = bool(answer)
        return None if answer is None else self._has

    async def ring(self) -> None:
        self._owes_ring = True
        await self._ask(lambda: _STILL)

    async def present(self) -> int:
        return max(1, int(await self._ask(lambda: _PRESENT) or 1))

    async def leave(self) -> None:
        async with self._asking:
            self._has = False  # given back, not lost
            if self._raw is not None:
                with suppress(Exception):
                    await self._raw.close(timeout=1)
            await self._hang_up()

    async def _ask(self, question: Callable[[], str]) -> Any:
        """One value; None: the server can't be asked, and whatever this session held is gone.

        What is asked depends on what this session holds, which is known only when the line stands.
        """
        async with self._asking:
            try:
                async with asyncio.timeout(ANSWER_SECONDS):
                    raw = await self._line()
                    if self._owes_ring:
                        await raw.execute(_RING)
                        self._owes_ring = False
                    return await raw.fetchval(question())
            except Exception:  # whatever it is, this session's word counts no longer
                await self._hang_up()
                return None

    async def _line(self) -> Any:
        if self._raw is None or self._raw.is_closed():
            await self._hang_up()
            self._conn = await self._engine.connect()
            self._raw = (await self._conn.get_raw_connection()).driver_connection
            self._raw.add_termination_listener(self._ended)
            await self._raw.add_listener(CHANNEL, self._tell)
            await self._raw.execute(_ARRIVE)
        return self._raw

    async def _hang_up(self) -> None:
        conn, raw, self._conn, self._raw = self._conn, self._raw, None, None
        self._note_lost()
        if raw is not None and not raw.is_closed():
            raw.terminate()  # without waiting for a server that may not answer
        if conn is not None:
            with suppress(Exception):
                await conn.invalidate()
                await conn.close()

    def _ended(self, raw: object) -> None:
        """The line is cut: the server gives the seat to the next one who asks, so we don't wait until we ask again."""
        if raw is self._raw:
            self._note_lost()

    def _note_lost(self) -> None:
        had, self._has = self._has, False
        if had and self.lost is not None:
            self.lost()

    def _tell(self, *_: object) -> None:
        if self.heard is not None:
            self.heard()
