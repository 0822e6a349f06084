"""The holder asks for a document: one file is taken, sealed, deleted from the chat, handed over; others go unread."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from handlers import deliveries, parting
from handlers.outgoing import Delete, Fetch
from intake.roles import Role
from storage import files, outbox, traces
from storage.database import Tx
from storage.file_opening import OpenedFile, open_file
from storage.file_seal import MAX_FILE_BYTES
from storage.outbox import Job, Task
from storage.replies import Why
from storage.sealing import Opener
from tests.handlers.desk import Message, Person, World, join
from tests.handlers.test_operator_turn import ANN, BEN, _move_to, claimed, file_of
from tests.handlers.test_requester_turn import only_case

DAY = 86_400
PASSPORT = b"%PDF-1.7 Orlova" * 9_000


async def send_file(
    person: Person,
    content: bytes,
    *,
    size: int | None = None,
    kind: str = "document",
    reply_to: int | None = None,
    mime: str = "application/pdf",
    caption: str = "my passport",
) -> Message:
    """A file, whose name and caption nobody may see."""
    put = person.world.put(person.id, "(a file)")
    file_id = f"BQAC{put.id:08}"
    person.world.files[file_id] = content
    about: Any = {"file_id": file_id, "file_size": len(content) if size is None else size}
    about |= {"mime_type": mime, "file_name": "Orlova passport.pdf"}
    body = {"message_id": put.id, "date": person.world.now, "from": person.sender, "caption": caption}
    body |= {"chat": {"id": person.id, "type": "private"}, kind: [about] if kind == "photo" else about}
    if reply_to is not None:
        body["reply_to_message"] = {"message_id": reply_to, "chat": body["chat"], "date": person.world.now}
    await person.world.turn(person._update("message", body))
    return put


async def carry_out(world: World, task: Task) -> None:
    """The one job of this kind that is due, and no other."""
    due = await world.read(lambda tx: outbox.due(tx, world.now))
    [(job_id, job)] = [(i, j) for i, j in due if j.task is task]
    call = await world.read(lambda tx: deliveries.call_for(tx, world.desk, job_id, job, world.now))
    await world._made(call)


async def asked(world: World) -> tuple[Person, Person]:
    heron, ann = await claimed(world)
    await heron.press(world.say("file-ask-button"))
    await world.deliver()
    return heron, ann


def handed(world: World, reader: Person) -> list[OpenedFile]:
    contents = [m.document for m in world.shown(reader.id) if m.document]
    return [open_file(c, Opener(reader.private)) for c in contents if b'"file-1"' in c[:40]]


def shown(world: World, chat: int, name: str) -> list[Message]:
    start = world.say(name, reference="R", size=20, organisation="Open Gate", hours="24").partition("R")[2][
        :30
    ]
    return [m for m in world.shown(chat) if start in m.text]


async def test_a_file_that_was_asked_for_comes_to_the_holder_sealed_and_is_gone_from_the_chat(
    world: World,
) -> None:
    heron, ann = await asked(world)
    assert any("asks you for a document" in m.text for m in world.shown(ANN))
    sent = await send_file(ann, PASSPORT)
    await world.deliver()
    await world.deliver()
    [opened] = handed(world, heron)
    assert (opened.content, opened.kind) == (PASSPORT, "application/pdf")
    assert sent.id not in world.chats[ANN]
    assert any("has arrived and is sealed" in m.text for m in world.shown(ANN))


async def test_nothing_of_it_can_be_read_in_the_database_nor_its_name_anywhere(world: World) -> None:
    _, ann = await asked(world)
    await send_file(ann, PASSPORT)
    await world.deliver()
    everything = repr(await world.tables()) + repr(world.posted)
    assert "Orlova" not in everything
    assert "my passport" not in everything
    assert len((await world.tables())["file_blocks"]) == 4


async def test_one_file_is_taken_and_the_next_is_deleted_unread(world: World) -> None:
    heron, ann = await asked(world)
    await send_file(ann, b"first")
    second = await send_file(ann, b"second")
    await world.deliver()
    await world.deliver()
    assert [each.content for each in handed(world, heron)] == [b"first"]
    assert second.id not in world.chats[ANN]
    assert len([call for call in world.posted if isinstance(call, Fetch)]) == 1


async def test_media_that_nobody_asked_for_is_deleted_and_never_fetched(world: World) -> None:
    _, ann = await claimed(world)
    sent = await send_file(ann, PASSPORT)
    await world.deliver()
    assert sent.id not in world.chats[ANN]
    assert not [call for call in world.posted if isinstance(call, Fetch)]


async def test_what_comes_too_late_is_not_taken(world: World) -> None:
    heron, ann = await asked(world)
    world.wait(DAY)
    sent = await send_file(ann, PASSPORT)
    await world.deliver()
    assert handed(world, heron) == []
    assert sent.id not in world.chats[ANN]


async def test_what_is_too_large_is_deleted_said_so_and_a_smaller_one_is_taken(world: World) -> None:
    heron, ann = await asked(world)
    large = await send_file(ann, b"x", size=MAX_FILE_BYTES + 1)
    await world.deliver()
    assert large.id not in world.chats[ANN]
    assert any("larger than 20 MB" in m.text for m in world.shown(ANN))
    await send_file(ann, b"smaller", kind="photo")
    await world.deliver()
    await world.deliver()
    assert [(each.content, each.kind) for each in handed(world, heron)] == [(b"smaller", "image/jpeg")]


async def test_nobody_elses_file_is_taken_for_it(world: World) -> None:
    heron, _ = await asked(world)
    ben = Person(world, BEN)
    await ben.send("/start")
    sent = await send_file(ben, b"somebody else's")
    await world.deliver()
    assert handed(world, heron) == []
    assert sent.id not in world.chats[BEN]


async def test_a_file_that_comes_twice_is_taken_once(world: World) -> None:
    heron, ann = await asked(world)
    await send_file(ann, b"first")
    await ann.again()
    await world.deliver()
    await world.deliver()
    assert len(handed(world, heron)) == 1


async def test_what_telegram_does_not_hand_out_is_deleted_and_both_sides_hear_of_it(world: World) -> None:
    heron, ann = await asked(world)
    sent = await send_file(ann, PASSPORT)
    due = await world.read(lambda tx: outbox.due(tx, world.now))
    [(job_id, job)] = [(i, j) for i, j in due if j.task is Task.FETCH]
    await world.write(lambda tx: deliveries.given_up(tx, world.desk, job_id, job, Why.TOO_LATE, world.now))
    await world.deliver()
    assert sent.id not in world.chats[ANN]
    assert any("could not be fetched" in m.text for m in world.shown(ANN))
    assert any("did not hand it out" in m.text for m in world.shown(heron.id))
    await heron.press(world.say("file-ask-button"))
    await send_file(ann, b"second try")
    await world.deliver()
    await world.deliver()
    assert [each.content for each in handed(world, heron)] == [b"second try"]


async def test_until_it_is_fetched_it_stays_in_the_chat_and_47_hours_at_most(world: World) -> None:
    _, ann = await asked(world)
    sent = await send_file(ann, PASSPORT)
    [due] = [t.due for _, t in await world.read(lambda tx: traces.of_chat(tx, ANN)) if t.message == sent.id]
    assert due == world.now + traces.LONGEST_TRACE


async def test_the_next_holder_has_the_files_at_a_press(world: World) -> None:
    ibis = await join(world, 901, Role.OPERATOR, "Ibis")
    heron, ann = await asked(world)
    await send_file(ann, PASSPORT)
    await world.deliver()
    await world.deliver()
    case = await world.read(only_case)
    await heron.press_data(f"release.{case.reference}", file_of(world, heron.id))
    await world.deliver()
    assert handed(world, heron) == []  # it is withdrawn like all that belongs to the case
    await world.write(lambda tx: _move_to(tx, only_case(tx), ibis))
    await ibis.press_data(f"files.{case.reference}", ann.screen)
    await world.deliver()
    # Ibis came after the lock was made: the file is there, and opens for nobody who has no slot.
    assert [m for m in world.shown(901) if m.document]


async def test_only_the_holder_can_ask_and_have_the_files(world: World) -> None:
    ibis = await join(world, 901, Role.OPERATOR, "Ibis")
    _, ann = await claimed(world)
    case = await world.read(only_case)
    for verb in ("askfile", "files"):
        answer = await ibis.press_data(f"{verb}.{case.reference}", ann.screen)
        assert answer.text == world.say("not-yours", reference=case.reference)
    assert (await world.read(only_case)).facts.file_until == 0


async def test_with_a_code_nothing_can_be_asked_for(world: World) -> None:
    heron, _ = await claimed(world, until="code")
    assert world.say("file-ask-button") not in file_of(world, heron.id).labels
    case = await world.read(only_case)
    answer = await heron.press_data(f"askfile.{case.reference}", file_of(world, heron.id))
    assert answer.text == world.say("file-ask-by-code", reference=case.reference)


@pytest.mark.parametrize("how", ["erase", "purge"])
async def test_files_are_erased_with_their_case_and_when_their_time_is_over(world: World, how: str) -> None:
    from storage.retention import purge

    _, ann = await asked(world)
    await send_file(ann, PASSPORT)
    await world.deliver()
    assert await world.read(lambda tx: files.sequences(tx, only_case(tx).case))
    if how == "erase":
        await ann.send("/erase")
        await ann.press(world.say("erase-yes-button"))
    else:
        await purge(world.desk.db, Days(), world.now + 3 * DAY)
    tables = await world.tables()
    assert (tables["files"], tables["file_blocks"]) == ([], [])


class Days:
    draft, open, closed, replies, audit = 1, 180, 30, 2, 365


async def test_a_message_with_a_file_is_deleted_once_and_by_us(world: World) -> None:
    _, ann = await asked(world)
    sent = await send_file(ann, PASSPORT)
    await world.deliver()
    gone = [m for call in world.posted if isinstance(call, Delete) for m in call.messages if m == sent.id]
    assert gone == [sent.id]


def request(tx: Tx) -> tuple[bytes, Job]:
    [found] = [(i, job) for i, job in outbox.waiting(tx) if job.tag == "file-wanted"]
    return found


async def test_a_request_that_does_not_arrive_is_told_and_nothing_is_waited_for(world: World) -> None:
    heron, ann = await claimed(world)
    await heron.press(world.say("file-ask-button"))
    job_id, job = await world.read(request)
    await world.write(lambda tx: deliveries.given_up(tx, world.desk, job_id, job, Why.BLOCKED, world.now))
    await world.deliver()
    case = await world.read(only_case)
    assert case.facts.file_until == 0
    assert world.say("file-ask-failed", reference=case.reference) in [m.text for m in world.shown(900)]
    await send_file(ann, PASSPORT)
    assert (await world.tables())["files"] == []
    assert (await heron.press(world.say("file-ask-button"))).text == world.say(
        "file-asked", reference=case.reference, hours=24
    )


async def test_one_that_arrives_late_gives_its_reader_the_whole_day(world: World) -> None:
    heron, _ = await claimed(world)
    await heron.press(world.say("file-ask-button"))
    world.wait(30 * 3_600)
    await world.deliver()
    assert (await world.read(only_case)).facts.file_until == world.now + DAY


@pytest.mark.parametrize("end", ["closed", "withdrawn", "erased"])
async def test_a_file_that_was_not_fetched_goes_when_the_case_ends(world: World, end: str) -> None:
    heron, ann = await asked(world)
    put = await send_file(ann, PASSPORT)
    if end == "closed":
        for button in ("close-button", "outcome-helped"):
            await heron.press(world.say(button))
            if button == "close-button":
                await put_off(world)
                await world.deliver()
    else:
        case = await world.read(only_case)
        act = parting.withdraw if end == "withdrawn" else parting.erase
        await world.write(lambda tx: act(tx, world.desk, case, world.now))
    await world.deliver()
    assert put.id not in world.chats[ANN]
    assert [job.chat for _, job in await world.read(outbox.waiting) if job.chat == ANN] == []


async def put_off(world: World) -> None:
    """Telegram does not hand the file out just now."""

    def work(tx: Tx) -> None:
        [(job_id, job)] = [(i, job) for i, job in outbox.waiting(tx) if job.task is Task.FETCH]
        outbox.postpone(tx, job_id, replace(job, due=world.now + 3_600))

    await world.write(work)
