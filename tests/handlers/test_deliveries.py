"""What is recorded when Telegram has taken or refused a call; and what came too late goes again."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from handlers import deliveries
from handlers.notes import Note
from handlers.outgoing import Delete, Edit, Send, SendDocument
from intake.roles import Role
from storage import drafts, outbox, traces
from storage.outbox import Job, Task
from tests.handlers.desk import GROUP, Person, World, ask, join
from tests.handlers.test_operator_turn import claimed, file_of
from tests.handlers.test_requester_turn import only_case

ANN = 5551


async def call_of(world: World, task: Task) -> tuple[bytes, Any]:
    """The job that is due and its call, on its way to Telegram."""
    jobs = await world.read(lambda tx: outbox.due(tx, world.now))
    job_id, job = next((i, j) for i, j in jobs if j.task is task)
    return job_id, await world.read(lambda tx: deliveries.call_for(tx, world.desk, job_id, job, world.now))


async def settle(world: World, call: Any, message: int) -> None:
    await world.write(lambda tx: deliveries.settle(tx, world.desk, call, message, world.now))


async def due(world: World) -> list[tuple[int, int]]:
    return [(t.chat, t.message) for _, t in await world.read(lambda tx: traces.due(tx, world.now))]


async def test_a_card_of_a_request_that_was_erased_on_its_way_is_deleted_again(world: World) -> None:
    ann = Person(world, ANN)
    await ask(ann, until="chat")
    _, call = await call_of(world, Task.CARD)
    await ann.press(world.say("erase-button"))
    await ann.press(world.say("erase-yes-button"))
    await settle(world, call, 4_444)
    assert (GROUP, 4_444) in await due(world)


async def test_a_file_that_arrives_after_the_release_is_deleted_and_is_no_way_to_reply(world: World) -> None:
    ibis = await join(world, 901, Role.OPERATOR, "Ibis")
    heron, _ = await claimed(world)
    case = await world.read(only_case)
    await heron.press_data(f"file.{case.reference}", file_of(world, 900))
    _, call = await call_of(world, Task.DOCUMENT)
    assert isinstance(call, SendDocument)
    await heron.press(world.say("release-button"))
    await settle(world, call, 4_444)
    await ibis.press_data(f"claim.{case.reference}", world.shown(GROUP)[0])
    await settle(world, call, 4_445)
    assert {(900, 4_444), (900, 4_445)} <= set(await due(world))
    assert (await world.read(only_case)).facts.documents == ()


async def test_a_file_that_was_not_sent_yet_is_not_sent_to_who_no_longer_holds_the_case(world: World) -> None:
    heron, _ = await claimed(world)
    case = await world.read(only_case)
    await heron.press_data(f"file.{case.reference}", file_of(world, 900))
    await heron.press(world.say("release-button"))
    jobs = [
        job for _, job in await world.read(lambda tx: outbox.due(tx, world.now)) if job.task is Task.DOCUMENT
    ]
    assert len(jobs) == 1
    assert await world.read(lambda tx: deliveries.call_for(tx, world.desk, b"", jobs[0], world.now)) is None


async def test_messages_in_private_chats_are_noted_for_deletion_and_cards_are_not(world: World) -> None:
    await ask(Person(world, ANN), until="chat")
    _, card = await call_of(world, Task.CARD)
    before = len((await world.tables())["traces"])
    await settle(world, card, 77)
    assert len((await world.tables())["traces"]) == before
    await settle(world, Send(ANN, "a notice", note=str(Note("notice", gone_after=10**9))), 78)
    marks = [t for _, t in await world.read(lambda tx: traces.of_chat(tx, ANN)) if t.message == 78]
    assert [t.due - t.sent for t in marks] == [47 * 3_600]


async def test_a_deletion_is_forgotten_whether_telegram_did_it_or_refused(world: World) -> None:
    for number, refused in ((1, False), (2, True)):
        await world.write(lambda tx, n=number: traces.leave(tx, traces.Trace(ANN, n, world.now, world.now)))
        call = Delete(ANN, (number,))
        if refused:
            assert (
                await world.write(
                    lambda tx, c=call: deliveries.refused(tx, world.desk, c, "too old", world.now)
                )
                is None
            )
        else:
            await world.write(lambda tx, c=call: deliveries.settle(tx, world.desk, c, None, world.now))
    assert (await world.tables())["traces"] == []


async def test_a_screen_that_is_gone_is_sent_anew(world: World) -> None:
    ann = Person(world, ANN)
    await ask(ann)
    edit = Edit(ANN, 99, "text", ())
    instead = await world.write(lambda tx: deliveries.refused(tx, world.desk, edit, "missing", world.now))
    assert isinstance(instead, Send)
    await settle(world, instead, 4_444)
    assert (await world.read(lambda tx: drafts.load(tx, ann.account))).screen == 4_444


async def test_a_screen_that_is_gone_does_not_come_back_over_a_newer_one(world: World) -> None:
    """The edit was waiting its turn while the chat went on: what it shows is behind."""
    ann = Person(world, ANN)
    await ann.send("/start")
    edit = Edit(ANN, 99, ann.screen.text, ann.screen.keyboard)
    await ann.press("English")
    instead = await world.write(lambda tx: deliveries.refused(tx, world.desk, edit, "missing", world.now))
    assert isinstance(instead, Edit)
    assert (instead.message, instead.text, instead.keyboard) == (
        ann.screen.id,
        ann.screen.text,
        ann.screen.keyboard,
    )
    gone = replace(edit, message=ann.screen.id)
    instead = await world.write(lambda tx: deliveries.refused(tx, world.desk, gone, "missing", world.now))
    assert isinstance(instead, Send)
    assert (instead.text, instead.keyboard) == (ann.screen.text, ann.screen.keyboard)


async def test_nothing_waits_for_a_chat_that_is_gone(world: World) -> None:
    heron, _ = await claimed(world)
    await heron.send("hello?", reply_to=file_of(world, 900).id)
    await world.write(lambda tx: traces.leave(tx, traces.Trace(ANN, 5, world.now + 99, world.now)))
    owed = [i for i, job in await world.read(outbox.waiting) if job.chat == ANN]
    await world.write(lambda tx: deliveries.chat_gone(tx, world.desk, ANN, owed, "deleted", world.now))
    assert {j.task for _, j in await world.read(outbox.waiting)} == {Task.STATUS}
    assert await world.read(lambda tx: traces.of_chat(tx, ANN)) == []


async def test_a_refresh_never_sends_a_first_card(world: World) -> None:
    await ask(Person(world, ANN), until="chat")
    case = await world.read(only_case)
    job = Job(Task.CARD, world.now, case=case.case.hex(), tag=outbox.REFRESH)
    assert await world.read(lambda tx: deliveries.call_for(tx, world.desk, b"", job, world.now)) is None
