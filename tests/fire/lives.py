"""The service's lives, one after another: started from a preloaded parent, and ended as a scenario likes."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.bot.installed import ROOT

START_SECONDS = 240.0


@dataclass
class Launcher:
    """The preloaded parent. One of them can start lives of several services."""

    _process: asyncio.subprocess.Process | None = None
    _pids: asyncio.Queue[int] = field(default_factory=asyncio.Queue)
    _ended: dict[int, int] = field(default_factory=dict)
    _news: asyncio.Event = field(default_factory=asyncio.Event)
    _reading: asyncio.Task[None] | None = None

    async def open(self) -> None:
        self._process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "tests.fire.launcher",
            cwd=ROOT,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
        )
        await asyncio.wait_for(self._line(), START_SECONDS)
        self._reading = asyncio.create_task(self._read())

    async def close(self) -> None:
        if self._process is not None and self._process.stdin is not None:
            self._process.stdin.close()
            await self._process.wait()
        if self._reading is not None:
            await asyncio.gather(self._reading, return_exceptions=True)

    async def start(self, home: Path, environment: Mapping[str, str], log: Path) -> int:
        """A new life; its process id."""
        assert self._process is not None
        assert self._process.stdin is not None
        order = {"home": str(home), "env": dict(environment), "log": str(log)}
        self._process.stdin.write(json.dumps(order).encode() + b"\n")
        return await asyncio.wait_for(self._pids.get(), START_SECONDS)

    def has_ended(self, pid: int) -> bool:
        return pid in self._ended

    async def end_of(self, pid: int, within: float = 20.0) -> int:
        """The exit code, negative for a signal. Raises TimeoutError."""
        async with asyncio.timeout(within):
            while pid not in self._ended:
                self._news.clear()
                await self._news.wait()
        return self._ended[pid]

    async def _line(self) -> dict[str, Any]:
        assert self._process is not None
        assert self._process.stdout is not None
        line = await self._process.stdout.readline()
        found: dict[str, Any] = json.loads(line) if line else {}
        return found

    async def _read(self) -> None:
        while news := await self._line():
            if "pid" in news:
                self._pids.put_nowait(news["pid"])
            else:
                self._ended[news["ended"]] = news["status"]
                self._news.set()


_shared: list[Launcher] = []


@asynccontextmanager
async def one_launcher() -> AsyncIterator[Launcher]:
    """A launcher that all fields opened meanwhile, in this event loop, have their lives from."""
    if _shared:
        yield _shared[0]
        return
    launcher = Launcher()
    await launcher.open()
    _shared.append(launcher)
    try:
        yield launcher
    finally:
        _shared.clear()
        await launcher.close()


@dataclass
class Life:
    launcher: Launcher
    pid: int

    @property
    def over(self) -> bool:
        return self.launcher.has_ended(self.pid)

    def kill(self) -> None:
        """SIGKILL, at this very instant."""
        self.signal(signal.SIGKILL)

    def signal(self, number: int) -> None:
        if not self.over:
            try:
                os.kill(self.pid, number)
            except ProcessLookupError:
                return

    async def gone(self) -> int:
        return await self.launcher.end_of(self.pid)

    async def stop(self) -> int:
        """SIGTERM; the exit code. Killed if it takes longer than a deployer's system waits."""
        self.signal(signal.SIGTERM)
        try:
            return await self.launcher.end_of(self.pid, 12.0)
        except TimeoutError:
            self.kill()
            await self.gone()
            return -signal.SIGKILL
