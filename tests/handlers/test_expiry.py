"""Drafts that were left: destroyed on time, whatever state they are in, and nobody else's."""

from __future__ import annotations

from sqlalchemy import select, update

from handlers.expiry import expire_drafts
from intake.lifecycle import Status
from storage.database import Tx
from storage.schema import drafts as drafts_table
from tests.handlers.desk import Person, World, ask
from tests.handlers.test_requester_turn import code_of, only_case


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


async def left(world: World, person: Person) -> str:
    world.wait(world.desk.terms.draft_seconds + 1)
    await world.expire()
    return person.screen.text.strip()


async def test_an_emergency_left_half_way_says_that_its_answers_are_kept(world: World) -> None:
    """Nothing of it was deleted: it was sent at the press that told it."""
    ann = Person(world, 1)
    await ann.send("/start")
    await ann.answer_all("English", world.say("begin-button"), "Held")
    reference = (await world.read(only_case)).reference
    assert await left(world, ann) == world.say("away-alerted", reference=reference)
    assert ann.screen.labels == [world.say("again-button"), world.say("stop-button")]
    await ann.press(world.say("again-button"))
    assert reference in ann.screen.text
    assert world.say("home-state-open") in ann.screen.text


async def test_whoever_comes_back_to_an_emergency_before_the_sweep_is_told_so_too(world: World) -> None:
    ann = Person(world, 1)
    await ann.send("/start")
    await ann.answer_all("English", world.say("begin-button"), "Held")
    world.wait(world.desk.terms.draft_seconds + 1)
    await ann.press("A lawyer")
    assert world.say("hint-expired-alerted") in ann.screen.text
    assert world.say("home-state-open") in ann.screen.text


async def test_where_nothing_was_deleted_nothing_is_said_of_it(world: World) -> None:
    for number, words in enumerate(("/start", "/status", "/erase", "1234 5678 9012 3456")):
        person = Person(world, 10 + number)
        await person.send(words)
        assert await left(world, person) == world.say("away")
        await person.press(world.say("start-button"))
        assert "English" in person.screen.labels


async def test_a_question_about_what_was_sent_gives_way_to_the_request(world: World) -> None:
    ann = Person(world, 1)
    await ask(ann, until="chat")
    await ann.press(world.say("erase-button"))
    assert world.say("home-state-open") in await left(world, ann)
    await ann.press(world.say("refresh-button"))
    assert world.say("home-state-open") in ann.screen.text


async def test_what_a_code_opened_does_not_stay_on_the_screen(world: World) -> None:
    await ask(Person(world, 1), until="code")
    ann = Person(world, 1)
    code = await code_of(ann)
    bob = Person(world, 2)
    await bob.send(code)
    reference = (await world.read(only_case)).reference
    assert reference in bob.screen.text
    assert await left(world, bob) == world.say("away")
    assert not any(reference in m.text for m in world.shown(bob.id))
