"""The file that a requester was asked for. One that nobody asked for is deleted unread, as all media are."""

from __future__ import annotations

from dataclasses import replace

from handlers import staff_notices
from handlers.desk import Desk
from handlers.files import DAY, HOUR, MEGABYTE, tell_requester
from handlers.incoming import Incoming
from storage import blocked, cases, meta, outbox, traces
from storage.cases import Case
from storage.database import Tx
from storage.file_seal import MAX_FILE_BYTES
from storage.outbox import Job, Task
from storage.traces import LONGEST_TRACE


async def take_turn(desk: Desk, incoming: Incoming, account: bytes) -> bool:
    """Take a file that was asked for. False: none was, or this is none that can be taken as one."""
    now = desk.clock()

    def wanted(tx: Tx) -> Case | None:
        case = cases.by_account(tx, account)
        if case is None or case.contact is None or case.facts.file_until <= now:
            return None
        if case.contact.chat != incoming.chat_id or incoming.message_id is None:
            return None
        return None if blocked.holds(tx, account, now // DAY) else case

    def work(tx: Tx) -> bool:
        case = wanted(tx)
        if case is None or case.contact is None or incoming.file is None:
            return False
        if not meta.first_time(tx, incoming.update_id, now // DAY):
            return True
        too_large = incoming.file.size > MAX_FILE_BYTES
        # Until it is sealed it stays in the chat: fetching may fail, and then it is not lost for its sender.
        traces.leave_of(
            tx,
            incoming.chat_id,
            incoming.message_id,
            now,
            sent=incoming.sent,
            due_in=0 if too_large else LONGEST_TRACE,
        )
        if too_large:
            text = desk.texts.say(case.contact.language, "file-too-large", size=MAX_FILE_BYTES // MEGABYTE)
            tell_requester(tx, case, text, now, delete_after=HOUR)
            return True
        staff_notices.stay_open(tx, desk, case, now)
        case = cases.by_id(tx, case.case) or case
        cases.save_facts(tx, case, replace(case.facts, file_until=0))
        about = f"{incoming.message_id}|{incoming.file.kind}"
        job = Job(
            Task.FETCH, now, case=case.case.hex(), chat=incoming.chat_id, text=incoming.file.id, tag=about
        )
        outbox.add(tx, job)
        return True

    # Nearly all are from people of whom no file was asked: a flood of these must not have to be written down.
    if await desk.db.read(wanted) is None:
        return False
    # In the account's lane, as every turn: what it writes is about this account's own case.
    taken = await desk.db.write(work, lane=account)
    if taken:
        desk.wake()
    return taken
