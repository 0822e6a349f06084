"""What both modes need: hell as JSON, some of its people in the sandbox, and a look at what became of the service."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import Any

from tests.hell.casting import REQUESTERS, Cast, Seen
from tests.hell.damage import damaged, encoded
from tests.hell.updates import IDS, PLANTED, Updates
from tests.service.town import Town

UPDATES = min(int(os.environ.get("HELL_UPDATES", "2000")) // 15, 5_000)
BEYOND = 2**44
"""Ids of updates posted by hell itself, beyond those that the sandbox gives."""
MOST_GROWTH = 48 * 1024 * 1024
"""Bytes for half a run: the noise of buffers, and of a megabyte or two under way."""


def hell(seed: int, number: int = UPDATES) -> list[str]:
    """So many updates as JSON, half of them damaged."""
    source = Updates(seed, first_id=BEYOND)
    cast = Cast(source.random, Seen())
    made = []
    for _ in range(number):
        update: Any = cast.play(source.make())
        if source.random.random() < 0.5:
            update = damaged(source.random, update)
        made.append(encoded(source.random, update))
    return made


async def introduce(town: Town) -> None:
    """Some of hell's people can be written to."""
    for number in REQUESTERS[:3]:
        phone = await town.control.add_person(number, PLANTED, username=PLANTED.lower(), language_code="en")
        await phone.start()


def check_log(town: Town) -> None:
    """No error, and nothing of anybody, at the level that tells most."""
    assert town.service.new_errors() == []
    log = town.service.log_path.read_text()
    assert json.loads(log.splitlines()[0])
    assert PLANTED.lower() not in log.lower()
    assert not IDS.search(log)


def memory(town: Town, what: str = "VmRSS") -> int:
    """Bytes that the service occupies; `VmHWM`: that it ever did."""
    found = re.search(rf"{what}:\s+(\d+) kB", Path(f"/proc/{_process_id(town)}/status").read_text())
    assert found is not None
    return int(found[1]) * 1024


def _process_id(town: Town) -> int:
    process = town.service._process
    assert process is not None
    return process.pid
