"""Drafts that were left: destroyed on time, whatever state they are in, and nobody else's."""

from __future__ import annotations

from sqlalchemy import select, update

from handlers.expiry import expire_drafts
from intake.triage import Status
from storage.database import Tx
from storage.schema import drafts as drafts_table
from tests.handlers.desk import Person, World, ask
from tests.handlers.test_requester_turn import only_case


async def test_a_draft_goes_when_its_time_is_over_and_not_before(world: World) -> None:
    ann = Person(world, 1)
    await ask(ann)
    world.wait(world.desk.terms.draft_seconds)
    await world.expire()
    assert len((await world.tables())["locks"]) == 1
    world.wait(1)
    await world.expire()
    tables = await world.tables()
    assert [tables[name] for name in ("drafts", "locks", "blocks")] == [[], [], []]
    assert ann.screen.text.strip() == world.say("expired").strip()
    await ann.press(world.say("start-button"))
    assert "English" in ann.screen.labels


async def test_every_press_gives_a_draft_its_full_time_again(world: World) -> None:
    ann = Person(world, 1)
    await ask(ann)
    for _ in range(3):
        world.wait(world.desk.terms.draft_seconds - 1)
        await ann.press(world.say("send-button"))
        await ann.press(world.say("back-button"))
        await world.expire()
    assert len((await world.tables())["drafts"]) == 1


async def test_a_sent_request_keeps_its_screen_and_its_case(world: World) -> None:
    ann = Person(world, 1)
    await ask(ann, until="chat")
    shown = ann.screen.text
    world.wait(world.desk.terms.draft_seconds + 1)
    await world.expire()
    assert ann.screen.text == shown
    assert (await world.tables())["drafts"] == []
    assert (await world.read(only_case)).status is Status.OPEN
    await ann.press(world.say("refresh-button"))
    assert world.say("home-state-open") in ann.screen.text


async def test_who_was_touched_after_all_is_named_and_left_alone(world: World) -> None:
    await ask(Person(world, 1))
    touched = world.now
    world.wait(world.desk.terms.draft_seconds)
    accounts = [Person(world, 1).account, b"nobody's account"]
    ended = await world.write(lambda tx: expire_drafts(tx, world.desk, world.now, accounts))
    assert (ended.edits, ended.later) == ([], {accounts[0]: touched})
    assert len((await world.tables())["drafts"]) == 1


async def test_a_damaged_draft_does_not_keep_the_others_for_ever(world: World) -> None:
    await ask(Person(world, 1))
    await ask(Person(world, 2))
    who = drafts_table.c.account == Person(world, 1).account

    def ruin(tx: Tx) -> None:
        state = tx.conn.execute(select(drafts_table.c.state).where(who)).scalar_one()
        tx.conn.execute(update(drafts_table).where(who).values(state=state[:500] + bytes(len(state) - 500)))

    await world.write(ruin)
    world.wait(world.desk.terms.draft_seconds + 1)
    both = [Person(world, 1).account, Person(world, 2).account]
    ended = await world.write(lambda tx: expire_drafts(tx, world.desk, world.now, both))
    assert (ended.dropped, len(ended.edits)) == (1, 1)
    assert (await world.tables())["drafts"] == []
