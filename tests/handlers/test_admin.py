"""Admins: counts, keys and the pause; nothing of any request, and nothing twice."""

from __future__ import annotations

import pytest

from intake.roles import Role
from storage import meta, staff
from tests.handlers.desk import OWN_WORDS, Person, World, ask, join
from tests.handlers.test_enrolment import invited, member, public

ADMIN = 800


async def test_an_admin_is_shown_nothing_of_a_request(world: World) -> None:
    admin = await join(world, ADMIN, Role.ADMIN, "Elm")
    await join(world, 900, Role.OPERATOR, "Heron")
    await ask(Person(world, 5551), until="chat")
    await world.deliver()
    rows = (await world.tables())["cases"]
    for words in ("/stats", "/people", "/verify", "/help", "/queue", "/mine", "anything"):
        await admin.send(words)
    said = "\n".join(m.text for m in world.shown(ADMIN))
    for secret in (str(rows[0][1]), OWN_WORDS, "At home", "5551"):
        assert secret not in said
    assert (await admin.press_data("claim." + str(rows[0][1]), world.shown(ADMIN)[-1])).text == ""
    assert (await world.tables())["cases"] == rows


async def test_a_pause_turns_newcomers_away_and_lets_the_others_finish(world: World) -> None:
    admin = await join(world, ADMIN, Role.ADMIN, "Elm")
    ann, ben = Person(world, 1), Person(world, 2)
    await ask(ann)
    await admin.send("/pause Back on Monday")
    await ben.send("/start")
    assert "Back on Monday" in ben.screen.text
    await ann.press(world.say("send-button"))
    await ann.press(world.say("channel-chat-button"))
    assert len((await world.tables())["cases"]) == 1
    await admin.send("/resume")
    await ben.send("/start")
    assert "English" in ben.screen.labels


async def test_a_pause_that_comes_again_does_not_undo_the_resuming(world: World) -> None:
    admin, other = await join(world, ADMIN, Role.ADMIN, "Elm"), await join(world, 801, Role.ADMIN, "Oak")
    await admin.send("/pause")
    await other.send("/resume")
    await admin.again()
    assert await world.read(lambda tx: meta.get(tx, meta.PAUSED)) is None


async def test_a_confirmation_that_comes_again_is_settled(world: World) -> None:
    admin = await join(world, ADMIN, Role.ADMIN, "Elm")
    ibis = await invited(world, Role.OPERATOR, 901)
    await ibis.send(public(ibis.private))
    await world.deliver()
    await admin.press(world.say("confirm-button"))
    await world.deliver()
    before = await world.tables()
    await admin.again()
    assert await world.tables() == before
    assert (await member(world, ibis)).active


@pytest.mark.parametrize(
    "data", ["key.yes", "key.yes.x", "key.maybe.x.y", "key.no.x.y", "claim.x", "", "....."]
)
async def test_a_forged_press_is_answered_and_changes_nothing(world: World, data: str) -> None:
    admin = await join(world, ADMIN, Role.ADMIN, "Elm")
    await invited(world, Role.OPERATOR, 901)
    await admin.send("/people")
    before = await world.tables()
    assert await admin.press_data(data, world.shown(ADMIN)[-1])
    after = await world.tables()
    assert after["staff"] == before["staff"]


async def test_nobody_but_an_admin_confirms_a_key(world: World) -> None:
    heron = await join(world, 900, Role.LEAD, "Heron")
    await join(world, ADMIN, Role.ADMIN, "Elm")
    ibis = await invited(world, Role.OPERATOR, 901)
    await ibis.send(public(ibis.private))
    await world.deliver()
    asked = world.shown(ADMIN)[-1]
    data = asked.keyboard[0][0].data
    for person in (heron, ibis, Person(world, 6666)):
        await person.press_data(data, person.world.put(person.id, "a message of their own"))
    assert not (await world.read(lambda tx: staff.by_account(tx, ibis.account))).confirmed
