"""From a lead: the slots of many cases for one late joiner, as a file or as pasted text.

What holds for one slot (`handlers.operator_slot`) holds for each: the service can't see what it opens, so it takes them
only from a lead, only for a key that an admin has confirmed, and never in the place of one that is there.

A file is fetched by the background (`bot.jobs`) and taken in batches, each a transaction of its own, so that turns go
on meanwhile. How far it has come stands in the job: whatever happens in between, each slot is counted once.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import partial

from handlers import typed
from handlers.cards import DAY
from handlers.desk import Desk
from handlers.incoming import Incoming
from handlers.late_joiners import can_be_let_in, lead_in, may_open
from handlers.notes import Note
from handlers.outgoing import Fetch
from handlers.telling import tell, tell_in
from intake.errors import Tampered
from intake.roles import Right, may
from intake.trail import Event
from storage import audit, case_locks, locks, meta, outbox, staff, traces
from storage.database import Tx
from storage.lock_bundle import is_lock_bundle
from storage.outbox import Job, Task
from storage.sealing import Lock, key_id, with_slot
from storage.slot_bundle import MAX_SLOTS_CHARS, SlotBundle, decode_slots, looks_like_slots
from storage.staff import Member

NOTE = "slots"
AT_ONCE = 50
"""Slots in one transaction: some ten milliseconds."""


class SlotsFile:
    """What is fetched, in memory: it is sealed already."""

    def __init__(self) -> None:
        self._parts = bytearray()

    def restart(self) -> None:
        self._parts.clear()

    def feed(self, part: bytes) -> None:
        """Raises ValueError for more than slots can be."""
        if len(self._parts) + len(part) > MAX_SLOTS_CHARS:
            raise ValueError("too large")
        self._parts += part

    @property
    def content(self) -> bytes:
        return bytes(self._parts)


@dataclass(frozen=True, slots=True)
class Tally:
    """How far one file has come."""

    message: int = field(default=0, repr=False)
    """The lead's own, which brought it."""
    done: int = 0
    added: int = 0
    known: int = 0
    """They had one already."""
    closed: int = 0
    """No longer a case that they should open."""
    strange: int = 0
    """No case of ours, or one that was erased, or whose lock is damaged."""
    public: str = ""
    """Hexadecimal public key of whoever is let in."""
    refused: str = ""
    """Name of the text that says why nothing (more) is taken."""


def looks_like_it(incoming: Incoming) -> bool:
    return looks_like_slots(incoming.text)


async def take_text(desk: Desk, incoming: Incoming, lead: Member) -> None:
    """Slots that were pasted: a message holds a dozen. It goes from the chat either way."""
    now = desk.clock()

    def work(tx: Tx) -> str:
        traces.leave_of(tx, incoming.chat_id, incoming.message_id, now, sent=incoming.sent, due_in=0)
        bundle = _read(incoming.text.encode())
        tally = (
            Tally(refused=bundle)
            if isinstance(bundle, str)
            else _add(tx, desk, incoming.chat_id, bundle, Tally())
        )
        return _settled(tx, desk, lead, tally, now)

    told = await desk.db.write(work)
    typed.answer(desk, incoming, told)


