"""What a bot needs before it starts: its environment, and of Postern an installation with whatever shall be stored."""

from __future__ import annotations

import os
import secrets
import socket
import subprocess
import sys
from pathlib import Path

from nacl.public import PrivateKey

from benchmarks.filling import fill
from benchmarks.kinds import ROOT, Kind
from storage.public_key import encode_public

TOKEN = "700000001:" + "Token-for-the-benchmark" * 2
GROUP = -1_001_000_000_001


def command(kind: Kind) -> list[str]:
    """After Python's -m."""
    if not kind.postern:
        return ["benchmarks.plain_bot"]
    return ["benchmarks.with_aiograms_session" if kind.aiograms_session else "bot.cli", "run"]


def environments(kind: Kind, home: Path, url: str) -> list[dict[str, str]]:
    """One for each process; they differ in where they listen. `url`: of the Bot API server."""
    ports = [free_port() for _ in range(kind.processes)]
    common = {"PATH": os.environ["PATH"], "HOME": str(home), "PYTHONPATH": str(ROOT)}
    if kind.postern:
        settings = _settings(kind, home, url)
        if kind.webhook:
            settings |= {
                "WEBHOOK_URL": f"http://127.0.0.1:{ports[0]}/telegram",
                "WEBHOOK_SECRET": secrets.token_urlsafe(32),
            }
        made = common | {f"POSTERN_{name}": value for name, value in settings.items()}
        return [made | {"POSTERN_LISTEN": f"127.0.0.1:{port}"} for port in ports]
    made = common | {"PLAIN_API": url, "PLAIN_TOKEN": TOKEN, "PLAIN_GROUP": str(GROUP)}
    if kind.sqlite:
        made["PLAIN_DATABASE"] = str(home / "plain.sqlite")
    if kind.webhook:
        made["PLAIN_PORT"] = str(ports[0])
    return [made]


def _settings(kind: Kind, home: Path, url: str) -> dict[str, str]:
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
    return settings | ({"DATABASE_URL": kind.database} if kind.database else {})


def install(kind: Kind, home: Path, environment: dict[str, str]) -> None:
    if not kind.postern:
        return
    recovery = encode_public(bytes(PrivateKey.generate().public_key))
    arguments = [sys.executable, "-m", "bot.cli", "init", "--yes", "--recovery-pubkey", recovery]
    done = subprocess.run(arguments, cwd=home, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    if kind.operators or kind.stored is not None:
        fill(environment, kind.operators, kind.stored)


def free_port() -> int:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        return int(held.getsockname()[1])
