"""The audit trail in words: a line an entry."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby

from handlers.texts import Texts
from intake.lifecycle import Outcome, RaisedFor
from intake.questionnaire import Level
from intake.roles import Role
from intake.trail import By, Event
from storage import cases
from storage.audit import Entry
from storage.database import Tx

_NAMED = (
    {f"{each.value}": f"outcome-{each.value}" for each in Outcome}
    | {each.value: f"level-{each.value}" for each in Level}
    | {each.value: f"reason-{each.value}" for each in RaisedFor}
    | {each.value: f"role-{each.value}" for each in Role}
    | {each.value: f"audit-{each.value}" for each in (Event.CLAIMED, Event.RELEASED)}
)
"""Details that the texts have a word for; any other stands as it is."""


def references(tx: Tx, entries: Sequence[Entry]) -> Mapping[bytes, str]:
    return cases.references(tx, {entry.case for entry in entries if entry.case is not None})


def line(texts: Texts, language: str, entry: Entry, names: Mapping[bytes, str]) -> str:
    """`names`: case id -> reference, of those that are still there."""
    return f"{texts.hour(language, entry.hour)} · {_said(texts, language, entry, names)}"


def by_hour(
    texts: Texts, language: str, entries: Sequence[Entry], names: Mapping[bytes, str]
) -> Iterator[str]:
    """For a narrow screen: each hour once, and below it what was done in it. In the order of the entries."""
    for hour, of_hour in groupby(entries, key=lambda entry: entry.hour):
        yield from ("", texts.hour(language, hour))
        yield from (_said(texts, language, entry, names) for entry in of_hour)


def _said(texts: Texts, language: str, entry: Entry, names: Mapping[bytes, str]) -> str:
    say = texts.say
    who = entry.name or say(language, "audit-shell" if entry.who == By.SHELL else "audit-itself")
    parts = [f"{who}: {say(language, f'audit-{entry.event}')}"]
    if entry.case is not None:
        parts.append(names.get(entry.case) or say(language, "audit-erased"))
    if entry.whom:
        parts.append(entry.whom)
    if entry.detail:
        words = entry.detail.split("/")
        parts.append(", ".join(say(language, _NAMED[word]) if word in _NAMED else word for word in words))
    return " · ".join(parts)
