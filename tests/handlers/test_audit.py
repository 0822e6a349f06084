"""What the audit trail keeps of a working day, and what an admin sees of it."""

from __future__ import annotations

from handlers import trail
from intake.roles import Role
from intake.trail import Event
from storage import audit, cases
from storage.audit import Entry
from tests.handlers.desk import GROUP, NOW, Person, World, join, texts
from tests.handlers.test_operator_turn import claimed, file_of
from tests.handlers.test_requester_turn import only_case


async def entries(world: World) -> list[Entry]:
    found: list[Entry] = await world.read(lambda tx: audit.latest(tx, 100))
    return found[::-1]


async def worked(world: World) -> Person:
    """A case is claimed, answered, closed."""
    heron, _ = await claimed(world)
    await heron.send("Wait for a call", reply_to=file_of(world, 900).id)
    await world.deliver()
    await heron.press(world.say("close-button"))
    await world.deliver()
    await heron.press(world.say("outcome-helped"))
    await world.deliver()
    return heron


async def test_a_case_s_way_is_in_the_trail_and_nothing_of_its_requester(world: World) -> None:
    await worked(world)
    found = await entries(world)
    assert [e.event for e in found] == ["begun", "claimed", "opened", "replied", "closed"]
    case = await world.read(only_case)
    assert {e.case for e in found[1:]} == {case.case}
    assert {e.name for e in found[1:]} == {"Heron"}
    assert found[-1].detail == "helped"
    assert all(e.hour % 3_600 == 0 for e in found)


async def test_an_admin_reads_it_and_when_the_case_is_erased_nothing_names_it_any_more(world: World) -> None:
    await worked(world)
    case = await world.read(only_case)
    admin = await join(world, 800, Role.ADMIN, "Wren")
    await admin.send("/audit")
    shown = world.shown(800)[-1].text
    assert f"Heron: took it · {case.reference}" in shown
    assert f"Heron: closed · {case.reference} · helped" in shown
    await admin.send(f"/audit {case.reference}")
    assert len([li for li in world.shown(800)[-1].text.splitlines() if case.reference in li]) == 5
    await world.write(lambda tx: cases.erase(tx, [case.case]))
    await admin.send("/audit")
    shown = world.shown(800)[-1].text
    assert case.reference not in shown
    assert f"Heron: closed · {world.say('audit-erased')} · helped" in shown
    assert (await world.read(audit.verify)).fault == ""


async def test_pages_and_filters(world: World) -> None:
    admin = await join(world, 800, Role.ADMIN, "Wren")
    for _ in range(15):
        await admin.send("/pause")
        await admin.send("/resume")
    await admin.send("/audit")
    newest = world.shown(800)[-1].text
    assert newest.count("Wren:") == 20
    await admin.press(world.say("audit-older-button"))
    older = world.shown(800)[-1].text
    assert older.count("Wren:") == 10
    assert world.say("audit-begun") in older
    await admin.press(world.say("audit-newest-button"))
    assert world.shown(800)[-1].text == newest
    await admin.send(f"/audit {world.say('audit-paused').upper()}")
    assert world.shown(800)[-1].text.count("Wren:") == 15
    await admin.send("/audit Nobody")
    assert world.shown(800)[-1].text == world.say("audit-none-of", asked="Nobody")


async def test_an_operator_does_not_read_it(world: World) -> None:
    heron = await worked(world)
    await heron.send("/audit")
    assert "Heron: " not in world.shown(900)[-1].text
    on = world.shown(GROUP)[0]
    await heron.press_data("audit.0.", on)
    assert "Heron: " not in on.text


def test_on_a_narrow_page_each_hour_stands_once_above_what_was_done_in_it() -> None:
    hours = (NOW - NOW % 3_600, NOW - NOW % 3_600 - 3_600)
    entries = [
        audit.Entry(n, hour, Event.DUTY_ON, "x", name)
        for n, hour, name in ((3, hours[0], "Wren"), (2, hours[0], "Ibis"), (1, hours[1], "Auk"))
    ]
    said = list(trail.by_hour(texts(), "en", entries, {}))
    first, second = (texts().hour("en", hour) for hour in hours)
    assert said == ["", first, "Wren: on duty", "Ibis: on duty", "", second, "Auk: on duty"]
