"""The requester of a case that nobody holds writes again: the queue hears, as late as it hears of a request."""

from __future__ import annotations

from pathlib import Path

from handlers import board
from intake.roles import Role
from storage.cases import Case
from tests.handlers.desk import GROUP, Person, World, join, make_world
from tests.handlers.test_by_code import coded
from tests.handlers.test_operator_turn import ANN, waiting_case
from tests.handlers.test_requester_turn import only_case

DELAY = 1_800
TELLING = "call my brother, +7 916 123-45-67"


async def found(world: World) -> Case:
    case: Case = await world.read(only_case)
    return case


async def told_of(world: World) -> list[bool]:
    """Whether card, list and board say so."""
    await world.deliver()
    heron = Person(world, 900)
    await heron.send("/queue")
    text, made = (
        world.say("card-wrote-again"),
        await world.read(lambda tx: board.call(tx, world.desk, b"", world.now)),
    )
    lines = made.text.splitlines() if made is not None else []
    cards = [m.text for m in world.shown(GROUP)]
    return [
        any(text in m for m in cards),
        text in world.shown(900)[-1].text,
        world.say("board-wrote-again", n=1) in lines,
    ]


async def test_card_list_and_board_say_so_until_somebody_takes_it(world: World) -> None:
    heron = await join(world, 900, Role.OPERATOR, "Heron")
    ann = await waiting_case(world)
    assert await told_of(world) == [False] * 3
    await ann.send("One thing more")
    await ann.send("And another")
    assert await told_of(world) == [True] * 3
    await heron.press("Claim", chat=GROUP)
    await world.deliver()
    await heron.press(world.say("release-button"))
    assert await told_of(world) == [False] * 3


async def test_nobody_sees_at_which_moment_somebody_wrote(tmp_path: Path) -> None:
    async with make_world(tmp_path, card_delay_seconds=DELAY) as world:
        await join(world, 900, Role.OPERATOR, "Heron")
        ann = await waiting_case(world)
        world.wait(DELAY)
        await world.deliver()
        await ann.send("One thing more")
        assert await told_of(world) == [False] * 3
        world.wait(DELAY + 1)
        assert await told_of(world) == [True] * 3


async def test_nor_with_a_code_and_nothing_is_said_of_what_was_taken_back(tmp_path: Path) -> None:
    async with make_world(tmp_path, card_delay_seconds=DELAY) as world:
        await join(world, 900, Role.OPERATOR, "Heron")
        code = await coded(world)
        world.wait(DELAY)
        await world.deliver()
        bob = Person(world, 6661)
        await bob.send(f"{code} {TELLING}")
        await world.deliver()
        assert (await found(world)).facts.wrote_again > world.now
        await bob.press(world.say("take-back-button"))
        await bob.send(code)
        assert (await found(world)).facts.wrote_again == 0


async def test_of_what_its_requester_is_asked_about_it_is_told_when_they_had_time_to_answer(
    world: World,
) -> None:
    await join(world, 900, Role.OPERATOR, "Heron")
    ann = await waiting_case(world)
    await ann.send(TELLING)
    assert await told_of(world) == [False] * 3
    await ann.press("Leave it out")
    world.wait(world.desk.terms.draft_seconds)
    assert await told_of(world) == [False] * 3
    await ann.send("/start")
    await ann.send(TELLING)
    world.wait(world.desk.terms.draft_seconds)
    assert await told_of(world) == [True] * 3
    assert ann.id == ANN
