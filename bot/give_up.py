"""For how long what Telegram is owed is tried, by kind. Nothing is given up within a day, and nothing without a count.

A card, a board, a file or a removal shows how things stand when it is made, so one that is late is still right: it is
tried until its case is gone. A message says what was true when it was written, and it holds an address and, in a reply,
words: these must not lie on the server for ever because Telegram is not there.
"""

from __future__ import annotations

from collections.abc import Mapping

from storage.outbox import Job, Task

DAY = 86_400
MESSAGE_SECONDS = 46 * 3_600
"""It may be to a requester whose case has been closed: nobody's address is kept for longer than 47 hours then."""
REPLY_SECONDS = 2 * DAY
"""Whoever wrote a reply has to hear in time that it did not arrive."""
DEFECT_SECONDS = DAY
"""For what fails by itself, such as a job about a damaged case: a backup may be restored within a day."""
FETCH_SECONDS = 46 * 3_600
"""A file lies in its sender's chat until it is fetched, and can be deleted there for 48 hours."""
PAUSE_SECONDS = 60
LONGEST_PAUSE_SECONDS = 300

KEPT_TRYING: Mapping[str, int | None] = {
    "card": None,
    "card-gone": None,
    "board": None,
    "document": None,
    "copy": None,
    "remove": None,
    "timer": None,
    "ring": None,
    "pin": None,
    "duty-ends": MESSAGE_SECONDS,
    "alert": MESSAGE_SECONDS,
    "reply": REPLY_SECONDS,
    "status": None,
    "kept": None,
    "fetch": FETCH_SECONDS,
    "take": FETCH_SECONDS,
    "file": None,
    "locks": None,
    "slots": FETCH_SECONDS,
    "code": MESSAGE_SECONDS,
    "case": MESSAGE_SECONDS,
    "edit": MESSAGE_SECONDS,
    "notice": MESSAGE_SECONDS,
}
"""Kind -> seconds from when it was first due; None: as long as there is something to show."""


def kind_of(job: Job) -> str:
    """`alert`: of an emergency, to each operator. `case`: to the holder, about it. `edit`: a neutral line."""
    if job.task is not Task.SEND:
        return job.task.value
    if job.tag.startswith("edit:"):
        return "edit"
    if job.tag in {"reply", "code", "case"}:
        return job.tag
    return "alert" if job.urgent else "notice"


def is_hopeless(job: Job, now: int, *, defect: bool) -> bool:
    """Whether it has been tried for long enough. `defect`: it is not Telegram that fails."""
    limit = DEFECT_SECONDS if defect else KEPT_TRYING[kind_of(job)]
    return limit is not None and now - first_due(job) >= limit


def first_due(job: Job) -> int:
    return job.since or job.due


def pause(job: Job) -> int:
    """Seconds until the next try: an emergency's is never far."""
    if job.urgent:
        return PAUSE_SECONDS
    return int(min(PAUSE_SECONDS * 2 ** min(job.tries, 10), LONGEST_PAUSE_SECONDS))
