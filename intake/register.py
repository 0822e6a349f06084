"""What of a release the register needs: what it does not say already, and what will be true for ever."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace

from intake.disclosure_follows import chain
from intake.tables import Column, Fact, Period, Release


def new_in(release: Release, before: Sequence[Release]) -> Release | None:
    """What of it is not in the register; None: nothing. Only what stands there for the same question counts.

    A release is checked against all facts and all hidden places of its question together, and never asks in which
    release one of them stood (`intake.disclosure_world.known`). So nothing is lost if what stands there is left out,
    and a wider range beside a narrower one of the same place says nothing either.
    """
    about = [each for each in before if each.question == release.question]
    told = defaultdict[tuple[Period, Column], list[Fact]](list)
    for each in about:
        for fact in each.facts:
            told[fact.period, fact.column].append(fact)
    hidden = {place for each in about for place in each.hidden}
    facts = tuple(fact for fact in release.facts if not _is_implied(fact, told[fact.period, fact.column]))
    places = tuple(place for place in release.hidden if place not in hidden)
    return replace(release, facts=facts, hidden=places) if facts or places else None


def _is_implied(fact: Fact, told: Iterable[Fact]) -> bool:
    return any(fact.least <= other.least and other.most <= fact.most for other in told)


def lasting(totals: Sequence[Fact], over: str) -> tuple[Fact, ...]:
    """Of exact totals that were shown at one moment, what they say of months that are over.

    Periods that end in a month that runs on have totals that are another number a minute later, so they say nothing
    for ever, but for their differences: two of them that end in the same month give all that lies between their
    beginnings. Where this ends: that a total has grown since says how many came in between, of all together.
    """
    kept = {fact for fact in totals if fact.period[-1] <= over}
    numbers = {fact.period: fact.least for fact in totals}
    kept |= {Fact(period, (), n, n) for period, n in chain(numbers) if period[-1] <= over}
    return tuple(sorted(kept))
