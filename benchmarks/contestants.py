"""The bots that are compared, each a process of its own with a Bot API server of its own; all but one are idle."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.installing import command, environments, install
from benchmarks.kernel import resident_kilobytes
from benchmarks.kinds import ROOT, Kind

START_WITHIN = 60.0
LOAD_CORE, BOT_CORE = 0, 1
"""Two cores: one for the load generator and this process, the other for the bot that is measured."""


class Load:
    """The load generator's process."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.load"],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        pin(self._process.pid, LOAD_CORE)
        self.url = f"http://127.0.0.1:{self._read()['port']}"

    def run(self, what: str, **given: Any) -> dict[str, Any]:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps({"do": what, **given}).encode() + b"\n")
        self._process.stdin.flush()
        return self._read()

    def _read(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        assert line, "the load generator has ended"
        found: dict[str, Any] = json.loads(line)
        return found

    def close(self) -> None:
        self._process.kill()
        self._process.communicate()


@dataclass
class Contestant:
    kind: Kind
    load: Load
    home: Path
    processes: list[subprocess.Popen[bytes]] = field(default_factory=list)
    ready_after: float = 0.0
    """Seconds from its start until it asked for updates, and until it had answered somebody; and CPU till then."""
    ready_cpu: float = 0.0
    answered_after: float = 0.0
    answered_cpu: float = 0.0

    @property
    def pids(self) -> list[int]:
        return [process.pid for process in self.processes]

    @property
    def resident(self) -> float:
        """Megabytes."""
        return sum(resident_kilobytes(pid) for pid in self.pids) / 1024

    def log(self) -> str:
        return (self.home / "log").read_text()[-4000:]

    def start(self, arguments: Sequence[str], environment: dict[str, str]) -> None:
        with (self.home / "log").open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", *arguments],
                cwd=self.home,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        self.processes.append(process)

    def end(self) -> None:
        for process in self.processes:
            process.kill()
            process.wait()


@contextmanager
def running(kind: Kind, home: Path, under: Sequence[str] = ()) -> Iterator[Contestant]:
    """The bot and its Bot API server; it answers already. `home` is a folder of its own, still empty.

    `under`: what Python runs the bot with, such as a profiler, after its -m.
    """
    home.mkdir(parents=True)
    bot = Contestant(kind, Load(), home)
    try:
        places = environments(kind, home, bot.load.url)
        install(kind, home, places[0])
        _begin(bot, [*under, *command(kind)], places)
        for process, core in zip(bot.processes, (BOT_CORE, LOAD_CORE), strict=False):
            pin(process.pid, core)
        yield bot
    finally:
        bot.end()
        bot.load.close()


def _begin(bot: Contestant, arguments: Sequence[str], places: Sequence[dict[str, str]]) -> None:
    """The first process, until it has answered somebody; then the others, until they are ready too."""
    began = time.monotonic()
    bot.start(arguments, places[0])
    first = bot.load.run("first", pid=bot.pids[0], patience=START_WITHIN)
    assert bot.processes[0].poll() is None, f"{bot.kind.name} has ended\n{bot.log()}"
    assert not first["lost"], f"{bot.kind.name} does not answer\n{bot.log()}"
    bot.ready_after, bot.ready_cpu = first["ready_at"] - began, first["ready_cpu"]
    bot.answered_after, bot.answered_cpu = first["seconds"] - began, first["bot_cpu"]
    for place in places[1:]:
        bot.start(arguments, place)
    if places[1:]:
        ports = [int(place["POSTERN_LISTEN"].rpartition(":")[2]) for place in places]
        bot.load.run("balance", ports=ports, patience=START_WITHIN)


class Stage(AbstractContextManager["Stage"]):
    """The bots that have been asked for so far; each is started once, and waits idle until it is its turn."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self._stack = ExitStack()
        self._bots: dict[Kind, Contestant] = {}

    def bots(self, kinds: Sequence[Kind]) -> list[Contestant]:
        missing = [kind for kind in kinds if kind not in self._bots]
        managers = [
            running(kind, self.home / str(len(self._bots) + place)) for place, kind in enumerate(missing)
        ]
        with ThreadPoolExecutor(os.cpu_count()) as threads:
            found = list(threads.map(self._stack.enter_context, managers))
        self._bots |= dict(zip(missing, found, strict=True))
        return [self._bots[kind] for kind in kinds]

    def __exit__(self, *_: object) -> None:
        self._stack.close()


def pin(pid: int, core: int) -> None:
    """All threads that it has; those that come inherit it."""
    for task in Path(f"/proc/{pid}/task").iterdir():
        os.sched_setaffinity(int(task.name), {core})
