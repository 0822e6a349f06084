"""A run: so many updates, concurrently as they come, while somebody sane asks for help in between."""

from __future__ import annotations

import asyncio
import io
import json
import re
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

from bot import logs
from handlers.outgoing import Edit, Send
from tests.hell.casting import Cast
from tests.hell.damage import damaged, encoded
from tests.hell.place import Under, inconsistencies, memory, place
from tests.hell.updates import FIRST_ID, IDS, PLANTED, Updates

SANE = FIRST_ID + 900
SANE_IDS = 2**40
"""Update ids of the sane, out of hell's way."""
PATIENCE = 120.0
"""Seconds for one press, on a machine that is busy."""
AGAIN_AFTER = 3.0
BREAK = 10
"""Updates between two requests of somebody sane."""
REFERENCE = re.compile(r"[0-9A-Z]{4}-[0-9A-Z]{4}")


@dataclass
class Report:
    updates: int
    handled: int = 0
    calls: int = 0
    walks: int = 0
    failures: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    inconsistencies: list[str] = field(default_factory=list)
    leaks: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    unseen_fields: list[str] = field(default_factory=list)
    grown_bytes: int = 0
    """Between the first and the second half."""
    grown_blocks: int = 0

    @property
    def complaints(self) -> list[str]:
        return self.failures + self.faults + self.inconsistencies + self.leaks + self.errors


async def run(folder: Path, updates: int, seed: int) -> Report:
    log = io.StringIO()
    logs.configure("json", "DEBUG", log)
    report = Report(updates)
    source = Updates(seed)
    async with place(folder, frozenset({SANE})) as under:
        sane = asyncio.create_task(_walk_on(under, report))
        half = await _feed(under, source, updates // 2)
        full = await _feed(under, source, updates - updates // 2)
        sane.cancel()
        await asyncio.gather(sane, return_exceptions=True)
        if not sane.cancelled() and (error := sane.exception()) is not None:
            report.failures.append(f"somebody sane got stuck: {type(error).__name__} {error}")
        await under.lanes.drain(PATIENCE)
        await under.postman.drain(PATIENCE)
        report.inconsistencies = await under.world.read(lambda tx: inconsistencies(under.world, tx))
        report.handled, report.calls = under.handled, under.far_end.calls
        report.failures += under.failures
        report.faults = under.far_end.faults
    report.grown_bytes, report.grown_blocks = full[0] - half[0], full[1] - half[1]
    report.unseen_fields = source.missing()
    lines = log.getvalue().splitlines()
    report.leaks = [line for line in lines if PLANTED.lower() in line.lower() or IDS.search(line)]
    report.errors = [line for line in lines if json.loads(line)["level"] in {"error", "critical"}]
    return report


async def _feed(under: Under, source: Updates, number: int) -> tuple[int, int]:
    """Memory when so many more updates have been dealt with."""
    cast = Cast(source.random, under.far_end.seen)
    last: list[asyncio.Future[None]] = []
    for at in range(number):
        update: Any = cast.play(source.make())
        name = f"update {update['update_id']}"
        if source.random.random() < 0.5:
            update = damaged(source.random, update)
        future = await under.submit(json.loads(encoded(source.random, update)), name)
        if future is not None:
            last = [*last[-200:], future]
        if at % 20 == 0:
            await asyncio.sleep(0)
    await asyncio.wait(last)
    return memory()


async def _walk_on(under: Under, report: Report) -> None:
    """One request after another, each by the same person, who wipes and erases in between."""
    ids = count(SANE_IDS)
    while True:
        under.walking = True
        await _walk(under, ids)
        under.walking, at = False, under.submitted
        report.walks += 1
        while under.submitted < at + BREAK:  # noqa: ASYNC110 - a lull may come now
            await asyncio.sleep(0.01)


async def _walk(under: Under, ids: count[int]) -> None:
    texts = under.world.desk.texts
    wanted = [
        texts.say("en", name)
        for name in ("channel-chat-button", "send-button", "begin-button", "language-name", "skip-button")
    ]

    def leads_on(message: Send | Edit) -> bool:
        return bool(REFERENCE.search(message.text)) or any(name in _labels(message) for name in wanted)

    shown = await _begin(under, ids, leads_on)
    while not REFERENCE.search(shown.text):
        labels = _labels(shown)
        await _press(under, ids, labels[next(name for name in wanted if name in labels)])
        shown = await _screen(under, lambda m, old=shown: leads_on(m) and m.keyboard != old.keyboard)
    await _send(under, ids, "/erase")
    shown = await _screen(under, lambda m: texts.say("en", "erase-yes-button") in _labels(m))
    await _press(under, ids, _labels(shown)[texts.say("en", "erase-yes-button")])
    await _screen(under, lambda m: texts.say("en", "erase-yes-button") not in _labels(m))


async def _begin(under: Under, ids: count[int], condition: Any) -> Send | Edit:
    """While very many begin, one is told to press /start again, or not even that: as people do, one does."""
    for _ in range(int(PATIENCE / AGAIN_AFTER)):
        await _send(under, ids, "/start")
        with suppress(TimeoutError):
            return await _screen(under, condition, AGAIN_AFTER)
    raise AssertionError("nobody could begin")


def _labels(message: Send | Edit) -> dict[str, str]:
    return {button.text: button.data for row in message.keyboard for button in row}


async def _send(under: Under, ids: count[int], text: str) -> None:
    number = next(ids)
    chat = {"id": SANE, "type": "private"}
    message = {
        "message_id": 10**6 + number - SANE_IDS,
        "date": 1,
        "chat": chat,
        "from": _person(),
        "text": text,
    }
    await _submit(under, {"update_id": number, "message": message})


async def _press(under: Under, ids: count[int], data: str) -> None:
    number = next(ids)
    on = max(under.far_end.chats[SANE])
    message = {"message_id": on, "date": 1, "chat": {"id": SANE, "type": "private"}}
    query = {"id": f"sane{number}", "from": _person(), "data": data, "message": message}
    # What it brings is the next screen. The line that answers it may be late, and then it isn't sent at all.
    await _submit(under, {"update_id": number, "callback_query": query})


async def _submit(under: Under, update: dict[str, Any]) -> None:
    future = await under.submit(update, "somebody sane")
    assert future is not None
    await asyncio.wait_for(future, PATIENCE)


async def _screen(under: Under, condition: Any, patience: float = PATIENCE) -> Send | Edit:
    """Raises TimeoutError if it never comes."""
    async with asyncio.timeout(patience):
        while True:
            for _, message in sorted(under.far_end.chats[SANE].items(), reverse=True):
                if condition(message):
                    return message
            await _news(under)


async def _news(under: Under) -> None:
    under.far_end.news.clear()
    await under.far_end.news.wait()


def _person() -> dict[str, Any]:
    return {"id": SANE, "is_bot": False, "first_name": "Sane", "language_code": "en"}
