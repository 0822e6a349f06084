"""Drafts that were left: what was not sent is destroyed, and the screen says so in neutral words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from handlers.desk import Desk
from handlers.outgoing import Edit
from handlers.requester_effects import Carrying
from handlers.requester_scene import make_view
from handlers.requester_slow import Prepared
from handlers.screens import ending, screen
from intake.conversation import left_behind
from intake.draft import Place
from storage import cases, damage, drafts, meta
from storage.database import Tx
from storage.marks import Kind


@dataclass(frozen=True, slots=True)
class Ended:
    """`edits`: the screens to be put right. `later`: drafts that were touched after all, and when."""

    edits: list[Edit]
    later: dict[bytes, int]
    dropped: int = 0
    """Drafts that could not be opened."""


def expire_drafts(tx: Tx, desk: Desk, now: int, accounts: Sequence[bytes]) -> Ended:
    """Of these, end the drafts that have been idle for too long."""
    found = drafts.these(tx, accounts)
    edits: list[Edit] = []
    later: dict[bytes, int] = {}
    recovery = meta.get(tx, meta.RECOVERY_KEY) if found.rows else None
    for account, conversation in found.rows.items():
        if now - conversation.draft.active_at <= desk.terms.draft_seconds:
            later[account] = conversation.draft.active_at
            continue
        draft, left = conversation.draft, left_behind(conversation.draft)
        Carrying(tx, desk, account, conversation.chat, draft, Prepared(), now).carry_out(left.effects)
        drafts.drop(tx, account)
        # The screen of a sent request says nothing of its answers, and stays; the rest becomes one neutral line.
        if conversation.screen is not None and (draft.place is not Place.HOME or draft.noticed):
            view = make_view(desk, cases.by_account(tx, account), recovery)
            shown = (
                ending(view, draft.language, left.ending, reference=draft.reference)
                if left.draft is None
                else screen(view, left.draft)
            )
            edits.append(
                Edit(conversation.chat, conversation.screen, shown.text, shown.keyboard, resend=False)
            )
    return Ended(edits, later, damage.drop(tx, Kind.DRAFT, found.damaged, now) if found.damaged else 0)
