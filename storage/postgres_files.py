"""What erased rows leave in PostgreSQL's files.

PostgreSQL keeps old versions of rows beside the new ones, and VACUUM only lets their room be used again: their bytes
stay until something else is written over them. A table that is written anew has none of them; its old file goes. It is
written in the order of its random keys, so that neither the file nor a dump tells in which order the rows came.

Where this ends: the numbers of the transactions that wrote the rows stay, and so does the server's log of what was
written (WAL) for as long as the server keeps it, or an archive does. docs/threat-model.md says what that means.
"""

from __future__ import annotations

from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.database import connect
from storage.schema import metadata

MOST_TO_REWRITE = 256 * 1024 * 1024
"""Bytes of a table: while it is written anew, whoever wants it waits, a second or two at this size."""
LOCK_SECONDS = 2
"""How long it is waited until nobody uses a table. Turns wait meanwhile."""
NOT_FREE = "55P03"


async def rewrite(url: str) -> bool:
    """Write every table anew that isn't too large. False: one was in use all the time; ask again later."""
    engine = connect(url)
    try:
        async with engine.connect() as conn:
            conn = await conn.execution_options(isolation_level="AUTOCOMMIT")
            await conn.exec_driver_sql(f"SET lock_timeout = '{LOCK_SECONDS}s'")
            return all([await _rewrite(conn, table.name) for table in metadata.sorted_tables])
    finally:
        await engine.dispose()


async def _rewrite(conn: AsyncConnection, table: str) -> bool:
    size = (await conn.exec_driver_sql("SELECT pg_table_size($1::text::regclass)", (table,))).scalar_one()
    try:
        if size > MOST_TO_REWRITE:
            await conn.exec_driver_sql(f"VACUUM {table}")
        else:
            await conn.exec_driver_sql(f"CLUSTER {table} USING {table}_pkey")
    except DBAPIError as error:
        if getattr(error.orig, "sqlstate", None) == NOT_FREE:
            return False
        raise
    return True
