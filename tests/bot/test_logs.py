"""No log line holds anything of a requester, at any level, whoever writes it and however it fails."""

from __future__ import annotations

import asyncio
import errno
import io
import json
import logging
import sys
import warnings
from collections.abc import Iterator
from typing import Literal

import pytest
import structlog

from bot import logs

PLANTED = ("Natalia Planted", "770123456789", "my brother is held at", "55501", "-1009876543210")
NAME, ACCOUNT, ANSWER, UPDATE, CHAT = PLANTED


@pytest.fixture(params=["json", "console"])
def stream(request: pytest.FixtureRequest) -> Iterator[io.StringIO]:
    log_format: Literal["json", "console"] = request.param
    hooks = sys.excepthook, sys.unraisablehook
    stream = io.StringIO()
    logs.configure(log_format, "DEBUG", stream)
    yield stream
    sys.excepthook, sys.unraisablehook = hooks
    assert not [planted for planted in PLANTED if planted in stream.getvalue()]


class Loud(Exception):
    """An error that repeats what it was given, as database errors do."""


def _raise() -> None:
    raise Loud(f"{NAME} [parameters: ('{ANSWER}', {ACCOUNT})]")


def _raise_nested() -> None:
    try:
        _raise()
    except Loud as error:
        raise RuntimeError(ANSWER, CHAT) from error


def test_only_listed_fields_are_written(stream: io.StringIO) -> None:
    log = structlog.get_logger()
    log.info("updates taken", count=3, seconds=1.5, kind="Send", user_id=int(ACCOUNT), text=ANSWER, chat=CHAT)
    log.debug("updates taken", name=NAME, update=UPDATE)
    assert "updates taken" in stream.getvalue()
    assert "1.5" in stream.getvalue()


def test_a_listed_field_takes_numbers_and_single_words_only(stream: io.StringIO) -> None:
    structlog.get_logger().info("job done", kind=ANSWER, job={"name": NAME}, mode=[ACCOUNT], count=b"55501")
    assert "job done" in stream.getvalue()


def test_an_event_must_be_a_fixed_text(stream: io.StringIO) -> None:
    structlog.get_logger().info(f"update {UPDATE} of {NAME}")
    structlog.get_logger().info("text: %s", ANSWER.upper())
    assert stream.getvalue().count("an event without a fixed text") == 2


def test_exceptions_are_reduced_to_types_and_places(stream: io.StringIO) -> None:
    try:
        _raise_nested()
    except RuntimeError:
        structlog.get_logger().exception("a turn failed")
    assert "RuntimeError from Loud" in stream.getvalue()
    assert "_raise_nested" in stream.getvalue()
    assert "bot/test_logs.py:" in stream.getvalue()


@pytest.mark.parametrize(
    "name", ["aiogram.event", "aiohttp.access", "asyncio", "sqlalchemy.engine", "alembic"]
)
def test_libraries_are_reduced_to_their_name(stream: io.StringIO, name: str) -> None:
    library = logging.getLogger(name)
    library.setLevel(logging.DEBUG)  # as a library or a stray configuration may do
    library.debug("INSERT %s", ANSWER)
    library.info("Update id=%s is handled for %s", UPDATE, NAME)
    assert stream.getvalue() == ""
    try:
        _raise_nested()
    except RuntimeError:
        library.exception("failed for %s", CHAT)
    library.warning("%s %s", NAME)  # one argument short: logging's own complaint would show the others
    assert name in stream.getvalue()
    assert "RuntimeError" in stream.getvalue()


def test_warnings_are_reduced_too(stream: io.StringIO) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        logging.captureWarnings(capture=False)  # pytest has put its own hook in place of ours
        logging.captureWarnings(capture=True)
        warnings.warn(f"bad value {ANSWER}", stacklevel=1)
    assert "py.warnings" in stream.getvalue()


def test_what_nobody_caught_is_reduced(stream: io.StringIO, capsys: pytest.CaptureFixture[str]) -> None:
    try:
        _raise_nested()
    except RuntimeError as error:
        sys.excepthook(type(error), error, error.__traceback__)
    assert "an exception was left uncaught" in stream.getvalue()
    assert capsys.readouterr() == ("", "")


async def test_a_forgotten_task_is_reported_without_its_words(stream: io.StringIO) -> None:
    async def fails() -> None:
        _raise_nested()

    logs.watch(asyncio.get_running_loop())
    task = asyncio.create_task(fails())
    await asyncio.wait([task])
    del task
    await asyncio.sleep(0)
    assert "an exception was left uncaught" in stream.getvalue()
    assert "RuntimeError from Loud" in stream.getvalue()


def test_the_level_is_kept() -> None:
    stream = io.StringIO()
    logs.configure("json", "ERROR", stream)
    structlog.get_logger().warning("telegram can't be reached")
    logging.getLogger("aiohttp").warning("x")
    assert stream.getvalue() == ""
    structlog.get_logger().error("a turn failed")
    assert json.loads(stream.getvalue())["level"] == "error"


def test_a_line_that_cannot_be_written_is_lost_and_nothing_else() -> None:
    """A full disk under the log once ended the loop that only wanted to say so."""

    class Full(io.StringIO):
        def write(self, _: str) -> int:
            raise OSError(errno.ENOSPC, "no space left")

    logs.configure("json", "INFO", Full())
    structlog.get_logger().error("the disk is full")
