"""Sending, stopping, erasing, wiping, coming back too late: how a draft ends, and what becomes of what it held."""

from __future__ import annotations

from dataclasses import replace

from intake.draft import Draft, Place
from intake.events import Channel, Complete, Drop, Effect, EraseCase, OpenCase, Wipe, WithdrawCase
from intake.steps import Hint, Step, Table, begin, resume


def send(table: Table, draft: Draft, action: str) -> Step:
    channel = Channel(action)
    reference = draft.reference or table.fresh.reference
    sent: Effect = Complete(channel) if draft.reference else OpenCase(reference, channel)
    if channel is Channel.CODE:
        # Nothing may tie this account to the case: the chat forgets that there was one.
        return Step(None, (sent, Wipe()), ending="sent-code")
    home = resume(table, draft.language, draft.case, reference)
    return Step(home, (sent, Wipe()), hint=Hint("sent", {"reference": reference}), about=draft)


def stop(table: Table, draft: Draft, action: str) -> Step:
    """Leave one neutral line. What was sent stays sent: /erase ends that."""
    return Step(None, (*abandon(draft), Wipe()), ending="stopped")


def expire(table: Table, draft: Draft) -> Step:
    """What becomes of a draft that was idle for too long. What was sent stays sent."""
    if draft.reference:
        after = resume(table, draft.language, draft.case, draft.reference)
        hint = Hint("expired-alerted") if unfinished_emergency(draft) else None
        return Step(in_place_of(draft, after), abandon(draft), hint, about=draft)
    fresh = in_place_of(draft, begin(table, draft.language))
    return Step(fresh, abandon(draft), Hint("expired") if draft.case else None, about=draft)


def in_place_of(draft: Draft, other: Draft) -> Draft:
    """The other one, in the same chat: what was pressed before is still known to be old."""
    return replace(other, serial=draft.serial, moved_by=draft.moved_by)


def left_behind(draft: Draft) -> Step:
    """What becomes of a draft that nobody comes back to, and what is left on its screen."""
    effects = abandon(draft)
    if unfinished_emergency(draft):
        return Step(None, effects, ending="away-alerted")
    if draft.reference:
        return Step(draft.moved(Place.HOME, aside_from=None), effects)
    return Step(None, effects, ending="expired" if draft.case else "away")


def abandon(draft: Draft) -> tuple[Effect, ...]:
    """What must happen to a draft that nobody goes on with: dropped, or completed if it was sent already."""
    if unfinished_emergency(draft):
        return (Complete(Channel.CHAT),)
    return () if draft.reference else (Drop(),)


def unfinished_emergency(draft: Draft) -> bool:
    """Sent, and still being answered: once it is finished, the draft holds no answers."""
    return bool(draft.reference and draft.answers)


def withdraw(table: Table, draft: Draft, action: str) -> Step:
    """No help is needed any more: the request is closed and kept as any closed one. An emergency is completed first."""
    return Step(None, (*abandon(draft), WithdrawCase(), Wipe()), ending="withdrawn")


def erase(table: Table, draft: Draft, action: str) -> Step:
    return Step(None, (EraseCase(), Wipe()), ending="erased")


def drop(table: Table, draft: Draft, action: str) -> Step:
    """Erase what was not sent."""
    return Step(None, (Drop(), Wipe()), ending="erased-unsent")


def wipe(table: Table, draft: Draft, action: str) -> Step:
    return Step(replace(draft, page=None), (Wipe(),), ending="wiped")
