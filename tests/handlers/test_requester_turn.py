"""A requester's turn at the database: one transaction, once, and only what was promised is in it."""

from __future__ import annotations

import asyncio
import re
import threading
from typing import Any

import pytest
from sqlalchemy import LargeBinary, func, text, update

from handlers.stretching import FIRST
from handlers.turn import take_turn
from intake.errors import Tampered
from intake.lifecycle import Status
from intake.roles import Role
from storage import cases, custody, drafts, locks, outbox, staff, tallies
from storage.database import Tx
from storage.schema import metadata
from storage.sealing import Opener
from tests.handlers.desk import GROUP, OWN_WORDS, Person, World, ask, join

REFERENCE = re.compile(r"[0-9A-HJKMNP-TV-Z]{4}-[0-9A-HJKMNP-TV-Z]{4}")
CODE = re.compile(r"\d{4} \d{4} \d{4} \d{4}")


def only_case(tx: Tx) -> cases.Case:
    found = [case for status in Status for case in cases.with_status(tx, status)]
    assert len(found) == 1
    return found[0]


async def code_of(person: Person) -> str:
    await person.world.deliver()
    shown = [m.text for m in person.world.shown(person.id) if CODE.search(m.text)]
    return str(CODE.findall(shown[-1])[0])


# One transaction, once.


@pytest.mark.parametrize("broken", ["traces", "blocks"])
async def test_a_turn_that_fails_anywhere_leaves_nothing_and_works_when_it_is_tried_again(
    world: World, broken: str
) -> None:
    await ask(Person(world, 1), until="chat")
    ann = Person(world, 2)
    await ask(ann)
    await ann.press(world.say("send-button"))
    places = {"traces": "message", "blocks": "mac"}
    box = places[broken]

    def damage(tx: Tx) -> None:
        tx.conn.execute(text(f"CREATE TABLE spare AS SELECT * FROM {broken}"))  # noqa: S608
        column = metadata.tables[broken].c[box]
        zeros = func.substr(bytes(10_000), 1, func.length(column), type_=LargeBinary)
        tx.conn.execute(update(metadata.tables[broken]).values({column: zeros}))

    def mend(tx: Tx) -> None:
        tx.conn.execute(text(f"DELETE FROM {broken}"))  # noqa: S608
        tx.conn.execute(text(f"INSERT INTO {broken} SELECT * FROM spare"))  # noqa: S608

    await world.write(damage)
    before = await world.tables()
    on, data = ann.find(world.say("channel-chat-button"))
    with pytest.raises(Tampered):
        await ann.press_data(data, on)
    assert await world.tables() == before
    await world.write(mend)
    await ann.again()
    assert REFERENCE.search(ann.screen.text)
    assert (await world.read(tallies.read))["2023-11", "requests"] == 2


def walk(person: Person) -> list[dict[str, str]]:
    """What a requester does, from the first word to a message after sending."""
    say = person.world.say
    first = ("English", say("begin-button"), "On the road", "A doctor", say("done-button"))
    then = (say("send-button"), say("channel-chat-button"), say("refresh-button"))
    return [
        {"text": "/start"},
        *({"press": label} for label in first),
        {"text": OWN_WORDS},
        *({"press": label} for label in then),
        {"text": "And one thing more"},
        {"press": say("erase-button")},
        {"press": say("erase-no-button")},
    ]


def update_for(person: Person, step: dict[str, str]) -> dict[str, Any]:
    if "text" in step:
        return person.message(step["text"])
    on, data = person.find(step["press"])
    return person.pressing(data, on)


async def test_an_update_that_comes_again_changes_nothing_and_shows_the_screen_again(world: World) -> None:
    ann = Person(world, 5551)
    for step in walk(ann):
        await world.turn(update_for(ann, step))
        await world.deliver()
        screen = (ann.screen.text, ann.screen.labels)
        before = await world.tables()
        await ann.again()
        after = await world.tables()
        if "/start" not in str(step):  # this one sends the screen anew, and notes the message
            assert after == before
        assert ann.screen.labels == screen[1]
        assert ann.screen.text.endswith(screen[0].partition("\n\n")[2])


