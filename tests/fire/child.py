"""What is different in a life under fire: its clock can be moved from outside, and a fault may have been planted."""

from __future__ import annotations

import asyncio
import os
import signal
import struct
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import bot.app
from bot.installation import load_questionnaire
from bot.settings import Settings, load_settings
from handlers.texts import load_texts
from intake.questionnaire import Questionnaire
from tests.fire import planted

CLOCK_FILE = "FIRE_CLOCK"
"""Environment: the file that says by how many seconds the service's clock is off."""
PLANT = "FIRE_PLANT"
"""Environment: name of a fault in `planted.FAULTS`."""
TASKS_FILE = "FIRE_TASKS"
_OFFSET = struct.Struct("<q")


def preload() -> None:
    """In the parent: what is read from our own files, which takes a second, is read once for all lives."""
    texts, questionnaires, read = load_texts(), dict[str, Questionnaire](), load_questionnaire

    def questionnaire(settings: Settings) -> Questionnaire:
        if settings.questionnaire not in questionnaires:
            questionnaires[settings.questionnaire] = read(settings)
        return questionnaires[settings.questionnaire]

    questionnaire(load_settings({}))
    vars(bot.app).update(load_texts=lambda: texts, load_questionnaire=questionnaire)


def prepare() -> None:
    """In the child, before anything runs."""
    path = os.environ.pop(CLOCK_FILE, "")
    if path:
        vars(bot.app).update(assemble=partial(bot.app.assemble, clock=moved_clock(Path(path))))
    tasks = os.environ.pop(TASKS_FILE, "")
    if tasks:
        _count_tasks_when_asked(Path(tasks))
    fault = os.environ.pop(PLANT, "")
    if fault:
        planted.FAULTS[fault]()


def _count_tasks_when_asked(path: Path) -> None:
    """On SIGUSR1: how many tasks are there, written into a file."""

    def count(*_: object) -> None:
        tasks = [task for task in list(vars(asyncio.tasks)["_all_tasks"]) if not task.done()]
        path.write_text(str(len(tasks)))

    signal.signal(signal.SIGUSR1, count)


def moved_clock(path: Path) -> Callable[[], int]:
    """Unix seconds, plus what the file says at this moment."""
    file = os.open(path, os.O_RDONLY)
    return lambda: int(time.time()) + _OFFSET.unpack(os.pread(file, _OFFSET.size, 0))[0]


def move_clock(path: Path, seconds: int) -> None:
    with path.open("r+b" if path.exists() else "wb") as file:
        file.write(_OFFSET.pack(seconds))
