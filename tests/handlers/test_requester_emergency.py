"""An emergency: a case at the press that tells it, and completed by whatever comes later."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import text

from intake.lifecycle import Status
from intake.questionnaire import Level, Questionnaire
from intake.roles import Role
from storage import combinations, locks, outbox, tallies
from storage.database import Tx
from storage.outbox import Task
from storage.sealing import Opener
from tests.handlers.desk import GROUP, OWN_WORDS, Person, World, ask, join, make_world, questionnaire
from tests.handlers.test_requester_turn import only_case


async def test_an_emergency_is_a_case_with_a_card_at_the_press_that_tells_it(world: World) -> None:
    ann = Person(world, 5551)
    await ann.send("/start")
    await ann.answer_all("English", world.say("begin-button"), "Held")
    case = await world.read(only_case)
    assert (case.facts.level, case.status) == (Level.EMERGENCY, Status.OPEN)
    jobs = await world.read(lambda tx: [job for _, job in outbox.due(tx, world.now)])
    assert {(job.task, job.urgent, job.case) for job in jobs} == {
        (task, True, case.case.hex()) for task in (Task.CARD, Task.RING)
    }
    await world.deliver()
    assert case.reference in world.shown(GROUP)[0].text
    assert case.facts.received_hour == world.now - world.now % 60


async def test_later_answers_are_sealed_into_the_emergency_and_renew_its_summary(
    tmp_path: Path, database_url: str
) -> None:
    async with make_world(tmp_path, database_url, anonymity_k=1) as world:
        heron, ann = await join(world, 900, Role.OPERATOR, "Heron"), Person(world, 5551)
        await ask(ann, held=True)
        await world.deliver()
        await heron.press("Claim", chat=GROUP)
        before = await world.read(only_case)
        await ann.press("Place")  # the answer changes to one that is no emergency
        await ann.press("At home")
        await ann.press(world.say("send-button"))
        await ann.press(world.say("channel-chat-button"))
        await world.deliver()
        case = await world.read(only_case)
        assert case.facts.level is Level.EMERGENCY
        assert (case.reference, case.holder) == (before.reference, before.holder)
        assert "At home" in " ".join(case.facts.card_lines)
        opened = heron.open()
        assert opened.answers == {"where": ("home",), "needs": ("lawyer",)}
        assert opened.texts == {"more": OWN_WORDS}

        def counted(tx: Tx) -> list[int]:
            tags = [bytes.fromhex(tag) for tag in (*before.facts.counted, *case.facts.counted)]
            shared = combinations.count(tx, world.now // 86_400, [], since=0)
            assert shared == {}
            rows = tx.conn.execute(text("SELECT combination, count FROM combinations")).all()
            return [row[1] for row in rows if bytes(row[0]) in tags]

        assert set(await world.write(counted)) == {1}
        rows = (await world.tables())["combinations"]
        assert {bytes(row[0]).hex() for row in rows} == set(case.facts.counted)  # type: ignore[call-overload]
        assert (await world.read(tallies.read))["2023-11", "emergency"] == 1


@pytest.mark.parametrize("how", ["stop", "expiry"])
async def test_an_emergency_that_is_left_is_complete_and_stays(world: World, how: str) -> None:
    ann = Person(world, 5551)
    await ann.send("/start")
    await ann.answer_all("English", world.say("begin-button"), "Held", "A lawyer", world.say("done-button"))
    if how == "stop":
        await ann.send("/stop")
    else:
        world.wait(world.desk.terms.draft_seconds + 1)
        await world.expire()
    case = await world.read(only_case)
    assert (case.status, case.account) == (Status.OPEN, ann.account)
    assert (await world.tables())["drafts"] == []
    await ann.send("/start")
    assert case.reference in ann.screen.text
    lock = await world.read(lambda tx: locks.get(tx, case.case))
    opener = Opener(world.recovery).unlock(lock.case, lock.public, lock.slots)
    box = (await world.read(lambda tx: locks.get_blocks(tx, case.case)))[0]
    assert b"lawyer" in opener.open(box, question="answers", sequence=0)


async def test_a_newer_questionnaire_does_not_hinder_an_unfinished_emergency(world: World) -> None:
    ann = Person(world, 5551)
    await ann.send("/start")
    await ann.answer_all("English", world.say("begin-button"), "Held")
    before = await world.read(only_case)
    world.change(questionnaire=without_option("held"))
    world.wait(world.desk.terms.draft_seconds + 1)
    await world.expire()
    case = await world.read(only_case)
    assert (case.status, case.facts.card_lines) == (Status.OPEN, before.facts.card_lines)
    assert "Held" in " ".join(case.facts.card_lines)
    assert (await world.tables())["drafts"] == []


def without_option(gone: str) -> Questionnaire:
    old = questionnaire()
    where = old.question("where")
    options = tuple(o for o in where.options if o.id != gone)
    return replace(old, questions=(replace(where, options=options), *old.questions[1:]))


async def test_a_case_opens_with_the_words_it_was_answered_in_when_the_questionnaire_has_changed(
    world: World,
) -> None:
    heron, ann = await join(world, 900, Role.OPERATOR, "Heron"), Person(world, 5551)
    await ask(ann, until="chat")
    world.change(questionnaire=replace(without_option("road"), questions=questionnaire().questions[:2]))
    await world.deliver()
    await heron.press("Claim", chat=GROUP)
    await world.deliver()
    opened = heron.open()
    assert opened.texts == {"more": OWN_WORDS}
    assert "road" in opened.labels["questions"]["where"]["options"]
