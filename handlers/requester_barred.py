"""What an account that is blocked can still do: read who reads what, withdraw, erase, wipe, leave."""

from __future__ import annotations

from intake.conversation import Step
from intake.draft import Draft, Page, Place
from intake.events import (
    Complete,
    Drop,
    EraseByCode,
    EraseCase,
    Remove,
    Wipe,
    WithdrawByCode,
    WithdrawCase,
)

_EFFECTS = (Complete, Drop, EraseByCode, EraseCase, Remove, Wipe, WithdrawByCode, WithdrawCase)
_ENDINGS = ("stopped", "erased", "erased-unsent", "withdrawn", "wiped")


def only_leaving(before: Draft | None, taken: Step) -> Step:
    """The step, if it is one of these; else the line, with the draft left as it was."""
    harmless = all(isinstance(effect, _EFFECTS) for effect in taken.effects)
    if harmless and (taken.ending in _ENDINGS or _may_see(taken.draft)):
        return taken
    removed = tuple(effect for effect in taken.effects if isinstance(effect, Remove))
    return Step(before, removed, ending="barred")


def _may_see(draft: Draft | None) -> bool:
    if draft is None or draft.page is not None:
        return draft is not None and draft.page is Page.PRIVACY
    return draft.place in (Place.ERASE, Place.CODE_ERASE, Place.CODE_WITHDRAW)
