"""Jobs that make an emergency ring, and stop. What they do when they are due stands in `handlers.ringing`."""

from __future__ import annotations

from intake.questionnaire import Level
from storage import outbox
from storage.cases import Case
from storage.database import Tx
from storage.outbox import Job, Task

ON_DUTY, EVERYBODY, ADMINS = range(3)
"""Who is rung, one after another. A job's tag is the number."""
LOOK = "look "
"""How the tag of a job begins that looks whether the case named after it rings as it should."""


def ring(tx: Tx, case: Case, now: int, whom: int = ON_DUTY) -> None:
    outbox.add(tx, Job(Task.RING, now, urgent=True, case=case.case.hex(), tag=str(whom)))


def look_again(tx: Tx, case: Case, now: int) -> None:
    """The case has changed, or is gone: the job is about no case, so that it outlives this one."""
    if case.facts.level is Level.EMERGENCY:
        tag = f"{LOOK}{case.case.hex()}"
        outbox.add(tx, Job(Task.RING, now, urgent=True, text=case.reference, tag=tag))
