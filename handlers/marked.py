"""Messages to the staff that must say something else once they are out of date: known by a mark on their trace."""

from __future__ import annotations

from dataclasses import replace

from storage import outbox, staff, traces
from storage.database import Tx
from storage.outbox import Job, Task
from storage.traces import Trace


def lying(tx: Tx, mark: str, *further: int) -> list[tuple[bytes, Trace]]:
    """Those with this mark (`Trace.case`) in the chats of the staff, and in these further chats."""
    chats = {member.chat for member in staff.everyone(tx) if member.chat is not None} | set(further)
    found = [each for chat in sorted(chats) for each in traces.of_chat(tx, chat)]
    return [(trace_id, trace) for trace_id, trace in found if trace.case == mark]


def reword(tx: Tx, found: list[tuple[bytes, Trace]], text: str, now: int) -> None:
    """Each says this from now on, without a button. It still goes when its time has come."""
    for trace_id, trace in found:
        unmark(tx, trace_id, trace)
        outbox.add(tx, Job(Task.SEND, now, chat=trace.chat, text=text, tag=f"edit:{trace.message}"))


def unmark(tx: Tx, trace_id: bytes, trace: Trace) -> None:
    traces.forget(tx, [trace_id])
    traces.leave(tx, replace(trace, case=""))
