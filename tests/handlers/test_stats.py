"""/stats: exact totals, parts of whole months only, and nothing small; as a picture that takes its own place."""

from __future__ import annotations

import pytest
from sqlalchemy import insert

from handlers import stats
from handlers.outgoing import Answer, EditPhoto, SendPhoto
from handlers.showing import remember, told_of_totals
from handlers.turn import take_turn
from handlers.wording import Wording
from intake.periods import until
from intake.roles import Role
from intake.tables import Release
from storage import releases, staff, tallies
from storage.schema import releases as releases_table
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
    assert isinstance(world.posted[-1], EditPhoto)
    assert "October 2023: 218" in last(world)
    assert "At home: 120 · 55\N{NO-BREAK SPACE}%" in last(world)
    told = await world.read(releases.everything)
    assert {each.question for each in told} == {"", "where", "outcome", "persons"}


async def test_a_month_that_runs_on_does_not_make_the_register_grow(world: World) -> None:
    await counting(world)
    year = until("2023-11", 12)
    looks = [("2023-11",), year, until("2023-10", 12), until("2023-11", 3)]
    kept: list[tuple[Release, ...]] = []
    for _ in range(3):
        await world.write(lambda tx: tallies.add(tx, "2023-11", ["requests"]))
        known = await world.read(tallies.known)
        assert known.over == "2023-10"
        await remember(world.desk.db, [told_of_totals(known, looks)])
        kept.append(await world.read(releases.everything))
    assert kept[0] == kept[1] == kept[2]
    (totals,) = kept[0]
    assert {fact.period for fact in totals.facts} == {
        until("2023-10", 12), ("2022-11",), until("2023-08", 9), ("2023-09", "2023-10"),
    }  # fmt: skip


async def test_every_total_that_is_shown_is_in_the_register(world: World) -> None:
    """So that whoever reports afterwards is told what follows from it."""
    await counting(world)
    known = await world.read(tallies.known)
    words = Wording(world.desk.texts, "en", world.desk.questionnaire)
    await stats._totals(world.desk, words, known, stats.View())
    (totals,) = [each for each in await world.read(releases.everything) if not each.question]
    periods = {fact.period for fact in totals.facts}
    assert {("2023-10",), until("2023-10", 3), until("2023-07", 3), ("2022-11",), ("2022-12",)} <= periods
    assert all(fact.least == fact.most for fact in totals.facts)


async def test_nobody_waits_for_a_picture_and_ten_presses_make_two(world: World) -> None:
    admin = await counting(world)
    await take_turn(world.desk, "postern_test_bot", admin.message("/stats"))
    assert not any(isinstance(call, SendPhoto) for call in world.wire.waiting)
    await Person(world, 1).send("/start")  # which waits for the picture only to look at it
    assert any(isinstance(call, SendPhoto) for call in world.posted)
    message = world.shown(ADMIN)[-1]
    presses = [admin.pressing(f"stats.p{length}.", message) for length in (3, 1, 12)]
    for press in presses:
        await take_turn(world.desk, "postern_test_bot", press)
        assert [call for call in world.wire.waiting if isinstance(call, Answer)][-1].text == ""
    await world.desk.aside.idle()
    pictures = [call for call in world.wire.waiting if isinstance(call, EditPhoto)]
    assert 1 <= len(pictures) <= 2
    assert "November 2022 – October 2023" in pictures[-1].caption
    await world.apply()


async def test_what_can_not_be_shown_is_said(world: World, caplog: pytest.LogCaptureFixture) -> None:
    admin = await counting(world)
    await world.write(
        lambda tx: tx.conn.execute(insert(releases_table).values(id=b"r" * 16, shown=b"x")) and None
    )
    await admin.send("/stats")
    assert last(world) == world.say("stats-failed")


def test_a_text_is_cut_to_a_caption_s_length_only_below_a_picture() -> None:
    text = "\n".join(f"line {number:03}" for number in range(200))
    assert stats._fitting(text, stats.MAX_TEXT) == text
    short = stats._fitting(text, stats.MAX_CAPTION)
    assert len(short) <= stats.MAX_CAPTION
    assert text.startswith(short)
    assert short.endswith(short[-8:].strip())


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
