"""How long what is owed is tried: a day away of Telegram costs nothing, and what is given up is counted and told."""

from __future__ import annotations

import io
from dataclasses import replace

import pytest

from bot.give_up import DAY, KEPT_TRYING, REPLY_SECONDS, kind_of, pause
from bot.telegram_errors import Refused, TelegramError, TryLater, Unauthorized, Unreachable
from handlers.outgoing import Edit, Outgoing, Send
from intake.roles import Role
from storage import given_up, outbox
from storage.outbox import Job, Task
from tests.bot.background import Background, background
from tests.handlers.desk import GROUP, Person, World, ask, join
from tests.handlers.test_operator_turn import claimed, file_of

REPLY = Job(Task.SEND, 0, chat=5, text="a reply", tag="reply")


async def pass_hours(here: Background, hours: float, step: int = 300) -> None:
    for _ in range(int(hours * 3_600 / step)):
        here.world.wait(step)
        await here.round()


async def owed(world: World) -> list[str]:
    return sorted(kind_of(job) for _, job in await world.read(outbox.waiting))


def test_every_kind_of_job_has_a_rule_and_none_is_given_up_within_a_day() -> None:
    kinds = {kind_of(Job(task, 0)) for task in Task} | {
        kind_of(Job(Task.SEND, 0, tag=tag, urgent=urgent))
        for tag in ("", "reply", "code", "case", "edit:7", "whatever comes")
        for urgent in (False, True)
    }
    assert kinds == KEPT_TRYING.keys()
    assert all(limit is None or limit > DAY for limit in KEPT_TRYING.values())


def test_pauses_grow_and_an_emergencys_do_not() -> None:
    assert [pause(replace(REPLY, tries=n)) for n in (0, 1, 2, 3, 10**6)] == [60, 120, 240, 300, 300]
    assert pause(replace(REPLY, tries=10**6, urgent=True)) == 60


@pytest.mark.parametrize("error", [Unreachable(), TryLater(0.0), Unauthorized()])
async def test_a_card_and_a_reply_survive_a_day_away_of_telegram(world: World, error: TelegramError) -> None:
    heron, _ = await claimed(world)
    await heron.send("Come at nine", reply_to=file_of(world, 900).id)
    await ask(Person(world, 77), held=True, until="chat")
    async with background(world) as here:
        here.fails = error
        await pass_hours(here, 25, 600)
        here.fails = None
        await pass_hours(here, 0.2, 60)
        assert any("Come at nine" in text for text in here.texts())
        emergency = world.say("level-emergency")
        assert any(isinstance(c, Send) and c.chat == GROUP and emergency in c.text for c in here.calls)
        assert await owed(world) == []
        assert await world.read(lambda tx: given_up.lately(tx, world.now)) == {}


def labels(call: Outgoing) -> list[str]:
    return [button.text for row in getattr(call, "keyboard", ()) for button in row]


async def test_a_reply_that_nobody_will_get_is_counted_and_its_holder_hears_of_it(
    world: World, log: io.StringIO
) -> None:
    heron, _ = await claimed(world)
    await heron.send("Come at nine", reply_to=file_of(world, 900).id)
    await ask(Person(world, 77), until="chat")
    async with background(world) as here:
        here.fails = Unreachable()
        await pass_hours(here, REPLY_SECONDS / 3_600 + 1, 1_800)
        word = ["status"] * 3  # as it was written, as it failed, and when it is kept no longer
        kinds = ["board", "card", "kept", *word]
        assert await owed(world) == kinds, "the board, the case's card, and word to the holder"
        assert await world.read(lambda tx: given_up.lately(tx, world.now)) == {"reply": 1}
        assert here.counts.given_up == {"reply": 1}
        assert here.counts.retries["card"] > 50
        here.fails = None
        await pass_hours(here, 0.2, 60)
        assert any(world.say("send-again-button") in labels(call) for call in here.calls)
        assert not any("Come at nine" in text for text in here.texts())
    assert log.getvalue().count("a message was given up") == 1
    assert log.getvalue().count("telegram can't be reached") == 1


async def test_a_group_in_which_the_bot_may_not_write_costs_no_card(world: World, log: io.StringIO) -> None:
    await ask(Person(world, 77), until="chat")
    async with background(world) as here:
        here.fails = Refused("no-rights")
        await pass_hours(here, 30, 1_800)
        assert await owed(world) == ["board", "card"]
        here.fails = None
        await pass_hours(here, 0.2, 60)
        assert await owed(world) == []
        assert [call.chat for call in here.calls if isinstance(call, Send)] == [GROUP, GROUP], (
            "the card and the board"
        )
    said = log.getvalue()
    assert said.count("can't write in the operators' group") == 1
    assert said.count("can write in the operators' group again") == 1


async def test_a_message_that_telegram_refuses_for_good_is_counted(world: World) -> None:
    await world.write(lambda tx: outbox.add(tx, replace(REPLY, tag="", due=world.now)))
    async with background(world) as here:
        here.fails = Refused("too-long")
        await here.round()
        assert await owed(world) == []
        assert await world.read(lambda tx: given_up.lately(tx, world.now)) == {"notice": 1}


async def test_a_message_that_is_not_there_any_more_is_no_loss(world: World) -> None:
    job = Job(Task.SEND, world.now, chat=5, text="neutral", tag="edit:7")
    await world.write(lambda tx: outbox.add(tx, job))
    async with background(world) as here:
        here.fails = Refused("missing")
        await here.round()
        assert await owed(world) == []
        assert await world.read(lambda tx: given_up.lately(tx, world.now)) == {}


async def test_a_later_edit_settles_those_before_it_and_none_after(world: World) -> None:
    """One that was queued while another was on its way is still owed."""
    async with background(world) as here:
        jobs = here.sender._parts.jobs
        ids = [bytes([n]) * 16 for n in range(3)]
        edits = [Edit(5, 9, f"as of {n}") for n in range(3)]
        for job_id, edit in zip(ids, edits, strict=True):
            jobs._under_way.add(job_id, replace(REPLY, tag="edit:9"), edit)
        assert jobs._under_way.of(edits[1]) == ids[:2]
        jobs._under_way.over(edits[1])
        assert jobs._under_way.of(edits[2]) == ids[2:]
        assert jobs._under_way.of(Edit(5, 9, "a screen, which took its place")) == ids[2:]
        jobs._under_way.over(edits[2])
        assert len(jobs._under_way) == 0
        assert jobs._under_way.of(edits[2]) == []


async def test_a_job_about_a_damaged_case_is_tried_for_a_day_and_then_counted(world: World) -> None:
    await join(world, 900, Role.OPERATOR, "Heron")
    await ask(Person(world, 77), until="chat")
    ruin = "UPDATE cases SET facts = CAST(substr(facts, 1, 90) || zeroblob(length(facts) - 90) AS BLOB)"
    await world.write(lambda tx: tx.conn.exec_driver_sql(ruin))
    async with background(world) as here:
        await pass_hours(here, 23, 1_800)
        assert await owed(world) == ["card"]
        await pass_hours(here, 2, 1_800)
        assert await owed(world) == []
        assert await world.read(lambda tx: given_up.lately(tx, world.now)) == {"card": 1}
