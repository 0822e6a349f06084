"""Looks into the service's database: what is counted, kept and owed."""

from __future__ import annotations

from intake.counts import REQUESTS
from intake.lifecycle import Status
from storage import cases, outbox, tallies, thread
from storage.database import Tx
from storage.outbox import Task

FOR_EVER = 2**40


def requests(tx: Tx) -> int:
    """Requests counted, all months together."""
    return sum(n for (_, name), n in tallies.read(tx).items() if name == REQUESTS)


def references(tx: Tx) -> set[str]:
    return {case.reference for status in Status for case in cases.with_status(tx, status)}


def cards_owed(tx: Tx) -> int:
    """Cards that are to be shown or refreshed, at once or later."""
    return sum(job.task is Task.CARD for _, job in outbox.due(tx, FOR_EVER))


def messages_kept(tx: Tx) -> int:
    """What was written after the request, by either side, in all cases."""
    found = [case for status in Status for case in cases.with_status(tx, status)]
    return sum(len(thread.entries(tx, case.case)) for case in found)
