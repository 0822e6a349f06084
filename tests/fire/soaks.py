"""A long ordinary day: steps at a steady rate, replies, cases closed and purged. What it takes stays what it was."""

from __future__ import annotations

import asyncio
from pathlib import Path
from statistics import median

from tests.fire import truth
from tests.fire.counts import Counts
from tests.fire.desk_worker import DeskWorker
from tests.fire.field import Field, open_field
from tests.fire.habits import Habits
from tests.fire.health import Health, look
from tests.fire.memory import Request
from tests.fire.person import Person

DAY = 86_400
SAMPLES = 40
DAY_MINUTES = 3
"""A day passes in so many, second by second; after two, cases that are closed are purged, after four all the others."""
STEP_SECONDS = 1.0
"""From one press of a person to the next, on average."""
SETTINGS = {
    "RETENTION_DAYS": "open=4,closed=2,audit=30",
    "DRAFT_MINUTES": "1440",
    "REPLY_HOURS": "24",
}
FINISH_SECONDS = 180.0
IDLE_SECONDS = 10.0
MOST_TASKS_LEFT = 5
CASES_AT_ONCE = 4
"""That the worker works on."""


async def run(home: Path, *, seed: int, minutes: float, rate: float) -> Counts:
    habits = Habits(pause=2 * STEP_SECONDS, patience=20.0, by_code=0.03, erases=0.05, may_expire=True)
    async with open_field(home, seed=seed, habits=habits, settings=SETTINGS) as field:
        worker = DeskWorker(field)
        await worker.hired()
        await field.start()
        field.far_end.on_call = worker.note
        works = (_pass_time(field), *(worker.work() for _ in range(CASES_AT_ONCE)))
        working = [asyncio.create_task(work) for work in works]
        samples, idle = list[Health](), (await look(field)).tasks
        loop, confirmed = asyncio.get_running_loop(), field.far_end.delivery.confirmed
        async with field.crowd(max(2, int(rate * STEP_SECONDS * 1.1)), FINISH_SECONDS):
            began, before = loop.time(), len(confirmed)
            for _ in range(SAMPLES):
                await asyncio.sleep(60 * minutes / SAMPLES)
                samples.append(await look(field))
                _forget(field)
            pace = (len(confirmed) - before) / (loop.time() - began)
        for task in working:
            task.cancel()
        await asyncio.gather(*working, return_exceptions=True)
        await asyncio.sleep(IDLE_SECONDS)
        left = (await look(field)).tasks
        await field.stop()
        counts = await _verdict(field, worker, samples, pace)
        counts.said.append(f"tasks when nobody does anything: {idle} before it, {left} after it")
        if left > idle + MOST_TASKS_LEFT:
            counts.wrong.append(f"{left} tasks are left where there were {idle}")
        return counts


async def _pass_time(field: Field) -> None:
    """A clock that runs fast, rather than jumps: nobody's draft or code ends between two of their presses."""
    while True:
        await asyncio.sleep(1.0)
        field.move_clock(DAY // (60 * DAY_MINUTES) - 1)


def _sent(request: Request, worker: DeskWorker) -> int:
    """An emergency rings before the last question; if it is closed by then, what is sent in the end is one more."""
    closed_early = len(request.references) > 1 and not worker.closed.isdisjoint(request.references)
    return len(request.references) if closed_early else int(request.sent)


def _sent_nothing(person: Person) -> set[str]:
    """Who has erased their request gets no reply, even if it was on its way; with a code it is fetched, not sent."""
    requests = (request for request in person.memory.requests if request.erased or request.by_code)
    return {reference for request in requests for reference in request.references}


def _forget(field: Field) -> None:
    """The far end's own memory stays small, too: chats of those who are through."""
    for person in field.people:
        if person.memory.finished:
            field.far_end.chats.pop(person.user, None)
            field.far_end.codes.pop(person.user, None)
            field.far_end.story.forget(person.user)


async def _verdict(field: Field, worker: DeskWorker, samples: list[Health], pace: float) -> Counts:
    found = await truth.read(field.place.loaded)
    counts = Counts()
    sent = sum(_sent(request, worker) for person in field.people for request in person.memory.requests)
    for person in field.people:
        counts.hold(f"{person.user} got stuck at {person.memory.where}", person.memory.finished)
        counts.lost += [f"{person.user}: forgotten: {what}" for what in person.memory.forgotten]
    unsent = {reference for person in field.people for reference in _sent_nothing(person)}
    for text, reference in worker.kept.items():
        if worker.arrived[text] or reference not in unsent:
            counts.hold(f"a reply: {text}", worker.arrived[text])
    counts.doubled += [f"a reply: {text}" for text, times in worker.arrived.items() if times > 1]
    if found.requests != sent:
        (counts.lost if found.requests < sent else counts.doubled).append(
            f"{sent} were sent, {found.requests} counted"
        )
    counts.wrong += [f"logged: {line}" for line in sorted(set(field.errors()))]
    field.far_end.story.write(field.place.home, counts.lost)
    counts.count("people", len(field.people))
    counts.count("replies", worker.written)
    counts.count("closed", len(worker.closed))
    counts.count("cases left", sum(len(kept) for kept in found.cases.values()))
    counts.said.append(f"{pace:.1f} steps/s")
    _flat(counts, samples)
    return counts


def _flat(counts: Counts, samples: list[Health]) -> None:
    """The last quarter against the second: what grows with time is a leak, whatever its size."""
    quarter = max(1, len(samples) // 4)
    early, late = samples[quarter : 2 * quarter], samples[-quarter:]
    for name, unit, room in (
        ("resident", "MiB", 0.08),
        ("descriptors", "", 0.2),
        ("tasks", "", 2.0),  # while people press, as many as are under way: more on a machine that is busy
        ("file", "MiB", 0.25),
    ):
        before, after = (median(getattr(one, name) for one in some) for some in (early, late))
        counts.said.append(
            f"{name}: {before:.1f} {unit} in the second quarter, {after:.1f} in the last".replace("  ", " ")
        )
        if after > before * (1 + room) + 2:
            counts.wrong.append(f"{name} grew from {before:.1f} to {after:.1f} {unit}")
