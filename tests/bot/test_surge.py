"""Two hours of a surge, at 1,500 requests a day, in the operators' group, under Telegram's own limits.

By a clock that the test sets; the limits are those that the sandbox enforces.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from random import Random
from typing import cast

from bot.counts import Counts
from bot.postman import Postman
from bot.sender import Sender
from bot.states import States
from handlers import operator_claim, staff_notices
from handlers.outgoing import Edit, Outgoing, Pin, Send
from intake.lifecycle import Status
from intake.questionnaire import Level
from intake.roles import Role
from sandbox.limits import Limits
from storage import cases, grouped, locks, staff
from storage.cases import Case
from storage.database import Tx
from storage.facts import Facts
from storage.sealing import make_lock
from tests.handlers.desk import GROUP, World, join, make_world

SECONDS = 2 * 3_600
STEP = 5
REQUESTS = 125
EMERGENCIES = 6
CLAIM_EVERY = 60


@dataclass
class Line:
    """In the postman's place: in order within a chat, and again after as many seconds as Telegram asks for."""

    world: World
    limits: Limits = field(default_factory=lambda: Limits(enforced=True))
    queues: dict[int, deque[Outgoing]] = field(default_factory=dict)
    free_at: dict[int, int] = field(default_factory=dict)
    number: int = 0
    refused: int = 0
    cards: dict[str, int] = field(default_factory=dict)
    """Reference -> when its card reached the group."""
    board: str = ""
    pinned: bool = False

    def post(self, chat: int, calls: Sequence[Outgoing]) -> None:
        self.queues.setdefault(chat, deque()).extend(calls)

    async def deliver(self, sender: Sender) -> None:
        now = self.world.now
        for chat, queue in self.queues.items():
            while queue and self.free_at.get(chat, 0) <= now:
                wait = self.limits.admit(chat, is_group=chat < 0, now=now)
                if wait is not None:
                    self.refused += 1
                    self.free_at[chat] = now + wait
                    break
                await self._taken(sender, queue.popleft())

    async def _taken(self, sender: Sender, call: Outgoing) -> None:
        self.number += isinstance(call, Send)
        if isinstance(call, Send | Edit) and call.chat == GROUP:
            found = re.search(r"[0-9A-Z]{4}-[0-9A-Z]{4}", call.text)
            if found:
                self.cards.setdefault(found[0], self.world.now)
            else:
                self.board = call.text
        self.pinned |= isinstance(call, Pin)
        await sender.reports().sent(call, self.number if isinstance(call, Send) else None)


async def test_a_surge_of_two_hours(tmp_path: Path) -> None:
    random = Random(1)
    at = sorted(random.randrange(SECONDS - 60) for _ in range(REQUESTS))
    pressing = set(random.sample(range(REQUESTS), EMERGENCIES))
    came: dict[str, int] = {}
    waited: deque[tuple[int, int]] = deque()
    async with make_world(tmp_path) as world:
        heron = await join(world, 900, Role.OPERATOR, "Heron")
        member = await world.read(lambda tx: staff.by_account(tx, heron.account))
        await world.write(lambda tx: staff.set_duty(tx, member.id, world.now + SECONDS))
        line, sender = Line(world), Sender(world.wire.clock, States(), Counts())
        world.desk = replace(world.desk, post=line.post, wake=sender.wake)
        sender.attach(world.desk, cast("Postman", line))
        world.desk.db.listener = sender._parts.due.note
        start, sent = world.now, 0
        while (second := world.now - start) < SECONDS + 120:
            while sent < REQUESTS and at[sent] <= second:
                level = Level.EMERGENCY if sent in pressing else random.choice([Level.URGENT, Level.STANDARD])
                reference = await arrive(world, sent, level)
                if level is Level.EMERGENCY:
                    came[reference] = world.now
                sent += 1
            if second % CLAIM_EVERY == 0 and second < SECONDS:
                await world.write(lambda tx: claim_next(tx, world, member))
            count = await world.read(lambda tx: cases.count(tx, Status.OPEN))
            waited.append((world.now, count))
            while waited[0][0] < world.now - 10 - STEP:
                waited.popleft()
            await sender._round()
            await line.deliver(sender)
            said = re.search(r"^(\d+) requests? (?:is|are) waiting", line.board)
            if line.board:
                assert int(said[1] if said else 0) in {n for _, n in waited}, (
                    "the board is ten seconds behind"
                )
            world.wait(STEP)
        late = {reference: line.cards[reference] - when for reference, when in came.items()}
        assert max(late.values()) <= 60, late
        assert not any(line.queues.values()), "everything was delivered, whatever was refused on the way"
        left = await world.read(lambda tx: (cases.with_status(tx, Status.OPEN), grouped.read(tx).total()))
        assert sum(case.reference not in line.cards for case in left[0]) == left[1]
        assert line.pinned


async def arrive(world: World, number: int, level: Level) -> str:
    """A request, as it is when it was sent."""
    reference, case_id = f"{number:04d}-WXYZ", number.to_bytes(16, "big")

    def work(tx: Tx) -> None:
        keys = staff.recipients(tx, bytes(world.recovery.public_key))
        locks.add(tx, make_lock(case_id, keys))
        grain = 60 if level is Level.EMERGENCY else 3_600
        facts = Facts(level, world.now - world.now % grain, "en", ("Place: somewhere",))
        case = Case(case_id, reference, Status.OPEN, None, facts, world.now // 86_400, account=case_id)
        cases.add(tx, case)
        staff_notices.card_due(tx, world.desk, case, world.now)

    await world.write(work)
    return reference


def claim_next(tx: Tx, world: World, member: staff.Member) -> None:
    found = world.desk.queue.look(tx, world.now).queue()
    if found:
        operator_claim.claim(tx, world.desk, member, found[0].waiting.reference, world.now)
