"""The bots that are compared, each a process of its own with a Bot API server of its own; all but one are idle."""

from __future__ import annotations

import json
import os
import secrets
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from nacl.public import PrivateKey

from benchmarks.filling import fill
from storage.public_key import encode_public

ROOT = Path(__file__).parents[1]
TOKEN = "700000001:" + "Token-for-the-benchmark" * 2
GROUP = -1_001_000_000_001
START_WITHIN = 60.0
LOAD_CORE, BOT_CORE = 0, 1
"""Two cores: one for the load generator and this process, the other for the bot that is measured."""


@dataclass(frozen=True)
class Kind:
    """One line of the tables."""

    name: str
    postern: bool = True
    webhook: bool = False
    sqlite: bool = False
    """Of a plain bot: one row for each answer."""
    questionnaire: str = str(ROOT / "benchmarks" / "six.yaml")
    operators: int = 0
    """Keys that each case is sealed to, besides the recovery key."""
    card_delay: int = 0
    """Minutes. At once, as the plain bots' summaries; but the group's limit is kept, unlike by them."""
    stored: tuple[int, int] | None = None
    """Cases that are there before it starts, (open, closed); and staff that can ask for them."""


PLAIN = Kind("plain aiogram, stores nothing", postern=False)
PLAIN_SQLITE = Kind("plain aiogram, one SQLite row an answer", postern=False, sqlite=True)
PLAIN_WEBHOOK = replace(PLAIN, name="plain aiogram, webhook", webhook=True)
PLAIN_SQLITE_WEBHOOK = replace(PLAIN_SQLITE, name="the same with SQLite, webhook", webhook=True)
POSTERN = Kind("postern")
POSTERN_WEBHOOK = replace(POSTERN, name="postern, webhook", webhook=True)
POSTERN_30 = replace(POSTERN, name="postern, 30 operators' keys", operators=30)
POSTERN_LEAVE = Kind("postern, leave-service", questionnaire="leave-service", card_delay=30)
"""The questionnaire that it comes with: four languages, ticks, a text; its cards wait as they do by default."""


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
    process: subprocess.Popen[bytes]
    ready_after: float = 0.0
    """Seconds from its start until it asked for updates, and until it had answered somebody; and CPU till then."""
    ready_cpu: float = 0.0
    answered_after: float = 0.0
    answered_cpu: float = 0.0

    @property
    def pid(self) -> int:
        return self.process.pid

    def log(self) -> str:
        return (self.home / "log").read_text()[-4000:]


@contextmanager
def running(kind: Kind, home: Path, under: Sequence[str] = ()) -> Iterator[Contestant]:
    """The bot and its Bot API server; it answers already. `home` is a folder of its own, still empty.

    `under`: what Python runs the bot with, such as a profiler, after its -m.
    """
    home.mkdir(parents=True)
    load = Load()
    try:
        environment = _environment(kind, home, load.url)
        if kind.postern:
            _install(kind, home, environment)
        command = ["bot.cli", "run"] if kind.postern else ["benchmarks.plain_bot"]
        began = time.monotonic()
        process = start([*under, *command], home, environment)
        try:
            found = Contestant(kind, load, home, process)
            first = load.run("first", pid=process.pid, patience=START_WITHIN)
            assert process.poll() is None, f"{kind.name} has ended\n{found.log()}"
            assert not first["lost"], f"{kind.name} does not answer\n{found.log()}"
            found.ready_after, found.ready_cpu = first["ready_at"] - began, first["ready_cpu"]
            found.answered_after, found.answered_cpu = first["seconds"] - began, first["bot_cpu"]
            pin(process.pid, BOT_CORE)
            yield found
        finally:
            process.kill()
            process.wait()
    finally:
        load.close()


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


def start(command: list[str], home: Path, environment: dict[str, str]) -> subprocess.Popen[bytes]:
    with (home / "log").open("ab") as log:
        return subprocess.Popen(
            [sys.executable, "-m", *command],
            cwd=home,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
        )


def _environment(kind: Kind, home: Path, url: str) -> dict[str, str]:
    port = free_port()
    common = {"PATH": os.environ["PATH"], "HOME": str(home), "PYTHONPATH": str(ROOT)}
    if not kind.postern:
        plain = {"PLAIN_API": url, "PLAIN_TOKEN": TOKEN, "PLAIN_GROUP": str(GROUP)}
        database = {"PLAIN_DATABASE": str(home / "plain.sqlite")} if kind.sqlite else {}
        return common | plain | database | ({"PLAIN_PORT": str(port)} if kind.webhook else {})
    settings = {
        "BOT_TOKEN": TOKEN,
        "BOT_API_URL": url,
        "DATA_DIR": str(home / "data"),
        "SERVER_KEY_FILE": str(home / "server.key"),
        "OPERATORS_CHAT": str(GROUP),
        "QUESTIONNAIRE": kind.questionnaire,
        "CARD_DELAY_MINUTES": str(kind.card_delay),
        "THROTTLE": "0",
    }
    if kind.webhook:
        settings |= {
            "WEBHOOK_URL": f"http://127.0.0.1:{port}/telegram",
            "WEBHOOK_SECRET": secrets.token_urlsafe(32),
            "LISTEN": f"127.0.0.1:{port}",
        }
    return common | {f"POSTERN_{name}": value for name, value in settings.items()}


def _install(kind: Kind, home: Path, environment: dict[str, str]) -> None:
    def postern(*arguments: str) -> None:
        command = [sys.executable, "-m", "bot.cli", *arguments]
        done = subprocess.run(command, cwd=home, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr

    postern("init", "--yes", "--recovery-pubkey", new_public_key())
    for number in range(kind.operators):
        postern("operators", "add", f"operator-{number}", new_public_key())
    if kind.stored is not None:
        fill(environment, *kind.stored)


def new_public_key() -> str:
    return encode_public(bytes(PrivateKey.generate().public_key))


def free_port() -> int:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        return int(held.getsockname()[1])
