"""/stats: exact totals, parts of whole months only, and nothing small; as a picture that takes its own place."""

from __future__ import annotations

import pytest

from handlers.outgoing import EditPhoto, SendPhoto
from intake.roles import Role
from storage import releases, staff, tallies
from tests import counted
from tests.handlers.desk import Person, World, ask, join

ADMIN = 800
PNG = b"\x89PNG"


async def counting(world: World, **months: dict[str, int]) -> Person:
    """An admin, and two years of counts up to October 2023; it is November."""
    past = {month: counts for month, counts in counted.months().items() if month < "2023-11"}
    await world.write(
        lambda tx: tallies.restore(tx, past | {m.replace("_", "-"): c for m, c in months.items()})
    )
    return await join(world, ADMIN, Role.ADMIN, "Elm")


def last(world: World) -> str:
    return world.shown(ADMIN)[-1].text


async def test_the_month_so_far_stands_beside_the_last_the_quarter_and_a_year_before(world: World) -> None:
    admin = await counting(world)
    for number in range(3):
        await ask(Person(world, 100 + number), until="chat")
    ann = Person(world, 100)
    await ann.press(world.say("erase-button"))
    await ann.press(world.say("erase-yes-button"))
    await admin.send("/stats")
    said = last(world)
    assert "November 2023 (so far): 3" in said
    assert "October 2023: 218 · September 2023: 184 (+18\N{NO-BREAK SPACE}%)" in said
    assert "August – October 2023: 523 · May – July 2023: 244 (+114\N{NO-BREAK SPACE}%)" in said
    assert "November 2022: 18" in said
    assert "October 2023: people 194, cases closed 182" in said
    assert isinstance(world.posted[-1], SendPhoto)
    assert world.posted[-1].content.startswith(PNG)


async def test_parts_come_in_the_place_of_the_picture_with_their_shares(world: World) -> None:
    admin = await counting(world)
    await admin.send("/stats")
    shown = len(world.shown(ADMIN))
    await admin.press("Place")
    assert len(world.shown(ADMIN)) == shown
    assert isinstance(world.posted[-1], EditPhoto) or isinstance(world.posted[-2], EditPhoto)
    assert "October 2023: 218" in last(world)
    assert "At home: 120 · 55\N{NO-BREAK SPACE}%" in last(world)
    assert len(await world.read(releases.everything)) == 2  # and what the cases tell of the endings


async def test_no_part_below_the_limit_is_shown_or_follows(world: World) -> None:
    small = {"requests": 100, "answer:where:home": 52, "answer:where:road": 41, "answer:where:held": 7}
    admin = await counting(world, **{"2023_10": small})
    await admin.send("/stats")
    await admin.press_data("stats.p1.where", world.shown(ADMIN)[-1])
    said = last(world)
    hidden = [line for line in said.splitlines() if line.endswith(world.say("stats-hidden"))]
    assert len(hidden) >= 2
    assert ": 7" not in said
    assert world.say("stats-hidden-note", below=10) in said


async def test_parts_of_a_month_that_is_not_over_are_not_shown(world: World) -> None:
    admin = await join(world, ADMIN, Role.ADMIN, "Elm")
    await ask(Person(world, 1), until="chat")
    await admin.send("/stats")
    await admin.press_data("stats.p1.where", world.shown(ADMIN)[-1])
    assert world.say("stats-no-month") in last(world)
    assert "At home" not in last(world)


async def test_it_speaks_the_admins_language(world: World) -> None:
    admin = await counting(world)

    def speak(tx: object) -> None:
        member = staff.by_account(tx, admin.account)  # type: ignore[arg-type]
        assert member is not None
        staff.enrol(tx, member.id, admin.account, ADMIN, "kk")  # type: ignore[arg-type]

    await world.write(speak)
    await admin.send("/stats")
    assert "қазан" in last(world)


@pytest.mark.parametrize(
    "data", ["stats.", "stats.p1", "stats.p2.where", "stats.p1.more", "stats.x1.", "stats.p1.WHERE"]
)
async def test_a_forged_press_is_answered_and_shows_nothing(world: World, data: str) -> None:
    admin = await counting(world)
    message = world.put(ADMIN, "theirs")
    before = len(world.shown(ADMIN))
    assert (await admin.press_data(data, message)).text == ""
    assert len(world.shown(ADMIN)) == before


async def test_what_is_counted_is_told(world: World) -> None:
    admin = await counting(world)
    await admin.send("/stats")
    await admin.press(world.say("stats-about-button"))
    assert last(world) == world.say("stats-definitions", below=10)


async def test_months_before_counting_began_are_not_said_to_be_empty(world: World) -> None:
    await world.write(lambda tx: tallies.restore(tx, {"2023-10": counted.months()["2023-10"]}))
    admin = await join(world, ADMIN, Role.ADMIN, "Elm")
    await admin.send("/stats")
    said = last(world)
    assert "October 2023: 218" in said
    assert "September 2023" not in said
    assert "2022" not in said
    assert "Counted since October 2023." in said
