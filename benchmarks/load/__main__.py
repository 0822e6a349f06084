"""The load generator's process: commands come as lines of JSON on standard input, results leave on standard output.

{"do": "closed", "people": 32, "warm": 1, "seconds": 5, "pids": [4711]}
"""

from __future__ import annotations

import asyncio
import dataclasses
import gc
import sys
from typing import Any

import orjson
import uvloop

from benchmarks.load.feed import Feed
from benchmarks.load.http import Connection
from benchmarks.load.people import Crowd
from benchmarks.load.runs import Runs


async def main() -> None:
    feed = Feed()
    crowd = Crowd(feed)
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Connection(crowd.api.handle), "127.0.0.1", 0)
    say({"port": server.sockets[0].getsockname()[1]})
    runs = Runs(crowd, feed)
    commands: dict[str, Any] = {
        "closed": runs.closed,
        "open": runs.open,
        "hold": runs.hold,
        "first": runs.first,
        "say": runs.say,
        "balance": runs.balance,
    }
    lines = asyncio.StreamReader(limit=2**20)
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)
    while line := await lines.readline():
        given = orjson.loads(line)
        say(dataclasses.asdict(await commands[given.pop("do")](**given)))


def say(what: dict[str, Any]) -> None:
    sys.stdout.buffer.write(orjson.dumps(what) + b"\n")
    sys.stdout.buffer.flush()


if __name__ == "__main__":
    gc.freeze()
    uvloop.run(main())
