"""Logs that hold no requester: what may pass is listed; everything else stays out, at every level.

Three roads lead into the log and each is narrowed here. Our own events keep only the fields in `FIELDS`.
Exceptions are reduced to their types and the places in the code: messages and locals can hold anything.
Records of the libraries under us, whose arguments can hold anything too, are reduced to the library's name.
"""

from __future__ import annotations

import asyncio
import logging
import re
import sys
import threading
import traceback
from collections.abc import Iterator, Mapping, MutableMapping
from contextlib import suppress
from io import TextIOBase
from pathlib import Path
from typing import Any, Literal, TextIO, cast

import structlog

FIELDS = frozenset(
    {"event", "level", "timestamp", "error", "where", "logger"}
    | {
        "attempts",
        "count",
        "job",
        "kind",
        "mode",
        "month",
        "port",
        "questionnaire",
        "seconds",
        "signal",
        "version",
    }
)
"""The only fields of an event that are written."""

_EVENT = re.compile(r"[a-z][a-z ,:;'()/-]{0,119}")
_WORD = re.compile(r"[\w.:/+-]{1,60}", re.ASCII)
_PLACES_SHOWN = 8
_LIBRARY_LEVEL = logging.WARNING
"""Below this a library says what it does for whom and when: one line for each person's turn."""

Event = MutableMapping[str, Any]


def configure(
    log_format: Literal["console", "json"] = "console", level: str = "INFO", stream: TextIO = sys.stderr
) -> None:
    """Set up all logging of this process, ours and the libraries'. Called once, when a command starts."""
    least = logging.getLevelNamesMapping()[level.upper()]
    renderer: Any = (
        structlog.processors.JSONRenderer()
        if log_format == "json"
        else structlog.dev.ConsoleRenderer(colors=stream.isatty())
    )
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            reduce_exception,
            only_known,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(least),
        logger_factory=structlog.PrintLoggerFactory(cast("TextIO", _Unfailing(stream))),
        cache_logger_on_first_use=False,
    )
    logging.basicConfig(
        handlers=[_LibraryHandler(max(least, _LIBRARY_LEVEL))], level=_LIBRARY_LEVEL, force=True
    )
    logging.captureWarnings(capture=True)
    logging.raiseExceptions = False  # a logging error would print the record's arguments
    sys.excepthook = _uncaught
    sys.unraisablehook = lambda found: _uncaught(found.exc_type, found.exc_value, found.exc_traceback)
    threading.excepthook = lambda found: _uncaught(found.exc_type, found.exc_value, found.exc_traceback)


class _Unfailing(TextIOBase):
    """A stream whose failures cost a line, and nothing else.

    A full disk, or a reader that has gone, must not end the loop that only wanted to say that something is wrong.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        with suppress(OSError):
            self._stream.write(text)
        return len(text)

    def flush(self) -> None:
        with suppress(OSError):
            self._stream.flush()


def watch(loop: asyncio.AbstractEventLoop) -> None:
    """Log what a task of this loop left uncaught, in the same reduced form."""
    loop.set_exception_handler(
        lambda _, context: structlog.get_logger().error(
            "an exception was left uncaught", exc_info=context.get("exception")
        )
    )


def reduce_exception(_: Any, __: str, event: Event) -> Event:
    """Replace `exc_info` by `error`, its type and those of its causes, and `where`, innermost place first."""
    found = event.pop("exc_info", None)
    if found is True:
        found = sys.exc_info()[1]
    elif isinstance(found, tuple):
        found = found[1]
    if isinstance(found, BaseException):
        event["error"] = " from ".join(type(one).__name__ for one in _chain(found))
        event["where"] = " < ".join(_places(found))
    return event


def only_known(_: Any, __: str, event: Event) -> Mapping[str, Any]:
    """Drop every field that is not in `FIELDS`, and every value that isn't a number or one short word."""
    kept = {key: value for key, value in event.items() if key in FIELDS and _is_plain(key, value)}
    if not _EVENT.fullmatch(str(event.get("event", ""))):
        kept["event"] = "an event without a fixed text"
    return kept


def _is_plain(key: str, value: object) -> bool:
    if key in {"event", "error", "where"}:  # checked or made above
        return isinstance(value, str)
    return isinstance(value, bool | int | float) or (isinstance(value, str) and bool(_WORD.fullmatch(value)))


class _LibraryHandler(logging.Handler):
    def emit(self, record: logging.LogRecord) -> None:
        log = structlog.get_logger()
        log.log(record.levelno, "a library reports", logger=record.name, exc_info=record.exc_info)


def _chain(error: BaseException) -> Iterator[BaseException]:
    seen: set[int] = set()
    current: BaseException | None = error
    while current is not None and id(current) not in seen:
        seen.add(id(current))
        yield current
        current = current.__cause__ or (None if current.__suppress_context__ else current.__context__)


def _places(error: BaseException) -> Iterator[str]:
    frames = traceback.extract_tb(error.__traceback__)
    for frame in frames[: -_PLACES_SHOWN - 1 : -1]:
        yield f"{'/'.join(Path(frame.filename).parts[-2:])}:{frame.lineno} {frame.name}"


def _uncaught(_: type[BaseException], error: BaseException | None, __: Any) -> None:
    structlog.get_logger().critical("an exception was left uncaught", exc_info=error)
