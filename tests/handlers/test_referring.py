"""Referred elsewhere: to whom is asked, and the requester is told with the closing notice, not before."""

from __future__ import annotations

from dataclasses import replace

from intake.lifecycle import Outcome, Status
from intake.referrals import Referral
from storage import thread
from storage.envelope import Who
from tests.handlers.desk import World
from tests.handlers.test_operator_turn import ANN, claimed
from tests.handlers.test_requester_turn import only_case

LANGUAGES = ("en", "ru", "uk", "kk")
CENTRE = Referral(
    "centre", dict.fromkeys(LANGUAGES, "The centre"), {each: f"Call 112-233 ({each})" for each in LANGUAGES}
)


def with_list(world: World) -> None:
    world.desk = replace(world.desk, referrals=(CENTRE,), terms=replace(world.desk.terms, undo_seconds=60))


def said(world: World) -> list[str]:
    return [m.text for m in world.shown(ANN)]


async def test_the_requester_gets_the_text_when_the_minute_is_over(world: World) -> None:
    with_list(world)
    heron, _ = await claimed(world)
    for label in ("close-button", "outcome-referred"):
        await heron.press(world.say(label))
        await world.deliver()
    await heron.press("The centre")
    await world.deliver()
    assert not any("112-233" in text for text in said(world))
    case = await world.read(only_case)
    world.wait(60)
    await world.deliver()
    closed = await world.read(only_case)
    assert (closed.status, closed.outcome) == (Status.CLOSED, Outcome.REFERRED)
    notice = world.say("request-closed", reference=case.reference)
    assert f"{notice}\n\nCall 112-233 (en)" in said(world)
    (kept,) = await world.read(lambda tx: thread.entries(tx, case.case))
    assert (kept.who, kept.code_box) == (Who.ORGANISATION, None)


async def test_undone_nobody_hears_of_it_and_somebody_else_names_nobody(world: World) -> None:
    with_list(world)
    heron, _ = await claimed(world)
    case = await world.read(only_case)
    on = world.put(heron.id, "old")
    await heron.press_data(f"refer.centre.{case.reference}", on)
    await world.deliver()
    await heron.press(world.say("undo-button"))
    world.wait(60)
    await world.deliver()
    assert (await world.read(only_case)).status is Status.CLAIMED
    await heron.press_data(f"refer.nobody.{case.reference}", on)
    assert (await world.read(only_case)).facts.closing == "", "not on the list"
    await heron.press_data(f"refer..{case.reference}", on)
    world.wait(60)
    await world.deliver()
    assert (await world.read(only_case)).outcome is Outcome.REFERRED
    assert not any("112-233" in text for text in said(world))


async def test_with_a_return_code_it_is_sealed_to_the_code(world: World) -> None:
    with_list(world)
    heron, _ = await claimed(world, until="code")
    case = await world.read(only_case)
    await heron.press_data(f"refer.centre.{case.reference}", world.put(heron.id, "old"))
    world.wait(60)
    await world.deliver()
    (kept,) = await world.read(lambda tx: thread.entries(tx, case.case))
    assert kept.code_box is not None
