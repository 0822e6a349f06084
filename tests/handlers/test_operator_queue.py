"""/queue and /next as an operator sees them: filters, skipping, and whose turn it is."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from handlers.operator_filter import categories, matching, read, written
from handlers.queue import Wanted
from intake.lifecycle import Status
from intake.questionnaire import Level
from intake.roles import Role
from storage import cases
from storage.cases import Case
from tests.handlers.desk import Person, World, join, make_world


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with make_world(tmp_path) as made:
        yield made


async def arrive(world: World, number: int, place: str, language: str = "English") -> str:
    """Somebody asks for help, and an hour goes by; the reference."""
    person, known = Person(world, number), await references(world)
    say = world.desk.texts.say
    code = "ru" if language != "English" else "en"
    await person.send("/start")
    await person.answer_all(language, say(code, "begin-button"))
    labels = {"Held": "Удерживают", "On the road": "В пути", "At home": "Дома"}
    await person.press(place if code == "en" else labels[place])
    await person.press("A lawyer" if code == "en" else "Юрист")
    await person.press(say(code, "done-button"))
    await person.press(say(code, "skip-button"))
    await person.press(say(code, "send-button"))
    await person.press(say(code, "channel-chat-button"))
    world.wait(3_600)
    return (await references(world) - known).pop()


async def references(world: World) -> set[str]:
    found: list[Case] = await world.read(
        lambda tx: [each for status in Status for each in cases.with_status(tx, status)]
    )
    return {case.reference for case in found}


def shown(world: World, person: Person) -> str:
    return world.shown(person.id)[-1].text


async def test_the_list_counts_by_level_and_offers_the_pressing_first(world: World) -> None:
    heron = await join(world, 900, Role.OPERATOR, "Heron")
    calm = await arrive(world, 1, "At home")
    held = await arrive(world, 2, "Held")
    road = await arrive(world, 3, "On the road")
    await heron.send("/queue")
    text = shown(world, heron)
    assert world.say("queue-count", n=3) in text
    assert [text.index(each) for each in (held, road, calm)] == sorted(
        text.index(each) for each in (held, road, calm)
    )
    assert [label for label in heron.screen.labels if label.startswith("Claim")] == [
        f"Claim {each}" for each in (held, road, calm)
    ]


async def test_filters_by_level_category_and_language(world: World) -> None:
    heron = await join(world, 900, Role.OPERATOR, "Heron")
    calm = await arrive(world, 1, "At home")
    russian = await arrive(world, 2, "At home", "Русский")
    road = await arrive(world, 3, "On the road")
    await heron.send("/queue")
    await heron.press(world.say("filter-button"))
    await heron.press("On the road")
    assert road in shown(world, heron)
    assert calm not in shown(world, heron)
    await heron.press(world.say("filter-button"))
    await heron.press("✓ On the road")
    await heron.press(world.say("filter-button"))
    await heron.press("Русский")
    assert russian in shown(world, heron)
    assert calm not in shown(world, heron)
    await heron.press(world.say("filter-button"))
    await heron.press("emergency")
    assert shown(world, heron) == world.say("queue-no-match", what="emergency, Русский")
    await heron.send("/queue urgent")
    assert road in shown(world, heron)
    assert calm not in shown(world, heron)
    await heron.send("/next whatever")
    assert world.say("filter-unknown", word="whatever") == shown(world, heron)


async def test_a_filter_that_was_pressed_for_under_next_leads_back_to_one_request(world: World) -> None:
    heron = await join(world, 900, Role.OPERATOR, "Heron")
    calm, road = await arrive(world, 1, "At home"), await arrive(world, 2, "On the road")
    await heron.send("/next")
    assert road in shown(world, heron)
    await heron.press(world.say("filter-button"))
    await heron.press("At home")
    assert calm in shown(world, heron)
    assert world.say("next-no-other") in shown(world, heron)
    await heron.press(world.say("next-skip-button"))
    assert shown(world, heron) == world.say("next-end")
    await heron.press(world.say("queue-refresh-button"))
    assert calm in shown(world, heron), "from the beginning, and still only these"
    await heron.press(world.say("filter-button"))
    await heron.press("emergency")
    assert shown(world, heron) == world.say("queue-no-match", what="emergency, At home")
    await heron.press(world.say("filter-button"))
    await heron.press(world.say("filter-all-button"))
    assert road in shown(world, heron)
    assert world.say("next-skip-button") in heron.screen.labels
    await heron.send("/next whatever")
    await heron.press("At home")
    assert world.say("next-skip-button") in heron.screen.labels


async def test_nothing_is_found_by_what_its_card_withholds(tmp_path: Path) -> None:
    async with make_world(tmp_path, anonymity_k=5) as world:
        heron = await join(world, 900, Role.OPERATOR, "Heron")
        reference = await arrive(world, 1, "At home", "Русский")
        await heron.send("/queue")
        assert reference in shown(world, heron)
        assert world.say("card-withheld") in shown(world, heron)
        for button in ("At home", "Русский"):
            await heron.send("/queue")
            await heron.press(world.say("filter-button"))
            await heron.press(button)
            assert reference not in shown(world, heron)


async def test_next_offers_one_and_skipping_the_one_after(world: World) -> None:
    heron = await join(world, 900, Role.OPERATOR, "Heron")
    calm, road = await arrive(world, 1, "At home"), await arrive(world, 2, "On the road")
    await heron.send("/next")
    assert road in shown(world, heron)
    skip = heron.find(world.say("next-skip-button"))
    await heron.press_data(skip[1], skip[0])
    assert calm in shown(world, heron)
    held = await arrive(world, 3, "Held")
    await heron.press(world.say("next-skip-button"))
    assert held in shown(world, heron), "an emergency that came meanwhile is not passed over"
    await heron.press(world.say("next-skip-button"))
    assert shown(world, heron) == world.say("next-end"), "each is offered once"


async def test_skipping_passes_over_no_emergency_that_came_back_and_offers_none_twice(world: World) -> None:
    heron, ibis = (
        await join(world, 900, Role.OPERATOR, "Heron"),
        await join(world, 901, Role.OPERATOR, "Ibis"),
    )
    held, calm = await arrive(world, 1, "Held"), await arrive(world, 2, "At home")
    raised, last = await arrive(world, 3, "At home"), await arrive(world, 4, "At home")
    on = world.put(ibis.id, "old")
    for reference in (held, raised):
        await ibis.press_data(f"claim.{reference}", on)
    await heron.send("/next")
    assert calm in shown(world, heron)
    for _ in range(2):
        await ibis.press_data(f"up.danger.{raised}", on)
    for reference in (raised, held):
        await ibis.press_data(f"release.{reference}", on)
        world.wait(60)
    offered = []
    for _ in range(4):
        await heron.press(world.say("next-skip-button"))
        offered.append(shown(world, heron))
    for reference, text in zip((raised, held, last), offered, strict=False):
        assert reference in text
    assert offered[-1] == world.say("next-end")


async def test_the_turn_of_whoever_has_waited_longest_is_not_used_up_by_others(world: World) -> None:
    heron = await join(world, 900, Role.OPERATOR, "Heron")
    calm = await arrive(world, 1, "At home")
    for number in range(2, 9):
        await arrive(world, number, "On the road")
    for _ in range(4):
        await heron.send("/next")
        await heron.press("Claim")
    await heron.send("/next")
    assert calm in shown(world, heron)
    await heron.press(world.say("next-skip-button"))
    await heron.press("Claim")
    await heron.send("/next urgent")
    assert world.say("next-oldest") not in shown(world, heron)
    await heron.press("Claim")
    await heron.send("/next")
    assert calm in shown(world, heron)
    await heron.press("Claim")
    await heron.send("/next")
    assert world.say("next-oldest") not in shown(world, heron)


async def test_whoever_is_late_is_offered_the_next_at_once(world: World) -> None:
    heron = await join(world, 900, Role.OPERATOR, "Heron")
    ibis = await join(world, 901, Role.OPERATOR, "Ibis")
    calm, road = await arrive(world, 1, "At home"), await arrive(world, 2, "On the road")
    await heron.send("/next")
    await ibis.send("/next")
    await heron.press("Claim")
    assert shown(world, heron) == world.say("next-taken", reference=road)
    answer = await ibis.press("Claim")
    assert answer.alert
    assert calm in shown(world, ibis)
    await ibis.press("Claim")
    assert {c.reference for c in await world.read(lambda tx: cases.with_status(tx, Status.CLAIMED))} == {
        calm,
        road,
    }


async def test_each_fifth_taking_is_the_oldest_and_never_before_an_emergency(world: World) -> None:
    heron = await join(world, 900, Role.OPERATOR, "Heron")
    calm = await arrive(world, 1, "At home")
    for number in range(2, 8):
        await arrive(world, number, "On the road")
    taken = []
    for _ in range(4):
        await heron.send("/next")
        taken.append(shown(world, heron))
        await heron.press("Claim")
    assert all(calm not in text for text in taken)
    held = await arrive(world, 20, "Held")
    await heron.send("/next")
    assert held in shown(world, heron)
    await heron.press("Claim")
    await heron.send("/next")
    assert calm in shown(world, heron)
    assert world.say("next-oldest") in shown(world, heron)
    await heron.press(world.say("next-skip-button"))
    assert calm not in shown(world, heron), "skipped, the order begins at its beginning"
    await heron.send("/next")
    await heron.press("Claim")
    await heron.send("/next")
    assert world.say("next-oldest") not in shown(world, heron)


async def test_a_newcomer_is_offered_only_what_their_key_opens(world: World) -> None:
    await join(world, 900, Role.OPERATOR, "Heron")
    early = await arrive(world, 1, "Held")
    ibis = await join(world, 901, Role.OPERATOR, "Ibis")
    await ibis.send("/next")
    assert shown(world, ibis) == world.say("queue-none-opens")
    later = await arrive(world, 2, "At home")
    await ibis.send("/next")
    assert later in shown(world, ibis)
    await ibis.send("/queue")
    assert f"{early}" not in "".join(ibis.screen.labels)


async def test_a_filter_comes_back_from_its_button_as_it_was(world: World) -> None:
    desk = world.desk
    for level in (None, *Level):
        for category in ("", *(name for name, _ in categories(desk))):
            for language in ("", *desk.questionnaire.languages):
                wanted = Wanted(level, category, language)
                assert read(desk, written(desk, wanted)) == wanted
    for rubbish in ("", "x-999-zz", "---", "e", "-²-", "-12345-"):
        assert read(desk, rubbish).category == ""
    assert matching(desk, "Urgent, русский") == Wanted(Level.URGENT, "", "ru")
