"""The holder sends the requester a document, as it is or sealed: who gets it, when, under what name, and what stays."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from handlers import deliveries, kept, operator_attach
from handlers.files import MOST_FILES
from handlers.outgoing import Fetch, SendDocument
from intake.roles import Role
from intake.trail import Event
from storage import audit, files, outbox, undelivered
from storage.envelope import Who
from storage.file_opening import open_file
from storage.file_seal import MAX_FILE_BYTES
from storage.outbox import Job, Task
from storage.replies import Why
from storage.sealing import Opener
from tests.handlers.desk import Message, Person, World, join
from tests.handlers.test_files import carry_out, send_file
from tests.handlers.test_operator_turn import ANN, claimed, file_of
from tests.handlers.test_reply_states import due, lines
from tests.handlers.test_requester_turn import only_case

HOUR, DAY = 3_600, 86_400
LETTER = b"%PDF-1.7 by Real Heron " * 5_000


async def uploaded(world: World, *, until: str = "chat", content: bytes = LETTER) -> tuple[Person, Person]:
    heron, ann = await claimed(world, until=until)
    await send_file(heron, content, reply_to=file_of(world, 900).id, caption="")
    await world.deliver()
    return heron, ann


async def sent(world: World, how: str, *, until: str = "chat") -> tuple[Person, Person]:
    heron, ann = await uploaded(world, until=until)
    await heron.press(world.say(f"attach-{how}-button"))
    return heron, ann


async def settled(world: World) -> None:
    """Taken over, then sent: what is owed comes in steps."""
    await world.deliver()
    await world.deliver()


def attached(world: World, chat: int = ANN) -> list[Message]:
    return [m for m in world.shown(chat) if m.document]


# As it is.


async def test_a_file_sent_as_it_is_arrives_under_a_neutral_name_from_the_organisation(world: World) -> None:
    _, ann = await sent(world, "plain")
    await settled(world)
    [shown] = attached(world)
    assert (shown.document, shown.file_name) == (LETTER, "document.pdf")
    assert shown.text.startswith("A document from Open Gate")
    assert "Heron" not in shown.text
    documents = [call for call in world.posted if isinstance(call, SendDocument)]
    assert [call.protect for call in documents if call.file_name == "document.pdf"] == [True]
    assert "Delivered" in lines(world)[0].text
    await ann.press(world.say("seen-button"))
    await world.deliver()
    assert "Read: " in lines(world)[0].text


async def test_nothing_is_sent_before_it_is_said_how(world: World) -> None:
    heron, _ = await uploaded(world)
    asked = world.shown(900)[-1]
    assert "Nothing is sent yet" in asked.text
    assert "PDF, 113 KB" in asked.text
    assert not [call for call in world.posted if isinstance(call, Fetch)]
    world.wait(kept.HELD_SECONDS)
    on, data = heron.find(world.say("attach-plain-button"))
    answer = await heron.press_data(data, on)
    assert (answer.text, answer.alert) == (world.say("attach-too-late"), True)
    await world.deliver()
    assert attached(world) == []
    assert not [m for m in world.shown(900) if m.text == "(a file)"]  # the upload is gone


async def test_the_upload_goes_when_it_is_taken_over_and_no_name_or_word_of_it_is_kept(world: World) -> None:
    heron, _ = await claimed(world)
    put = await send_file(heron, LETTER, reply_to=file_of(world, 900).id, caption="greet Anna Orlova")
    await world.deliver()
    assert world.say("attach-ask-caption") in world.shown(900)[-1].text
    await heron.press(world.say("attach-plain-button"))
    await settled(world)
    assert put.id not in world.chats[900]
    everything = repr(await world.tables()) + repr(world.posted) + repr(world.chats[ANN])
    assert "Orlova" not in everything.replace(repr(LETTER), "")


async def test_it_may_be_dropped(world: World) -> None:
    heron, _ = await uploaded(world)
    await heron.press(world.say("attach-drop-button"))
    await settled(world)
    assert attached(world) == []
    assert not [m for m in world.shown(900) if m.text == "(a file)"]
    assert (await world.tables())["files"] == []


async def test_the_next_holder_has_the_file_and_a_line_about_it(world: World) -> None:
    heron, _ = await sent(world, "plain")
    await settled(world)
    case = await world.read(only_case)
    await heron.press_data(f"file.{case.reference}", file_of(world, 900))
    await heron.press_data(f"files.{case.reference}", file_of(world, 900))
    await world.deliver()
    opened = heron.open(
        [m.document for m in attached(world, 900) if b"case-1" in (m.document or b"")[:40]][-1]
    )
    [line] = opened.thread
    assert line.who is Who.NOTE
    assert re.match(
        r"Heron sent the requester a file as it is: PDF, 113 KB \(.*\d\d:00–\d\d:00 UTC\)", line.text
    )
    [kept] = [m for m in attached(world, 900) if b'"file-1"' in (m.document or b"")[:40]]
    found = open_file(kept.document or b"", Opener(heron.private))
    assert (found.content, found.who) == (LETTER, Who.ORGANISATION)
    assert "was sent to the requester" in kept.text


async def test_a_file_cannot_pass_for_the_other_sides(world: World) -> None:
    """Whose it is stands in a column that anybody with the database can write, and under the seal."""
    heron, _ = await sent(world, "plain")
    await settled(world)
    await world.write(lambda tx: tx.conn.exec_driver_sql("UPDATE files SET author = 'requester'"))
    case = await world.read(only_case)
    await heron.press_data(f"files.{case.reference}", file_of(world, 900))
    await world.deliver()
    from intake.errors import Tampered

    with pytest.raises(Tampered):
        open_file(attached(world, 900)[-1].document or b"", Opener(heron.private))


async def test_it_counts_as_a_reply_and_stands_in_the_trail(world: World) -> None:
    await sent(world, "plain")
    assert not (await world.read(only_case)).facts.replied_hour  # nothing is there to be sent yet
    await settled(world)
    assert (await world.read(only_case)).facts.replied_hour
    found = [e for e in await world.read(lambda tx: audit.latest(tx, 20)) if e.event == Event.FILE_SENT]
    assert [(e.name, e.detail) for e in found] == [("Heron", "plain")]


async def test_it_disappears_after_the_set_hours(world: World) -> None:
    await sent(world, "plain")
    await settled(world)
    world.wait(24 * HOUR)
    await world.deliver()
    assert attached(world) == []


async def test_a_second_copy_says_so(world: World) -> None:
    """Handed to Telegram, and then the process died: nobody knows whether it has arrived."""
    await sent(world, "plain")
    await carry_out(world, Task.TAKE)
    [(job_id, job)] = [(i, j) for i, j in await due(world, Task.SEND) if j.file]
    await world.write(lambda tx: outbox.postpone(tx, job_id, replace(job, posted=True)))
    await world.deliver()
    assert attached(world)[0].text.startswith(world.say("reply-again"))
    assert world.say("reply-state-twice") in lines(world)[0].text


async def test_what_did_not_arrive_is_sent_again_with_a_press(world: World) -> None:
    heron, _ = await sent(world, "plain")
    await carry_out(world, Task.TAKE)
    [(job_id, job)] = [(i, j) for i, j in await due(world, Task.SEND) if j.file]
    await world.write(lambda tx: deliveries.given_up(tx, world.desk, job_id, job, Why.BLOCKED, world.now))
    await world.deliver()
    assert "has blocked the bot" in lines(world)[0].text
    await heron.press(world.say("send-again-button"))
    await world.deliver()
    assert attached(world)[0].document == LETTER


async def test_what_telegram_does_not_hand_out_is_told_and_the_upload_goes(world: World) -> None:
    heron, _ = await sent(world, "plain")
    [(job_id, job)] = await due(world, Task.TAKE)
    await world.write(lambda tx: deliveries.given_up(tx, world.desk, job_id, job, Why.TOO_LATE, world.now))
    await world.deliver()
    [line] = lines(world)
    assert "did not hand out your file" in line.text
    assert line.labels == []
    assert not [m for m in world.shown(900) if m.text == "(a file)"]
    assert [e.why for e in await world.read(undelivered.everything)] == [Why.NOT_FETCHED]
    assert await due(world, Task.TAKE) == []
    assert heron.world is world


async def test_a_case_does_not_end_while_a_file_is_on_its_way(world: World) -> None:
    heron, _ = await sent(world, "plain")
    case = await world.read(only_case)
    await heron.press_data(f"outcome.helped.{case.reference}", file_of(world, 900))
    assert (await world.read(only_case)).facts.closing
    await settled(world)
    assert attached(world)
    world.wait(61)
    await world.deliver()
    assert (await world.read(only_case)).contact is None


async def test_the_upload_goes_with_the_case(world: World) -> None:
    """Asked about, or on its way, when the request is erased."""
    heron, ann = await uploaded(world)
    await heron.press(world.say("attach-plain-button"))
    await ann.send("/erase")
    await ann.press(world.say("erase-yes-button"))
    await settled(world)
    assert not [m for m in world.shown(900) if m.text == "(a file)"]
    assert attached(world) == []
    assert [j for _, j in await world.read(outbox.waiting)] == []


# Refused.


@pytest.mark.parametrize(
    ("name", "more"),
    [
        ("attach-too-large", {"size": MAX_FILE_BYTES + 1}),
        ("attach-no-file", {"kind": "sticker"}),
    ],
)
async def test_what_cannot_be_sent_is_deleted_and_said_so(
    world: World, name: str, more: dict[str, str]
) -> None:
    heron, _ = await claimed(world)
    put = await send_file(heron, b"x", reply_to=file_of(world, 900).id, **more)  # type: ignore[arg-type]
    await world.deliver()
    assert world.shown(900)[-1].text == world.say(name, size=20)
    assert put.id not in world.chats[900]


async def test_a_case_takes_so_many_files_and_no_more(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(operator_attach, "MOST_FILES", 1)
    heron, _ = await sent(world, "plain")
    await settled(world)
    await send_file(heron, b"x", reply_to=file_of(world, 900).id)
    await world.deliver()
    assert "has 1 files" in world.shown(900)[-1].text
    assert MOST_FILES > 1


async def test_nobody_but_the_holder_sends_a_file_nor_decides_about_one(world: World) -> None:
    ibis = await join(world, 901, Role.OPERATOR, "Ibis")
    heron, _ = await uploaded(world)
    put = await send_file(ibis, b"astray", reply_to=file_of(world, 900).id)
    on, data = heron.find(world.say("attach-plain-button"))
    answer = await ibis.press_data(data, on)
    assert (answer.text, answer.alert) == (world.say("attach-too-late"), True)
    await settled(world)
    assert attached(world) == []
    assert put.id not in world.chats[901]


async def test_whoever_gave_the_case_back_cannot_send_what_they_were_asked_about(world: World) -> None:
    heron, _ = await uploaded(world)
    on, data = heron.find(world.say("attach-plain-button"))
    await heron.press(world.say("release-button"))
    answer = await heron.press_data(data, on)
    assert answer.text == world.say("attach-too-late")
    await settled(world)
    assert attached(world) == []


async def test_pressing_twice_or_the_same_update_twice_sends_it_once(world: World) -> None:
    heron, _ = await uploaded(world)
    on, data = heron.find(world.say("attach-plain-button"))
    await heron.press_data(data, on)
    await heron.again()
    await heron.press_data(data, on)
    await settled(world)
    assert len(attached(world)) == 1


async def test_a_file_that_is_gone_is_not_sent(world: World) -> None:
    await sent(world, "plain")
    await carry_out(world, Task.TAKE)
    [(job_id, job)] = [(i, j) for i, j in await due(world, Task.SEND) if j.file]
    call = await world.read(lambda tx: deliveries.call_for(tx, world.desk, job_id, job, world.now))
    case = await world.read(only_case)
    await world.write(lambda tx: files.erase_of(tx, [case.case]))
    assert await call.load() is None


def test_a_job_without_a_file_is_read_as_before() -> None:
    assert Job(Task.SEND, 1).file is None
