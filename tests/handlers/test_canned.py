"""Prepared replies are shown before they go, and go like typed ones; a reply in another language is asked about."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from handlers.kept import HELD_SECONDS
from intake.canned import load_canned
from intake.roles import Role
from storage import thread
from tests.handlers.desk import World, join
from tests.handlers.test_operator_turn import ANN, claimed, file_of
from tests.handlers.test_requester_turn import only_case

ENGLISH = "We have read your request and are working on it."
UKRAINIAN = "Ми прочитали ваше звернення і відповімо вам тут, щойно буде відомо більше."
FILE = f"""
replies:
  - id: received
    label: Received
    text: {{en: "{ENGLISH}", uk: "{UKRAINIAN}"}}
  - id: {"later-" + "x" * 26}
    label: Later
    text: {{uk: "{UKRAINIAN}"}}
"""


def prepare(world: World, text: str = FILE) -> None:
    world.desk = replace(world.desk, canned=load_canned(text, "replies.yaml"))


def heard(world: World) -> str:
    return "\n".join(m.text for m in world.shown(ANN))


async def replied(world: World) -> int:
    case = await world.read(only_case)
    return len(await world.read(lambda tx: thread.entries(tx, case.case)))


async def events(world: World) -> list[str]:
    from storage import audit

    return [row.event for row in await world.read(lambda tx: audit.latest(tx, 50))]


async def test_a_prepared_reply_is_seen_first_and_goes_the_way_of_a_typed_one(world: World) -> None:
    prepare(world)
    heron, _ = await claimed(world)
    case = await world.read(only_case)
    await heron.press(world.say("canned-button"))
    await world.deliver()
    await heron.press("Received")
    await world.deliver()
    head = world.say("canned-preview", reference=case.reference, shown="English")
    assert f"{head}\n\n{ENGLISH}" in [m.text for m in world.shown(900)]
    assert ENGLISH not in heard(world)
    answer = await heron.press(world.say("canned-send-button"))
    assert answer.text == world.say("canned-sent", reference=case.reference)
    await heron.again()
    await world.deliver()
    assert heard(world).count(ENGLISH) == 1
    assert await replied(world) == 1
    assert not any(ENGLISH in m.text for m in world.shown(900))  # the preview is gone
    assert world.say("reply-state", reference=case.reference, number=1) in "\n".join(
        m.text for m in world.shown(900)
    )
    assert (await events(world)).count("replied") == 1
    await heron.send("and typed", reply_to=file_of(world, 900).id)
    await world.deliver()
    assert (await events(world)).count("replied") == 2


async def test_a_language_that_is_missing_is_said_with_the_one_shown(world: World) -> None:
    prepare(world)
    heron, _ = await claimed(world)
    case = await world.read(only_case)
    await heron.press(world.say("canned-button"))
    await world.deliver()
    await heron.press("Later")
    await world.deliver()
    told = world.say("canned-preview-other", reference=case.reference, theirs="English", shown="Українська")
    assert told in "\n".join(m.text for m in world.shown(900))
    _, data = heron.find(world.say("canned-send-button"))
    assert len(data.encode()) <= 64
    await heron.press(world.say("canned-others-button"))
    await world.deliver()
    assert heron.find("Received")
    await heron.press("Later")
    await world.deliver()
    await heron.press(world.say("canned-send-button"))
    await world.deliver()
    assert UKRAINIAN in heard(world)


async def test_with_a_return_code_a_prepared_reply_waits_sealed(world: World) -> None:
    prepare(world)
    heron, _ = await claimed(world, until="code")
    await heron.press(world.say("canned-button"))
    await world.deliver()
    await heron.press("Received")
    await world.deliver()
    await heron.press(world.say("canned-send-button"))
    await world.deliver()
    case = await world.read(only_case)
    (entry,) = await world.read(lambda tx: thread.entries(tx, case.case))
    assert entry.code_box is not None
    assert ENGLISH not in heard(world)


async def test_what_was_not_shown_is_not_sent(world: World) -> None:
    prepare(world)
    heron, _ = await claimed(world)
    await heron.press(world.say("canned-button"))
    await world.deliver()
    await heron.press("Received")
    await world.deliver()
    prepare(world, FILE.replace("working", "not working"))
    answer = await heron.press(world.say("canned-send-button"))
    assert (answer.alert, answer.text) == (True, world.say("canned-changed"))
    assert await replied(world) == 0


@pytest.mark.parametrize("verb", ["canned.{}", "preview.received.{}", "ready.received.en.{mark}.{}"])
async def test_only_the_holder_has_them(world: World, verb: str) -> None:
    prepare(world)
    ibis = await join(world, 901, Role.LEAD, "Ibis")
    await claimed(world)
    case = await world.read(only_case)
    data = verb.replace("{mark}", world.desk.canned[0].fingerprint("en")).format(case.reference)
    answer = await ibis.press_data(data, world.shown(900)[-1])
    assert (answer.alert, answer.text) == (True, world.say("not-yours", reference=case.reference))
    assert await replied(world) == 0


async def test_without_prepared_replies_there_is_no_button(world: World) -> None:
    await claimed(world)
    assert world.say("canned-button") not in file_of(world, 900).labels


async def test_a_reply_in_another_language_goes_only_when_its_writer_says_so(
    world: World, tmp_path: Path
) -> None:
    heron, _ = await claimed(world)
    case = await world.read(only_case)
    await heron.send(UKRAINIAN, reply_to=file_of(world, 900).id)
    await world.deliver()
    asked = world.say("doubt-ask", reference=case.reference, language="English", minutes=HELD_SECONDS // 60)
    assert asked in [m.text for m in world.shown(900)]
    assert not any(UKRAINIAN in m.text for m in world.shown(900))
    assert UKRAINIAN not in heard(world)
    assert UKRAINIAN not in repr(await world.tables())
    assert await replied(world) == 0
    assert "replied" not in await events(world)
    await heron.press(world.say("doubt-send-button"))
    await heron.again()
    await world.deliver()
    assert heard(world).count(UKRAINIAN) == 1
    assert await replied(world) == 1
    assert (await events(world)).count("replied") == 1
    assert (await world.tables())["outbox"] == []


async def test_a_doubtful_reply_is_dropped_when_told_so_or_after_a_while(world: World) -> None:
    heron, _ = await claimed(world)
    for drop in (True, False):
        await heron.send(UKRAINIAN, reply_to=file_of(world, 900).id)
        await world.deliver()
        on, data = heron.find(world.say("doubt-send-button"))
        if drop:
            answer = await heron.press(world.say("doubt-drop-button"))
            assert answer.text == world.say("doubt-dropped")
        else:
            world.wait(HELD_SECONDS)
            await world.deliver()
        assert (await world.tables())["outbox"] == []
        answer = await heron.press_data(data, on)
        assert (answer.alert, answer.text) == (True, world.say("doubt-too-late"))
    await world.deliver()
    assert await replied(world) == 0
    assert UKRAINIAN not in heard(world)


async def test_who_no_longer_holds_the_case_cannot_send_what_they_wrote(world: World) -> None:
    heron, _ = await claimed(world)
    await heron.send(UKRAINIAN, reply_to=file_of(world, 900).id)
    await world.deliver()
    on, data = heron.find(world.say("doubt-send-button"))
    await heron.press(world.say("release-button"))
    answer = await heron.press_data(data, on)
    assert (answer.alert, answer.text) == (True, world.say("doubt-too-late"))
    assert await replied(world) == 0


async def test_with_a_return_code_no_reply_lies_here_and_nothing_is_asked(world: World) -> None:
    heron, _ = await claimed(world, until="code")
    await heron.send(UKRAINIAN, reply_to=file_of(world, 900).id)
    assert await replied(world) == 1