async def test_a_crash_before_anything_was_sent_leaves_a_screen_to_go_on_from(world: World) -> None:
    """Each step is committed and its messages are lost; then the same button or text goes on."""
    ann = Person(world, 5551)
    await ann.send("/start")
    for step in walk(ann)[1:]:
        lost = update_for(ann, step)
        await take_turn(world.desk, "bot", lost)
        world.wire.waiting.clear()  # the process ends here
        await world.turn(update_for(ann, step) if "press" in step else lost)
    assert world.say("home-state-open") in ann.screen.text
    assert (await world.read(only_case)).status is Status.OPEN


async def test_who_pressed_an_older_screen_hears_it_also_when_the_process_ended_before_it_could_be_said(
    world: World,
) -> None:
    """Otherwise the next screen looks as if their choice had counted."""
    ann = Person(world, 5551)
    await ann.send("/start")
    await ann.answer_all("English", world.say("begin-button"))
    on, data = ann.find("At home")
    counted, late = ann.pressing(data, on), ann.pressing(data, on)
    for pressed, hint in (
        (counted, ""),
        (late, world.say("hint-old-button")),
        (counted, ""),  # brought once more, behind what came later
    ):
        await take_turn(world.desk, "bot", pressed)
        world.wire.waiting.clear()  # the process ends here
        await world.turn(pressed)
        assert world.answers[pressed["callback_query"]["id"]].text == hint
    assert "A lawyer" in " ".join(ann.screen.labels)


async def test_whose_choice_counted_never_hears_that_its_button_was_old(world: World) -> None:
    """However late it is brought again: behind what came later, after /stop, after the draft was left too long."""
    ann = Person(world, 5551)
    await ann.send("/start")
    await ann.answer_all("English", world.say("begin-button"))
    on, data = ann.find("At home")
    earlier, counted = ann.message("/help"), ann.pressing(data, on)
    await world.turn(counted)
    await world.turn(earlier)  # out of order, as by webhook

    async def said() -> str:
        await world.turn(counted)
        return world.answers[counted["callback_query"]["id"]].text

    assert await said() == ""
    world.wait(31 * 60)
    assert await said() == ""
    await ann.send("/stop")
    assert await said() == ""
    await ann.send("/start")
    assert await said() == ""


async def test_who_types_where_buttons_are_asked_for_sees_the_screen_below_their_words(world: World) -> None:
    """They may be looking at a copy that a process sent, and ended before it could note its number."""
    ann = Person(world, 5551)
    await ann.send("/start")
    await ann.answer_all("English", world.say("begin-button"))
    copy = world.put(ann.id, "the same question once more")
    await ann.send("hello")
    assert ann.screen.id > copy.id
    assert world.say("hint-use-buttons") in ann.screen.text
    assert len([message for message in world.shown(ann.id) if message.keyboard]) == 1


async def test_a_return_code_survives_a_crash_before_it_was_shown(world: World) -> None:
    ann = Person(world, 5551)
    await ask(ann)
    await ann.press(world.say("send-button"))
    on, data = ann.find(world.say("channel-code-button"))
    await take_turn(world.desk, "bot", ann.pressing(data, on))
    world.wire.waiting.clear()
    await ann.again()
    assert world.say("stopped") == ann.screen.text.strip()
    code = await code_of(ann)
    await Person(world, 6661).send(code)
    assert (await world.read(only_case)).reference in "".join(m.text for m in world.shown(6661))


# Other people at the same time.


async def test_what_expired_while_its_turn_was_under_way_is_not_saved_again(world: World) -> None:
    ann = Person(world, 5551)
    await ask(ann)
    await ann.press(world.say("send-button"))
    on, data = ann.find(world.say("channel-code-button"))
    go_on = threading.Event()
    other = asyncio.create_task(world.desk.stretching.run(FIRST, lambda: go_on.wait(30)))
    turn = asyncio.create_task(take_turn(world.desk, "bot", ann.pressing(data, on)))
    # Until the turn has read its draft, and waits to derive the code; nothing announces that.
    while not len(world.desk.stretching):  # noqa: ASYNC110
        await asyncio.sleep(0.01)
    world.wait(world.desk.terms.draft_seconds + 1)
    await world.expire()
    go_on.set()
    await asyncio.gather(other, turn)
    tables = await world.tables()
    assert (tables["cases"], tables["locks"], tables["blocks"]) == ([], [], [])
    await world.apply()
    await ann.answer_all("English", world.say("begin-button"), "At home")  # nothing is in the way


