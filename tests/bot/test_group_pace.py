"""What the background hands to the operators' group: as much as people can read, the pressing first."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import cast

import pytest

from bot.counts import Counts
from bot.pace import GROUP_LIMIT, GROUP_OTHERS, GroupRoom, Rank, Window
from bot.postman import Postman
from bot.sender import Sender
from bot.states import States
from handlers.board import MOST_CARDS_WAITING
from handlers.outgoing import Edit, Outgoing, Send
from tests.handlers.desk import GROUP, Person, World, ask, make_world

CROWD = MOST_CARDS_WAITING + 10


@dataclass
class Wire:
    """Takes everything at once, in the postman's place: what counts here is what is handed over, and when."""

    number: int = 0
    waiting: list[Outgoing] = field(default_factory=list)
    in_group: list[str] = field(default_factory=list)

    def post(self, _chat: int, calls: Sequence[Outgoing]) -> None:
        self.waiting += calls

    async def deliver(self, sender: Sender) -> None:
        calls, self.waiting = self.waiting, []
        for call in calls:
            self.number += 1
            if isinstance(call, Send | Edit) and call.chat == GROUP:
                self.in_group.append(call.text)
            await sender.reports().sent(call, self.number if isinstance(call, Send) else None)


@pytest.fixture
async def crowded(tmp_path: Path) -> AsyncIterator[tuple[World, Sender, Wire]]:
    """More people have written than there is room for cards."""
    async with make_world(tmp_path) as world:
        for number in range(1, CROWD + 1):
            await ask(Person(world, number), until="chat", text="")
        wire, sender = Wire(), Sender(world.wire.clock, States(), Counts())
        world.desk = replace(world.desk, post=wire.post, wake=sender.wake)
        sender.attach(world.desk, cast("Postman", wire))
        world.desk.db.listener = None  # as if the requesters' turns ran in another process
        yield world, sender, wire


async def a_minute(world: World, sender: Sender, wire: Wire) -> list[str]:
    """What reaches the group within one."""
    wire.in_group.clear()
    for _ in range(6):
        sender.wake()
        await sender._round()
        await wire.deliver(sender)
        world.wait(10)
    return list(wire.in_group)


async def test_a_surge_reaches_the_group_at_a_pace_at_which_it_can_be_read(
    crowded: tuple[World, Sender, Wire],
) -> None:
    world, sender, wire = crowded
    minutes = [await a_minute(world, sender, wire) for _ in range(4)]
    assert max(map(len, minutes)) <= GROUP_LIMIT
    cards = [[text for text in minute if "· standard" in text] for minute in minutes]
    assert max(map(len, cards)) == GROUP_OTHERS
    assert sum(map(len, cards)) == MOST_CARDS_WAITING
    assert any(world.say("board-title", n=CROWD) in text for text in minutes[0])
    shown = [text for minute in minutes for text in minute]
    assert any(world.say("board-without-card", n=CROWD - MOST_CARDS_WAITING) in text for text in shown)
    assert minutes[3] == []


async def test_an_emergency_does_not_wait_for_its_turn(crowded: tuple[World, Sender, Wire]) -> None:
    world, sender, wire = crowded
    await sender._round()
    await wire.deliver(sender)
    assert len(wire.in_group) == GROUP_OTHERS, "there is no room left for cards in this minute"
    world.desk = replace(world.desk, post=world.wire.post)
    await ask(Person(world, 999), held=True, text="")
    wire.in_group.clear()
    sender.wake()
    await sender._round()
    await wire.deliver(sender)
    assert any(world.say("level-emergency") in text for text in wire.in_group)


def test_who_has_room_in_a_group() -> None:
    room = GroupRoom()
    for _ in range(GROUP_OTHERS):
        assert room.free_at(Rank.OTHER, 100) == 100
        room.take(Rank.OTHER, 100)
    assert room.free_at(Rank.OTHER, 101) == 160
    assert room.free_at(Rank.BOARD, 101) == room.free_at(Rank.EMERGENCY, 101) == 101
    for _ in range(GROUP_LIMIT - GROUP_OTHERS):
        room.take(Rank.EMERGENCY, 101)
    assert room.free_at(Rank.EMERGENCY, 102) == 160, "Telegram would take no more"
    assert room.free_at(Rank.OTHER, 160) == 161, "emergencies take the place of lesser cards"


def test_a_window_has_room_again_when_its_oldest_is_old_enough() -> None:
    window = Window(2, 60)
    assert window.free_at(100) == 100
    for now in (100, 130):
        window.take(now)
    assert window.free_at(131) == 160
    window.take(160)
    assert window.free_at(161) == 190
    assert window.free_at(50) == 50, "a clock that was set back keeps nobody waiting"
