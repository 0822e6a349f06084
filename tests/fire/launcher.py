"""Lives of the service without the seconds that its imports take: everything is imported once, then forked.

    python -m tests.fire.launcher

Reads one JSON object a line: {"home", "env", "log"}; answers {"pid"} and, when a life has ended, {"ended", "status"}.
Each child runs what `postern run` runs, with this environment and nothing else. There is no thread and no event
loop in the parent, so a fork is as good as a start.
"""

from __future__ import annotations

import ctypes
import gc
import json
import os
import select
import signal
import sys
import traceback
from pathlib import Path
from typing import Any

import aiosqlite  # noqa: F401 - imported here so that no child has to
import alembic.command
import alembic.script  # noqa: F401
import asyncpg  # noqa: F401
import sqlalchemy.dialects.postgresql.asyncpg  # noqa: F401
import uvloop  # noqa: F401

import bot.app  # noqa: F401
import storage.postgres
import storage.sqlite  # noqa: F401
from bot import cli
from tests.fire import child

_DIE_WITH_PARENT = 1
_LINE = b"\n"


def main() -> None:
    child.preload()
    _say({"ready": os.getpid()})
    gc.collect()
    gc.freeze()
    buffer = b""
    while True:
        if select.select([0], [], [], 0.01)[0]:
            read = os.read(0, 65536)
            if not read:
                return  # whoever ordered the lives has gone; they die with us
            buffer += read
            while _LINE in buffer:
                line, _, buffer = buffer.partition(_LINE)
                _say({"pid": _fork(json.loads(line))})
        _reap()


def _reap() -> None:
    try:
        pid, status = os.waitpid(-1, os.WNOHANG)
    except ChildProcessError:
        return
    if pid:
        _say({"ended": pid, "status": os.waitstatus_to_exitcode(status)})


def _fork(order: dict[str, Any]) -> int:
    pid = os.fork()
    if pid:
        return pid
    code = 70
    try:
        ctypes.CDLL(None).prctl(_DIE_WITH_PARENT, signal.SIGKILL, 0, 0, 0)
        log = os.open(order["log"], os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        null = os.open(os.devnull, os.O_RDONLY)
        for target, source in ((0, null), (1, log), (2, log)):
            os.dup2(source, target)
        os.environ.clear()
        os.environ.update(order["env"])
        os.chdir(Path(order["home"]))
        child.prepare()
        sys.argv = ["postern", "run"]
        cli.main()
        code = 0
    except SystemExit as ended:
        code = ended.code if isinstance(ended.code, int) else 1
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stderr.flush()
        os._exit(code)


def _say(what: dict[str, Any]) -> None:
    os.write(1, json.dumps(what).encode() + _LINE)


if __name__ == "__main__":
    main()
