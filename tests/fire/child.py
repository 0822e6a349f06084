"""What is different in a life under fire: its clock can be moved from outside, and a fault may have been planted."""

from __future__ import annotations

import asyncio
import os
import signal
from functools import partial
from pathlib import Path

import bot.app
from bot.installation import load_questionnaire
from bot.settings import Settings, load_settings
from handlers.texts import load_texts
from intake.questionnaire import Questionnaire
from tests.fire import planted
from tests.fire.clock_file import CLOCK_FILE, moved_clock

PLANT = "FIRE_PLANT"
"""Environment: name of a fault in `planted.FAULTS`."""
TASKS_FILE = "FIRE_TASKS"


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
