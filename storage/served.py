"""Whether a request got its first reply within its service level: noted in the case, and counted by month and level.

Counted in the month of the reply, or of the end without one: `service.kept.<level>`, `service.missed.<level>`.
"""

from __future__ import annotations

from dataclasses import replace

from intake.counts import month_of
from intake.lifecycle import Outcome, Status
from intake.triage import Service, is_late
from storage import cases, tallies
from storage.cases import Case
from storage.database import Tx

HOUR = 3_600
NOBODY_WAITED = frozenset({Outcome.DUPLICATE, Outcome.TEST})
"""Ends that need no reply."""


def replied(tx: Tx, case: Case, now: int, service: Service) -> Case:
    """The organisation has replied. `case`: as it was read in this transaction; returns it as it is now."""
    if case.facts.replied_hour:
        return case
    _count(tx, case, now, missed=_late(case, now, service))
    facts = replace(case.facts, replied_hour=now - now % HOUR)
    cases.save_facts(tx, case, facts)
    return replace(case, facts=facts)


def ended(tx: Tx, case: Case, outcome: Outcome, now: int, service: Service) -> None:
    """It ends; `case` as it was before. Whoever needed no help any more while there was still time was not failed."""
    if case.status is Status.CLOSED or case.facts.replied_hour or outcome in NOBODY_WAITED:
        return
    if outcome is not Outcome.WITHDRAWN or _late(case, now, service):
        _count(tx, case, now, missed=True)


def _late(case: Case, now: int, service: Service) -> bool:
    return is_late(case.facts.level, case.facts.received_hour, now, service)


def _count(tx: Tx, case: Case, now: int, *, missed: bool) -> None:
    tallies.add(tx, month_of(now), [f"service.{'missed' if missed else 'kept'}.{case.facts.level}"])
