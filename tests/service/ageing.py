"""Time passing for somebody: what is stored about their chat is made as old as if it had."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace

from storage import drafts, traces
from storage.database import Tx

Look = Callable[[Callable[[Tx], list[int]]], Awaitable[list[int]]]


def leave_alone(tx: Tx, chat: int, seconds: int) -> None:
    """As if the last press had been so long ago, and what is due in that time were due now."""
    account = tx.vault.account(chat)
    conversation = drafts.load(tx, account)
    if conversation is not None:
        draft = replace(conversation.draft, active_at=conversation.draft.active_at - seconds)
        drafts.save(tx, account, replace(conversation, draft=draft))
    for trace_id, trace in traces.of_chat(tx, chat):
        traces.forget(tx, [trace_id])
        traces.leave(tx, replace(trace, due=trace.due - seconds, sent=trace.sent - seconds))


async def until_noted(look: Look, chat: int, message: int) -> None:
    """Until the service has recorded that this message must be deleted one day."""
    for _ in range(400):
        noted = await look(lambda tx: [trace.message for _, trace in traces.of_chat(tx, chat)])
        if message in noted:
            return
        await asyncio.sleep(0.05)
    raise AssertionError("the message was never noted")
