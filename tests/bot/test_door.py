"""The door in a flood: strangers are turned away before their turn and called in later; who is known goes on."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import func, select

from bot import door as door_module
from bot.door import Door
from bot.lanes import Lanes
from bot.looks import Looks
from bot.persistence import Persistence
from bot.polling import poll
from bot.states import State
from handlers import admission, requester_seen
from handlers.admission import Admission
from handlers.incoming import Incoming, parse
from handlers.throttle import Throttle
from handlers.turn import take_turn
from intake.draft import Page, Place
from intake.roles import Role
from storage import known
from storage.schema import drafts
from tests.bot.test_looks import STRANGER, Counting
from tests.bot.test_polling import Api, until
from tests.handlers.desk import Person, World, ask, join


class Flood:
    """A door whose lanes are told that there is more to do than is done."""

    def __init__(self, world: World, patient: Persistence) -> None:
        self.lanes = Lanes()
        world.desk = replace(world.desk, busy=self.lanes.busy)
        self.world = world
        self.door = Door(world.desk, self.lanes, patient)

    async def away(self, *updates: dict[str, Any]) -> int:
        """How many of these are turned away."""
        self.lanes.overrun()
        assert self.door.is_shut()
        return len(await self.door.turned_away([read(update) for update in updates]))

    def goes_on(self) -> None:
        """There is more to do than is done, and there will be; somebody has just been called in."""
        self.door._called_at = asyncio.get_running_loop().time()
        self.lanes._late_at = 1e12

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        stop = asyncio.Event()
        task = asyncio.create_task(self.door.run(stop))
        yield
        stop.set()
        await task


@pytest.fixture
def flood(world: World, patient: Persistence) -> Flood:
    return Flood(world, patient)


def read(update: dict[str, Any]) -> Incoming:
    incoming = parse(update)
    assert incoming is not None
    return incoming


async def drafts_kept(world: World) -> int:
    kept = select(func.count()).select_from(drafts)
    return int(await world.read(lambda tx: tx.conn.execute(kept).scalar_one()))


async def test_it_stands_open_until_there_is_more_to_do_than_is_done(flood: Flood, world: World) -> None:
    assert not flood.door.is_shut()
    flood.lanes.overrun()
    assert flood.door.is_shut()


async def test_strangers_are_turned_away_and_nothing_of_them_is_written(flood: Flood, world: World) -> None:
    before = await world.tables()
    crowd = [Person(world, STRANGER + n) for n in range(100)]
    assert await flood.away(*(one.message("/start") for one in crowd)) == 100
    assert await flood.away(*(one.message("/start") for one in crowd)) == 100
    assert len(world.desk.admission) == 100
    assert await world.tables() == before


async def test_who_is_being_served_and_who_is_staff_go_on(flood: Flood, world: World) -> None:
    ann, bob = Person(world, 5), Person(world, 6)
    await ask(bob, until="chat")
    world.wait(3_600)
    await world.expire()  # of Bob, only the case is left
    await ann.send("/start")
    oak = await join(world, 7, Role.OPERATOR, "Oak")
    texts = [one.message("/start") for one in (ann, bob, oak)]
    screen = world.shown(ann.id)[-1]
    assert await flood.away(*texts, ann.pressing("1.0", screen)) == 0
    assert not world.desk.admission


async def test_what_must_be_looked_at_whoever_sends_it_is_never_turned_away(
    flood: Flood, world: World
) -> None:
    ann = Person(world, 5)
    on = world.put(ann.id, "something")
    assert await flood.away(ann.message("1234 5678 9012 3456"), ann.pressing("3.stop", on)) == 0
    assert await flood.away(ann.pressing("code.written.en", on), ann.pressing("3.yes", on)) == 1
    assert await flood.away(ann.message("/start " + "A" * 32)) == 0
    group = world.put(-100_5, "a card")
    assert await flood.away(ann.pressing("claim.AAAA-BBBB", group)) == 0


async def test_they_are_called_in_when_there_is_room_and_need_not_come_again(
    flood: Flood, world: World
) -> None:
    crowd = [Person(world, STRANGER + n) for n in range(40)]
    await flood.away(*(one.message("/start") for one in crowd))
    flood.lanes._late_at = -1e9  # what there was to do is done
    async with flood.running():
        async with asyncio.timeout(30):
            while await drafts_kept(world) < 40:  # noqa: ASYNC110 - what the door does, seen from outside
                await asyncio.sleep(0.02)
    await flood.lanes.drain(5)
    await world.apply()
    assert all(world.shown(one.id)[-1].keyboard for one in crowd)
    assert not flood.door.is_shut()
    assert not flood.door._strangers


async def test_while_there_is_too_much_to_do_only_one_now_and_then_is_called(
    flood: Flood, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(door_module, "TRICKLE_SECONDS", 1e9)
    crowd = [Person(world, STRANGER + n) for n in range(40)]
    await flood.away(*(one.message("/start") for one in crowd))
    flood.goes_on()
    async with flood.running():
        await asyncio.sleep(0.3)
        assert len(world.desk.admission) == 40
        monkeypatch.setattr(door_module, "TRICKLE_SECONDS", 0.0)
        await until(lambda: not world.desk.admission)


async def test_who_waits_for_more_than_a_moment_hears_it(
    flood: Flood, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(door_module, "TRICKLE_SECONDS", 1e9)
    monkeypatch.setattr(admission, "TELL_AFTER", 0.0)
    ann = Person(world, 5)
    await flood.away(ann.message("/start"))
    flood.goes_on()
    async with flood.running(), asyncio.timeout(30):
        while not world.posted:
            await asyncio.sleep(0.02)
            await world.apply()
    assert world.shown(ann.id)[-1].text == world.say("busy-some")


async def test_the_line_ends_with_the_process_and_whoever_has_heard_nothing_of_it_yet_hears_it(
    flood: Flood, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(door_module, "TRICKLE_SECONDS", 1e9)
    ann = Person(world, 5)
    await flood.away(ann.message("/start"))
    flood.goes_on()
    async with flood.running():
        await asyncio.sleep(0)
    await world.apply()
    assert world.shown(ann.id)[-1].text == world.say("busy-some")


async def test_who_is_being_served_is_not_looked_up_at_each_press_and_may_leave_all_the_same(
    flood: Flood, world: World
) -> None:
    ann = Person(world, 5)
    await ann.send("/start")
    counting = Counting(world.desk.db)
    flood.door._looks = Looks(counting)  # type: ignore[arg-type]
    for _ in range(20):
        assert await flood.away(ann.message("/status")) == 0
    assert counting.reads == 1
    world.wait(3_600)
    await world.expire()
    assert await flood.away(ann.message("/start")) == 0
    await ann.send("/start")  # their turn finds out that they are new, and there is no room
    assert len(world.desk.admission) == 1
    assert await drafts_kept(world) == 0


async def test_that_newcomers_wait_is_over_when_none_waits_in_whatever_process(
    flood: Flood, patient: Persistence
) -> None:
    patient.states.begin(State.ADMISSION)
    async with flood.running():
        await until(lambda: State.ADMISSION not in patient.states)


async def test_whom_another_process_has_let_in_goes_on(
    flood: Flood, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(door_module, "SURE_SECONDS", 0.0)
    ann = Person(world, 5)
    assert await flood.away(ann.message("/start")) == 1
    elsewhere = replace(world.desk, admission=Admission(), busy=lambda: False)
    await take_turn(elsewhere, "postern_test_bot", ann.message("/start"))
    assert await flood.away(ann.message("/start")) == 0
    assert not world.desk.admission


async def test_a_press_on_what_another_process_has_shown_is_never_in_vain(flood: Flood, world: World) -> None:
    ann = Person(world, 5)
    assert await flood.away(ann.message("/start")) == 1
    elsewhere = replace(world.desk, admission=Admission(), busy=lambda: False)
    await take_turn(elsewhere, "postern_test_bot", ann.message("/start"))
    await world.apply()
    on, data = ann.find("English")
    assert await flood.away(ann.pressing(data, on)) == 0
    assert not world.desk.admission


async def test_a_stranger_who_is_too_fast_costs_no_look_at_the_database_once_that_is_known(
    flood: Flood, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.desk = flood.door._desk = replace(world.desk, throttle=Throttle(1 / 3_600))
    ann, oak = Person(world, 5), await join(world, 7, Role.OPERATOR, "Oak")
    for one in (ann, oak):
        for _ in range(30):
            await one.send("/start")
    texts = [ann.message("/start"), oak.message("/start")]
    assert world.desk.throttle.refuses(ann.account, asyncio.get_running_loop().time())
    assert not world.desk.throttle.refuses(oak.account, asyncio.get_running_loop().time())
    assert await flood.away(*texts) == 1
    photo = ann.message("") | {}
    del photo["message"]["text"]
    photo["message"]["photo"] = []
    assert await flood.away(photo) == 0  # it must be deleted


async def test_who_wants_to_be_gone_is_never_kept_waiting_and_leaves_the_line(
    flood: Flood, world: World
) -> None:
    """Whoever has sent with a return code is a newcomer here; no conversation may open on their phone."""
    ann = Person(world, 5)
    for command in ("/wipe", "/stop", "/erase", "/WIPE@postern_test_bot"):
        assert await flood.away(ann.message("/start")) == 1
        assert len(world.desk.admission) == 1
        leaving = ann.message(command)
        assert await flood.away(leaving) == 0
        await world.turn(leaving)
        assert not world.desk.admission
        assert world.say("busy-some") not in [message.text for message in world.shown(ann.id)][-1:]
        await world.expire()
        await Person(world, 5).send("/stop")
        flood.door._strangers.clear()


async def test_who_wanted_to_look_and_had_to_wait_is_shown_that(flood: Flood, world: World) -> None:
    ann, ben = Person(world, 5), Person(world, 6)
    assert await flood.away(ann.message("/status"), ben.message("/start"), ben.message("/privacy")) == 3
    flood.lanes._late_at = -1e9
    async with flood.running():
        await until(lambda: not world.desk.admission)
        await flood.lanes.drain(5)
    await world.apply()
    kept = await world.read(lambda tx: [known.look_up(tx, each.account, 0) for each in (ann, ben)])
    of_ann, of_ben = (each.conversation.draft for each in kept if each.conversation is not None)
    assert of_ann.place is Place.CODE
    assert of_ben.page is Page.PRIVACY


async def test_i_have_read_this_is_never_turned_away(flood: Flood, world: World) -> None:
    ann = Person(world, 5)
    on = world.put(ann.id, "a reply")
    assert await flood.away(ann.pressing(requester_seen.PREFIX + "0" * 32, on)) == 0


async def test_what_somebody_answers_while_they_are_let_in_is_theirs(flood: Flood, world: World) -> None:
    """Between the call and the commit nothing is known of them yet."""
    ann = Person(world, 5)
    assert await flood.away(ann.message("/start")) == 1
    door, stop = flood.door, asyncio.Event()
    await door._call(asyncio.get_running_loop().time(), stop)
    assert await flood.away(ann.message("again, before it is committed")) == 0
    await flood.lanes.drain(5)
    assert await flood.away(ann.message("and after")) == 0
    assert not world.desk.admission
    assert not door._strangers


async def test_a_knock_that_was_being_looked_up_while_they_were_let_in_does_not_shut_them_out(
    flood: Flood, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    ann, stop = Person(world, 5), asyncio.Event()
    assert await flood.away(ann.message("/start")) == 1
    flood.door._strangers.clear()
    looks = flood.door._look

    async def slow(accounts: set[bytes]) -> set[bytes]:
        found = await looks(accounts)
        await flood.door._call(asyncio.get_running_loop().time(), stop)
        await flood.lanes.drain(5)
        return found

    monkeypatch.setattr(flood.door, "_look", slow)
    assert await flood.away(ann.message("two")) == 0
    assert not world.desk.admission
    assert not flood.door._strangers


async def test_photos_contacts_and_places_of_those_who_wait_are_deleted(flood: Flood, world: World) -> None:
    ann = Person(world, 5)
    world.desk.admission.line_up(b"somebody", read(Person(world, 6).message("/start")), 0.0)
    for kind in ("photo", "contact", "location"):
        update = ann.message("")
        del update["message"]["text"]
        update["message"][kind] = [] if kind == "photo" else {"phone_number": "1"}
        sent = update["message"]["message_id"]
        assert await flood.away(update) == 0
        await world.turn(update)
        await world.deliver()
        assert sent not in [message.id for message in world.shown(ann.id)]


async def test_what_somebody_wrote_while_waiting_goes_with_their_conversation(
    flood: Flood, world: World
) -> None:
    ann = Person(world, 5)
    assert await flood.away(ann.message("/start"), ann.message("we are"), ann.message("three")) == 3
    flood.lanes._late_at = -1e9
    async with flood.running():
        await until(lambda: not world.desk.admission)
        await flood.lanes.drain(5)
    await world.apply()
    await ann.send("/wipe")
    await world.deliver()
    assert not {"we are", "three"} & {message.text for message in world.shown(ann.id)}


async def test_what_the_door_remembers_is_no_more_than_the_line(
    flood: Flood, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(admission, "MOST_WAITING", 20)
    for start in range(0, 200, 50):
        await flood.away(*(Person(world, STRANGER + start + n).message("/start") for n in range(50)))
    assert len(flood.door._strangers) <= 20


async def test_a_flood_at_telegram_is_noticed_and_confirmed_while_somebody_served_gets_through(
    flood: Flood, world: World, api: Api, patient: Persistence
) -> None:
    server, telegram = api
    ann, stop = Person(world, 5), asyncio.Event()
    await ann.send("/start")
    turns: list[int] = []

    async def turn(update: dict[str, Any]) -> None:
        turns.append(update["message"]["from"]["id"])
        await take_turn(world.desk, "postern_test_bot", update)

    crowd = [Person(world, STRANGER + n).message("/start") for n in range(600)]
    last = ann.message("/status")
    server.put(*crowd, last)
    polling = asyncio.create_task(poll(telegram, turn, flood.lanes, stop, patient, door=flood.door))
    await until(lambda: server.confirmed == last["update_id"] + 1)
    assert ann.id in turns
    assert len(turns) <= 500  # how many, before it is noticed, hangs on how busy the machine is
    let_in = await drafts_kept(world) - 1
    assert len(world.desk.admission) == 600 - let_in
    assert let_in < len(turns)  # a turn may line up its newcomer, too
    stop.set()
    await polling
