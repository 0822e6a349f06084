"""The service without its two ends: desk, database, lanes, outbox and postman are the real ones."""

from __future__ import annotations

import asyncio
import gc
import json
import sys
import traceback
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import asdict, dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import select

from bot.counts import Counts
from bot.lanes import Lanes
from bot.postman import Postman
from bot.sender import Sender
from bot.states import States
from handlers.cards import needs_block
from handlers.incoming import MAX_TEXT_CHARS, lane_of, parse
from handlers.throttle import Throttle
from handlers.turn import take_turn
from intake.draft import Place as Screen
from intake.roles import Role
from storage import cases, drafts, locks, outbox, staff, tallies, thread, traces
from storage.database import Tx
from storage.public_key import encode_public
from storage.schema import cases as cases_table
from storage.schema import drafts as drafts_table
from storage.schema import locks as locks_table
from tests.handlers.desk import World, join, make_world
from tests.hell.casting import ADMIN, OPERATOR
from tests.hell.far_end import FarEnd
from tests.strategies import shipped

BOT = "postern_test_bot"
SECONDS_AN_UPDATE = 1
LULL, LULL_SECONDS = 300, 3_600
"""After so many updates nothing comes for so long: drafts expire, messages become due to be deleted."""
LATEST_LULL = 3_000
"""It is put off so far while somebody sane is in the middle of a request, which would end as well."""


@dataclass
class Under:
    """What hell is let loose on, and what became of it."""

    world: World
    far_end: FarEnd
    postman: Postman
    lanes: Lanes
    failures: list[str] = field(default_factory=list)
    submitted: int = 0
    handled: int = 0
    walking: bool = False
    """Somebody sane is in the middle of a request."""
    _lulled: int = 0

    async def submit(self, update: Any, name: str) -> asyncio.Future[None] | None:
        """Take an update as polling does; None if it is none. `name`: to find it again."""
        incoming = parse(update, BOT)
        if incoming is None:
            return None
        json.dumps(asdict(incoming), ensure_ascii=False).encode()  # raises on what no database can hold
        if len(incoming.text) > MAX_TEXT_CHARS or not -(2**63) <= lane_of(incoming) < 2**63:
            self.failures.append(f"{name}: read without a bound")
        self.submitted += 1
        self.world.wire.now += SECONDS_AN_UPDATE
        since = self.submitted - self._lulled
        if since >= LATEST_LULL or (since >= LULL and not self.walking):
            self._lulled = self.submitted
            self.world.wire.now += LULL_SECONDS
        turn: Callable[[Any], Awaitable[None]] = partial(take_turn, self.world.desk, BOT)
        future = await self.lanes.submit(lane_of(incoming), partial(turn, update))
        future.add_done_callback(partial(self._done, name))
        return future

    def _done(self, name: str, future: asyncio.Future[None]) -> None:
        self.handled += 1
        error = None if future.cancelled() else future.exception()
        if error is not None:
            self.failures.append(f"{name}: {''.join(traceback.format_exception(error))[-3000:]}")


@asynccontextmanager
async def place(folder: Path, follows: frozenset[int]) -> AsyncIterator[Under]:
    """With an operator and an admin who may act, and two invitations to be used up."""
    async with make_world(folder) as world:
        world.change(questionnaire=shipped("leave-service"))
        far_end = FarEnd(follows)
        sender = Sender(world.wire.clock, States(), Counts())
        postman = Postman(
            far_end.call, sender.reports(), per_second=1000, per_minute_in_group=10_000, back_off=(0.0,)
        )
        world.desk = replace(world.desk, post=postman.post, wake=sender.wake, throttle=Throttle(1000))
        sender.attach(world.desk, postman)
        operator = await join(world, OPERATOR, Role.OPERATOR, "Alder")
        await join(world, ADMIN, Role.ADMIN, "Aspen")
        far_end.seen.invitations += [
            await world.write(lambda tx, role=role: staff.invite(tx, role, world.now))
            for role in (Role.OPERATOR, Role.LEAD)
        ]
        far_end.seen.keys += [encode_public(bytes(operator.private.public_key))]
        stop = asyncio.Event()
        background = asyncio.create_task(sender.run(stop))
        lanes = Lanes(waiting=64)
        try:
            yield Under(world, far_end, postman, lanes)
        finally:
            stop.set()
            sender.wake()
            await lanes.drain(5)
            await postman.drain(5)
            background.cancel()
            with suppress(asyncio.CancelledError):
                await background


def inconsistencies(world: World, tx: Tx) -> list[str]:
    """Everything in the database that doesn't hang together; every row is read."""
    found = []
    sound = tx.conn.exec_driver_sql("PRAGMA integrity_check").scalar()
    found += [] if sound == "ok" else [str(sound)]
    held: set[bytes] = set()
    for account in tx.conn.execute(select(drafts_table.c.account)).scalars().all():
        conversation = drafts.load(tx, account)
        assert conversation is not None
        draft = conversation.draft
        if draft.place is Screen.QUESTION and draft.question not in {
            q.id for q in world.desk.questionnaire.questions
        }:
            found.append("a draft on a question that isn't there")
        if draft.case and (draft.place is not Screen.HOME or not draft.reference):
            held.add(bytes.fromhex(draft.case))
    sent = set(tx.conn.execute(select(cases_table.c.case_id)).scalars().all())
    for case_id in sent:
        case = cases.by_id(tx, case_id)
        assert case is not None
        thread.entries(tx, case_id)
    locked = set(tx.conn.execute(select(locks_table.c.case_id)).scalars().all())
    for case_id in locked:
        locks.get(tx, case_id)
        if len(locks.get_blocks(tx, case_id)) not in (needs_block(world.desk.questionnaire), 1, 0):
            found.append("a case without all its blocks")
    found += ["a case without a lock"] * len(sent - locked)
    found += ["a lock that nothing leads to"] * len(locked - sent - held)
    outbox.waiting(tx)
    traces.due(tx, 2**40)
    tallies.read(tx)
    staff.everyone(tx)
    return found


def memory() -> tuple[int, int]:
    """(bytes that this process occupies, blocks that Python has handed out)."""
    gc.collect()
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * 4096, sys.getallocatedblocks()