async def test_a_key_that_is_revoked_meanwhile_gets_no_slot(world: World) -> None:
    heron = await join(world, 900, Role.OPERATOR, "Heron")
    people = [Person(world, 100 + n) for n in range(12)]
    for person in people:
        await person.send("/start")
        await person.press("English")
    updates = []
    for person in people:
        on, data = person.find(world.say("begin-button"))
        updates.append(person.pressing(data, on))

    async def revoke() -> None:
        await asyncio.sleep(0.004)
        member = await world.read(lambda tx: staff.by_account(tx, heron.account))
        await world.write(lambda tx: custody.revoke(tx, member, world.now))

    await asyncio.gather(revoke(), *(take_turn(world.desk, "bot", each) for each in updates))
    found = await world.read(
        lambda tx: [bytes(c) for c in tx.conn.execute(text("SELECT case_id FROM locks")).scalars()]
    )
    assert len(found) == len(people)
    for case in found:
        lock = await world.read(lambda tx, c=case: locks.get(tx, c))
        with pytest.raises(Exception, match="not among the recipients"):
            Opener(heron.private).unlock(lock.case, lock.public, lock.slots)


async def test_a_request_closed_while_the_requester_writes_is_not_said_to_be_waiting(world: World) -> None:
    heron, ann = await join(world, 900, Role.OPERATOR, "Heron"), Person(world, 5551)
    await ask(ann, held=True, text="")
    await world.deliver()
    await heron.press("Claim", chat=GROUP)
    await world.deliver()
    await heron.press(world.say("close-button"))
    await world.deliver()
    await heron.press(world.say("outcome-helped"))
    await ann.press(world.say("send-button"))
    assert world.say("home-state-open") not in ann.screen.text
    assert (await world.read(only_case)).status is Status.CLOSED


# Leaving.


async def test_stopping_before_sending_destroys_lock_and_boxes(world: World) -> None:
    ann = Person(world, 5551)
    await ask(ann)
    await ann.send("/stop")
    tables = await world.tables()
    assert [tables[name] for name in ("locks", "blocks", "drafts", "cases")] == [[], [], [], []]
    await world.deliver()
    assert [m.text.strip() for m in world.shown(5551)] == [world.say("stopped")]


async def test_erasing_destroys_everything_of_the_case_but_the_counts(world: World) -> None:
    heron, ann = await join(world, 900, Role.OPERATOR, "Heron"), Person(world, 5551)
    await ask(ann, until="chat")
    await world.deliver()
    await heron.press("Claim", chat=GROUP)
    await world.deliver()
    await ann.send("something more, not delivered yet")
    await ann.press(world.say("erase-button"))
    await ann.press(world.say("erase-yes-button"))
    tables = await world.tables()
    assert [tables[name] for name in ("cases", "locks", "blocks", "thread", "drafts")] == [[]] * 5
    jobs = await world.read(outbox.waiting)
    assert all(job.case == "" for _, job in jobs)
    await world.deliver()
    assert not any(m.document for m in world.shown(900))
    assert any("withdrawn" in m.text for m in world.shown(900))
    assert "withdrawn" in world.shown(GROUP)[0].text
    assert not world.shown(GROUP)[0].keyboard
    assert (await world.read(tallies.read))["2023-11", "requests"] == 1


async def test_an_expired_draft_meets_the_next_press_with_a_word_and_a_fresh_start(world: World) -> None:
    ann = Person(world, 5551)
    await ask(ann)
    world.wait(world.desk.terms.draft_seconds + 1)
    await ann.press(world.say("send-button"))
    assert world.say("hint-expired") in ann.screen.text
    tables = await world.tables()
    assert (tables["locks"], tables["blocks"]) == ([], [])
    assert (await world.read(lambda tx: drafts.load(tx, ann.account))).draft.answers == {}
