"""Drafts that were left: what was not sent is destroyed, and the screen says so in neutral words."""

from __future__ import annotations

from handlers.desk import Desk
from handlers.outgoing import Edit
from handlers.requester_effects import Carrying
from handlers.requester_scene import make_view
from handlers.requester_slow import Prepared
from handlers.screens import ending, screen
from intake.conversation import abandon
from intake.draft import Place
from storage import cases, drafts, meta
from storage.database import Tx
from storage.drafts import Conversation

AT_ONCE = 200
"""Drafts ended in one transaction: turns wait meanwhile."""


def expire_drafts(tx: Tx, desk: Desk, now: int) -> list[Edit]:
    """End what has been idle for too long; the screens to be put right."""
    edits = []
    recovery = meta.get(tx, meta.RECOVERY_KEY)
    for count, (account, conversation) in enumerate(drafts.idle(tx, now - desk.terms.draft_seconds)):
        if count == AT_ONCE:
            break
        _end(tx, desk, account, conversation, now)
        # The screen of a sent request says nothing of its answers, and stays; the rest becomes one neutral line.
        draft = conversation.draft
        if conversation.screen is not None and (draft.place is not Place.HOME or draft.noticed):
            view = make_view(desk, cases.by_account(tx, account), recovery)
            at_home = draft.place is Place.HOME
            shown = (
                screen(view, draft.moved(Place.HOME)) if at_home else ending(view, draft.language, "expired")
            )
            edits.append(
                Edit(conversation.chat, conversation.screen, shown.text, shown.keyboard, resend=False)
            )
    return edits


def _end(tx: Tx, desk: Desk, account: bytes, conversation: Conversation, now: int) -> None:
    draft = conversation.draft
    carrying = Carrying(tx, desk, account, conversation.chat, draft, Prepared(), now)
    carrying.carry_out(abandon(draft))
    drafts.drop(tx, account)
