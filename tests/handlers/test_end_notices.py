"""A week before the end of a case that nobody closed: whoever should act hears of it, once, in neutral words."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from handlers.end_notices import DAY, MOST_IN_ONE, NOTICE_DAYS, tell_of_ends
from intake.lifecycle import Status
from intake.questionnaire import Level
from intake.roles import Role
from storage import cases, outbox
from storage.cases import Case
from storage.database import Tx
from storage.facts import Facts
from tests.handlers.desk import GROUP, OWN_WORDS, Person, World, ask, join, make_world
from tests.handlers.test_requester_turn import code_of

KEPT = 180


async def tell(world: World) -> list[tuple[int, str]]:
    """What the daily work tells now: (chat, text) of each message, which is then delivered."""
    while await world.write(lambda tx: tell_of_ends(tx, world.desk, world.now)):
        pass
    told = [(job.chat, job.text) for _, job in await world.read(outbox.waiting) if job.text]
    await world.deliver()
    return sorted(told)


async def sent_case(world: World, number: int = 501) -> str:
    await ask(Person(world, number), until="chat")
    await world.deliver()
    [found] = await world.read(
        lambda tx: [c for c in cases.with_status(tx, Status.OPEN) if not c.facts.documents]
    )
    return str(found.reference)


def end_of(world: World, received: int) -> str:
    return world.desk.texts.day("en", received // DAY + KEPT)


async def test_the_holder_hears_of_it_a_week_before_and_once(world: World) -> None:
    heron, _ = await join(world, 90, Role.OPERATOR, "Heron"), await join(world, 91, Role.LEAD, "Lark")
    received, reference = world.now, await sent_case(world)
    await heron.press("Claim", chat=GROUP)
    await world.deliver()
    world.wait((KEPT - NOTICE_DAYS - 1) * DAY)
    assert await tell(world) == []
    world.wait(DAY)
    [(chat, text)] = await tell(world)
    assert (chat, reference in text, end_of(world, received) in text) == (90, True, True)
    assert text == world.say("end-of-held", reference=reference, day=end_of(world, received), days=KEPT)
    assert OWN_WORDS not in text
    assert any(text == m.text for m in world.shown(90))
    assert await tell(world) == []
    for _ in range(NOTICE_DAYS - 1):
        world.wait(DAY)
        assert await tell(world) == []


async def test_the_notice_leaves_the_holders_chat_when_they_no_longer_hold_the_case(world: World) -> None:
    heron = await join(world, 90, Role.OPERATOR, "Heron")
    reference = await sent_case(world)
    await heron.press("Claim", chat=GROUP)
    await world.deliver()
    world.wait((KEPT - NOTICE_DAYS) * DAY)
    [(_, text)] = await tell(world)
    await heron.send("/mine")
    await heron.press(world.say("file-button", reference=reference))
    await world.deliver()
    await heron.press("Release")
    await world.deliver()
    assert not any(text == m.text for m in world.shown(90))


async def test_of_what_nobody_holds_every_lead_hears_in_one_message(world: World) -> None:
    for number, role, name in (
        (90, Role.OPERATOR, "Heron"),
        (91, Role.LEAD, "Lark"),
        (92, Role.LEAD, "Linnet"),
    ):
        await join(world, number, role, name)
    received = world.now
    references = sorted([await sent_case(world)])
    await ask(Person(world, 502), until="code")
    await code_of(Person(world, 502))
    await world.deliver()
    references = sorted(c.reference for c in await world.read(lambda tx: cases.with_status(tx, Status.OPEN)))
    world.wait((KEPT - NOTICE_DAYS) * DAY)
    told = await tell(world)
    assert [chat for chat, _ in told] == [91, 92]
    assert {text for _, text in told} == {
        world.say(
            "end-of-unheld", n=2, references=", ".join(references), day=end_of(world, received), days=KEPT
        )
    }
    assert await tell(world) == []


@pytest.mark.parametrize(("group", "expected"), [(GROUP, [GROUP]), (None, [90, 93])])
async def test_without_a_lead_the_group_hears_and_without_a_group_everybody_who_may_take_it(
    tmp_path: Path, group: int | None, expected: list[int]
) -> None:
    async with make_world(tmp_path, operators_chat=group) as world:
        for number, role, name in (
            (90, Role.OPERATOR, "Heron"),
            (93, Role.OPERATOR, "Kestrel"),
            (95, Role.ADMIN, "Elm"),
        ):
            await join(world, number, role, name)
        await sent_case(world)
        world.wait((KEPT - NOTICE_DAYS) * DAY)
        assert sorted(chat for chat, _ in await tell(world)) == expected


async def test_a_closed_case_ends_without_a_word(world: World) -> None:
    heron, _ = await join(world, 90, Role.OPERATOR, "Heron"), await join(world, 91, Role.LEAD, "Lark")
    await sent_case(world)
    for button in ("Claim", world.say("close-button"), world.say("outcome-helped")):
        await heron.press(button, chat=GROUP if button == "Claim" else None)
        await world.deliver()
    world.wait((KEPT - NOTICE_DAYS) * DAY)
    assert await tell(world) == []


async def test_days_on_which_the_service_was_down_are_told_of_afterwards(world: World) -> None:
    await join(world, 91, Role.LEAD, "Lark")
    received = world.now
    await sent_case(world, 501)
    world.wait(DAY)
    second = await sent_case_besides(world, 502)
    world.wait((KEPT - NOTICE_DAYS) * DAY + 3 * DAY)
    told = await tell(world)
    said = [text for _, text in told]
    for day in range(2):
        assert sum(end_of(world, received + day * DAY) in text for text in said) == 1
    assert any(second in text for _, text in told)
    assert await tell(world) == []


async def sent_case_besides(world: World, number: int) -> str:
    before = {c.reference for c in await world.read(lambda tx: cases.with_status(tx, Status.OPEN))}
    await ask(Person(world, number), until="chat")
    after = {c.reference for c in await world.read(lambda tx: cases.with_status(tx, Status.OPEN))}
    [new] = after - before
    return str(new)


async def test_a_shorter_retention_is_told_of_at_once_and_nobody_hears_twice_of_a_longer_one(
    world: World,
) -> None:
    await join(world, 91, Role.LEAD, "Lark")
    await sent_case(world)
    world.wait(15 * DAY)
    assert await tell(world) == []
    world.change(terms=replace(world.desk.terms, open_days=20))
    assert len(await tell(world)) == 1
    world.change(terms=replace(world.desk.terms, open_days=KEPT))
    world.wait((KEPT - 15 - NOTICE_DAYS) * DAY)
    assert await tell(world) == []


@pytest.mark.parametrize(("kept", "after"), [(3, 1), (2, 1), (8, 1), (9, 2)])
async def test_what_is_kept_for_less_than_a_week_is_told_of_the_day_after_it_came(
    world: World, kept: int, after: int
) -> None:
    await join(world, 91, Role.LEAD, "Lark")
    world.change(terms=replace(world.desk.terms, open_days=kept))
    await sent_case(world)
    for day in range(after):
        assert await tell(world) == [], day
        world.wait(DAY)
    assert len(await tell(world)) == 1


async def test_many_references_are_told_of_in_messages_that_fit(world: World) -> None:
    await join(world, 91, Role.LEAD, "Lark")
    day = world.now // DAY

    def fill(tx: Tx) -> None:
        for number in range(MOST_IN_ONE + 5):
            facts = Facts(Level.STANDARD, world.now, "en")
            case_id = number.to_bytes(2, "big") * 8
            cases.add(tx, Case(case_id, f"WWWW-{number:04}", Status.OPEN, None, facts, day))

    await world.write(fill)
    world.wait((KEPT - NOTICE_DAYS) * DAY)
    told = await tell(world)
    assert [text.count("WWWW-") for _, text in told] == [5, MOST_IN_ONE] or len(told) == 2
    assert sum(text.count("WWWW-") for _, text in told) == MOST_IN_ONE + 5
