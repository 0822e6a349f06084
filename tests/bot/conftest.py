"""What the tests of the command line and of the running parts start from."""

from __future__ import annotations

import io
import logging
import sys
import threading
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import structlog

from bot import logs
from bot.persistence import Persistence
from bot.telegram import Telegram
from tests.bot.api_server import ApiServer, bot_api
from tests.bot.installed import RECOVERY, Place, Shell
from tests.bot.trouble import persistence
from tests.handlers.desk import World, make_world


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """An empty home folder."""
    return Place(tmp_path)


@pytest.fixture
def shell(place: Place, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Shell:
    """Commands in the empty home folder."""
    return Shell(place, monkeypatch, capsys)


@pytest.fixture
def installed(shell: Shell) -> Shell:
    """Commands on a new installation, whose only recipient is the recovery key."""
    assert shell("init", "--yes", "--recovery-pubkey", RECOVERY).code == 0
    return shell


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    """A desk over a real database."""
    async with make_world(tmp_path) as made:
        yield made


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """What the service logs."""
    stream = io.StringIO()
    hooks = sys.excepthook, sys.unraisablehook, threading.excepthook, logging.raiseExceptions
    handlers, level = logging.root.handlers[:], logging.root.level
    logs.configure("json", "DEBUG", stream)
    yield stream
    sys.excepthook, sys.unraisablehook, threading.excepthook, logging.raiseExceptions = hooks
    logging.captureWarnings(capture=False)
    logging.root.handlers[:] = handlers
    logging.root.setLevel(level)
    structlog.reset_defaults()


@pytest.fixture
async def api() -> AsyncIterator[tuple[ApiServer, Telegram]]:
    """A Bot API server, and a client of it."""
    async with bot_api() as both:
        yield both


@pytest.fixture
def patient(world: World) -> Persistence:
    """What is done about turns that fail; it waits for milliseconds where the service waits for seconds."""
    return persistence(world)