async def take_file(desk: Desk, incoming: Incoming, lead: Member) -> bool:
    """A document that a lead sends by itself. False: it is none that could be slots."""
    file, now = incoming.file, desk.clock()
    if file is None or file.size > MAX_SLOTS_CHARS or not may(lead.role, Right.SEE_ALL_CASES):
        return False

    def work(tx: Tx) -> None:
        traces.leave_of(tx, incoming.chat_id, incoming.message_id, now, sent=incoming.sent)
        if meta.first_time(tx, incoming.update_id, now // DAY):
            tally = _written(Tally(message=incoming.message_id or 0))
            outbox.add(tx, Job(Task.SLOTS, now, chat=incoming.chat_id, text=file.id, tag=tally))

    await desk.db.write(work)
    desk.wake()
    return True


def fetch(job_id: bytes, job: Job) -> Fetch:
    return Fetch(job.chat, job.text, SlotsFile(), note=str(Note(NOTE, job=job_id.hex())))


async def add_in_batches(desk: Desk, call: Fetch, jobs: Sequence[bytes]) -> None:
    """Once its file is here; `finish` comes after it. Run again, it goes on where it stopped."""
    if not isinstance(call.into, SlotsFile):
        return
    bundle = await asyncio.to_thread(_read, call.into.content)
    for job_id in jobs:
        more = True
        while more:  # between two batches turns have their turn
            more = await desk.db.write(partial(_one_batch, desk=desk, job_id=job_id, bundle=bundle))


def _one_batch(tx: Tx, desk: Desk, job_id: bytes, bundle: SlotBundle | str) -> bool:
    """Whether there is more to do."""
    job = outbox.jobs(tx, [job_id]).rows.get(job_id)
    if job is None:
        return False
    tally = _tally(job)
    if isinstance(bundle, str):
        tally = replace(tally, refused=bundle)
    elif not tally.refused and tally.done < len(bundle.slots):
        tally = _add(tx, desk, job.chat, bundle, tally)
    outbox.postpone(tx, job_id, replace(job, tag=_written(tally)))
    return not isinstance(bundle, str) and not tally.refused and tally.done < len(bundle.slots)


def finish(tx: Tx, desk: Desk, job: Job, now: int) -> None:
    """All of it was taken, or why not was found: the lead hears of it, and the message that brought it goes."""
    tally, lead = _tally(job), lead_in(tx, job.chat)
    traces.hasten(tx, job.chat, [tally.message], now)
    if lead is not None:
        tell_in(tx, job.chat, _settled(tx, desk, lead, tally, now), now)


def not_fetched(tx: Tx, desk: Desk, job: Job, now: int) -> None:
    traces.hasten(tx, job.chat, [_tally(job).message], now)
    tell_in(tx, job.chat, desk.texts.say(desk.staff_language, "slots-not-fetched"), now)


def _read(content: bytes) -> SlotBundle | str:
    """The slots, or the name of the text that says what is wrong."""
    if is_lock_bundle(content):
        return "slots-are-locks"
    try:
        return decode_slots(content.decode())
    except (UnicodeDecodeError, Tampered):
        return "slots-unread"


def _add(tx: Tx, desk: Desk, chat: int, bundle: SlotBundle, tally: Tally) -> Tally:
    """The next AT_ONCE of them."""
    receiver = staff.by_key(tx, bundle.public)
    if lead_in(tx, chat) is None:
        return replace(tally, refused="slots-not-lead")
    if receiver is None or not can_be_let_in(receiver):
        return replace(tally, refused="slots-unknown-key")
    some = bundle.slots[tally.done : tally.done + AT_ONCE]
    found = case_locks.those(tx, [case for case, _ in some])
    made, known, closed = list[Lock](), 0, 0
    for case, slot in some:
        there = found.get(case)
        if there is None:
            continue
        if key_id(bundle.public) in there.ids:
            known += 1
        elif not may_open(desk, there, receiver):
            closed += 1
        else:
            lock = there.lock
            made.append(Lock(lock.case, lock.public, with_slot(lock.slots, bundle.public, slot)))
    locks.replace_slots(tx, *made)
    return replace(
        tally,
        done=tally.done + len(some),
        added=tally.added + len(made),
        known=tally.known + known,
        closed=tally.closed + closed,
        strange=tally.strange + len(some) - len(found),
        public=bundle.public.hex(),
    )


def _settled(tx: Tx, desk: Desk, lead: Member, tally: Tally, now: int) -> str:
    """Note it in the trail and tell the late joiner, if anything was added. What the lead is told."""
    say, language = desk.texts.say, desk.staff_language
    receiver = staff.by_key(tx, bytes.fromhex(tally.public)) if tally.public else None
    name = receiver.name if receiver is not None else "—"
    if tally.added:
        audit.note(tx, Event.SLOTS_ADDED, lead, now, whom=name, detail=str(tally.added))
        if receiver is not None and receiver.id != lead.id:
            tell(tx, receiver, say(language, "slots-for-you", n=tally.added), now)
    if tally.refused and not tally.added:
        return say(language, tally.refused)
    if not tally.refused and tally.strange == tally.done:
        return say(language, "slots-strange-all")
    lines = [say(language, "slots-added", n=tally.added, name=name)]
    counts = {"slots-known": tally.known, "slots-closed": tally.closed, "slots-strange": tally.strange}
    lines += [say(language, text, n=n) for text, n in counts.items() if n]
    if tally.refused:
        lines.append(say(language, tally.refused))
    return "\n".join(lines)


def _written(tally: Tally) -> str:
    return json.dumps(asdict(tally), separators=(",", ":"))


def _tally(job: Job) -> Tally:
    return Tally(**json.loads(job.tag))
