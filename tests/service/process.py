"""`postern run` as a process of its own, which gets an environment and nothing else."""

from __future__ import annotations

import asyncio
import json
import signal
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.bot.installed import Place
from tests.fire.clock_file import CLOCK_FILE

START_SECONDS = 60.0
STOP_SECONDS = 10.0


@dataclass
class Service:
    """Starts, stops and is killed, as often as a test likes; all its lives write the same log."""

    place: Place
    name: str = "service"
    """Of its log; several processes of one installation have one each."""
    clock_file: Path | None = None
    """A file that moves its clock, see `tests.fire.clock_file`."""
    _process: asyncio.subprocess.Process | None = field(default=None, repr=False)
    _read: int = 0

    @property
    def log_path(self) -> Path:
        return self.place.home / f"{self.name}.log"

    async def start(self, **changed: str) -> None:
        """Returns when the service says that it is ready. `changed`: settings that differ this time."""
        before = self._times_ready()
        place = Place(self.place.home, self.place.settings | changed)
        with self.log_path.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                *(("tests.fire.alone",) if self.clock_file else ("bot.cli", "run")),
                cwd=self.place.home,
                env=place.environment | ({CLOCK_FILE: str(self.clock_file)} if self.clock_file else {}),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        deadline = time.monotonic() + START_SECONDS
        while self._times_ready() == before:
            assert self._process.returncode is None, (
                f"the service did not start:\n{self.log_path.read_text()}"
            )
            assert time.monotonic() < deadline, "the service did not start in time"
            await asyncio.sleep(0.05)

    async def stop(self) -> None:
        """SIGTERM; fails unless the service ends by itself, in time, with exit code 0."""
        assert self._process is not None
        self._process.send_signal(signal.SIGTERM)
        try:
            code = await asyncio.wait_for(self._process.wait(), STOP_SECONDS)
        except TimeoutError:
            await self.kill()
            raise AssertionError(f"the service did not stop within {STOP_SECONDS:g} s") from None
        self._process = None
        assert code == 0, f"the service ended with exit code {code}:\n{self.log_path.read_text()}"

    async def kill(self) -> None:
        """SIGKILL: it gets no chance to do anything."""
        if self._process is not None:
            if self._process.returncode is None:
                self._process.kill()
            await self._process.wait()
            self._process = None

    @property
    def runs(self) -> bool:
        return self._process is not None and self._process.returncode is None

    def log(self) -> list[dict[str, Any]]:
        """Every event so far; a line that isn't one, such as a traceback's, counts as an error."""
        if not self.log_path.exists():
            return []
        return [_event(line) for line in self.log_path.read_text().splitlines()]

    def new_errors(self) -> list[dict[str, Any]]:
        """Events of level error or worse since the last time somebody asked."""
        events = self.log()
        found = [e for e in events[self._read :] if e.get("level") not in {"debug", "info", "warning"}]
        self._read = len(events)
        return found

    def _times_ready(self) -> int:
        return sum(event.get("event") == "postern is ready" for event in self.log())


def _event(line: str) -> dict[str, Any]:
    try:
        event = json.loads(line)
    except ValueError:
        event = None
    return event if isinstance(event, dict) else {"level": "error", "line": line}
