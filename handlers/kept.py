"""What an operator is asked about before it goes: until they have answered it lies in the outbox, wrapped, and half an
hour at most. The buttons under the question name the job."""

from __future__ import annotations

import re

from storage import cases, outbox
from storage.cases import Case
from storage.database import Tx
from storage.outbox import Job
from storage.staff import Member

HELD_SECONDS = 30 * 60
_JOB_ID = re.compile(r"[0-9a-f]{32}")


def still_kept(tx: Tx, member: Member, held: str, tag: str, now: int) -> tuple[Job, Case] | None:
    """The job with this id and tag, and its case, while it is kept and whoever presses still holds the case."""
    job_id = bytes.fromhex(held) if _JOB_ID.fullmatch(held) else b""
    job = outbox.jobs(tx, [job_id]).rows.get(job_id)
    if job is None or job.tag != tag or job.due <= now:
        return None
    case = cases.by_id(tx, bytes.fromhex(job.case))
    return (job, case) if case is not None and case.holder == member.id else None
